import { useState } from 'react';
import type { OrphanView } from '../../../../src/contract/v1/orphans.ts';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { orphanName } from './orphan-actions.ts';
import { words } from './words.ts';

/** Adopts what can be adopted, one after the other; what is refused stays in the list and says why. */
export function AdoptAll({
  orphans,
  onClose,
}: Readonly<{ orphans: readonly OrphanView[]; onClose(): void }>) {
  const w = useWords(words);
  const said = useSaid();
  const { show } = useToasts();
  // What it was opened with: the list behind it gets shorter meanwhile.
  const [asked] = useState(orphans);
  const adoptable = asked.filter(({ problem }) => problem === undefined);
  const left = asked.filter(({ problem }) => problem !== undefined);
  const [adopted, setAdopted] = useState<ReadonlySet<string>>(new Set());
  const run = async () => {
    const done = new Set(adopted);
    for (const one of adoptable) {
      const orphan = orphanName(one);
      if (done.has(orphan)) continue;
      await client.call('orphan.adopt', { orphan });
      done.add(orphan);
      setAdopted(new Set(done));
    }
    show({ tone: 'good', title: w('adopt.all.done', { n: done.size }) });
  };
  return (
    <FormDialog
      title={w('adopt.all.title', { n: adoptable.length })}
      text={adoptable.length === 0 ? w('adopt.all.none') : w('adopt.all.text')}
      label={w('adopt.all')}
      isReady={adoptable.length > 0}
      way={{
        cli: 'berth orphan adopt --all',
        route: 'orphan.adopt',
        input: { orphan: adoptable[0] === undefined ? 'HOST/NAME' : orphanName(adoptable[0]) },
      }}
      onRun={run}
      onClose={onClose}
    >
      {adopted.size > 0 && <div role="status">{w('adopt.all.done', { n: adopted.size })}</div>}
      {left.length > 0 && (
        <div>
          {w('adopt.all.left', { n: left.length })}
          <ul>
            {left.map((one) => (
              <li key={orphanName(one)}>
                <bdi>{orphanName(one)}</bdi>: {said(one.problem ?? '')}
              </li>
            ))}
          </ul>
        </div>
      )}
    </FormDialog>
  );
}
