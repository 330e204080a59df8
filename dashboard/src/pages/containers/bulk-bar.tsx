import { Button } from '@mantine/core';
import { Suspense, useEffect, useMemo, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { useCalmPicture, useLive } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { part } from '../../parts/part.ts';
import { RoleButton } from '../../parts/role-button.tsx';
import { BULK, type BulkId } from './bulk.ts';
import { listWords } from './words.ts';

const BulkDialog = part(async () => (await import('./bulk-dialog.tsx')).BulkDialog);

/** Very many may be selected: they are looked at so often at the most, milliseconds. */
const CALM_MS = 500;

type Props = Readonly<{
  /** IDs, also of what a filter hides. */
  selected: ReadonlySet<string>;
  onSelect(ids: ReadonlySet<string>): void;
}>;

/** What may be done to all that are selected. */
export function BulkBar({ selected, onSelect }: Props) {
  const t = useText();
  const w = useWords(listWords);
  const [asked, setAsked] = useState<Readonly<{ id: BulkId; containers: readonly ContainerView[] }>>();
  const live = useLive();
  const picture = useCalmPicture(CALM_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with another picture they are others
  const there = useMemo(
    () => [...selected].flatMap((id) => live.container(id) ?? []),
    [live, selected, picture.containers],
  );
  // What is gone is not selected any more. What is being removed goes one after the other, under an open dialog.
  useEffect(() => {
    if (asked === undefined && there.length < selected.size) onSelect(new Set(there.map(({ id }) => id)));
  }, [asked, there, selected, onSelect]);
  return (
    <div className="bulk-bar" role="group" aria-label={w('many')}>
      <span role="status">{w('selected', { n: selected.size })}</span>
      {BULK.map((id) => (
        <RoleButton
          key={id}
          needs="operator"
          variant="default"
          size="xs"
          {...(id === 'remove' ? { c: 'var(--bad)' } : {})}
          onClick={() => setAsked({ id, containers: there })}
        >
          {t(`action.${id}`)}
        </RoleButton>
      ))}
      <Button variant="subtle" size="xs" onClick={() => onSelect(new Set())}>
        {w('unselect')}
      </Button>
      {asked !== undefined && (
        <Suspense fallback={null}>
          <BulkDialog
            {...asked}
            onClose={(left) => {
              setAsked(undefined);
              if (left !== undefined) onSelect(left);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
