import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { BerthError } from '../../../../src/contract/page-client.ts';
import { client } from '../../cluster/client.ts';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Ago } from '../../parts/time.tsx';
import { useStack } from '../stacks/use-stack.ts';
import type { Draft } from './draft.ts';
import { TextDiff } from './text-diff.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  draft: Draft;
  /** Whoever deploys here has not deployed it meanwhile. */
  isBusy: boolean;
  onTake(base: Draft['base']): void;
  onKeep(base: Draft['base']): void;
}>;

/** Somebody else has deployed the stack that is being edited: what they have changed, and whose text counts. */
export function Theirs({ draft, isBusy, onTake, onKeep }: Props) {
  const w = useWords(words);
  const { base, name } = draft;
  const { data: stack, error } = useStack(name);
  const isOther = stack !== undefined && stack.generation !== base.generation && !isBusy;
  const { data: theirs } = useQuery({
    queryKey: ['stack-source', name, stack?.generation],
    queryFn: ({ signal }) => client.call('stack.source', { stack: name }, { signal }),
    enabled: isOther,
  });
  if (error instanceof BerthError && error.code === 'not_found' && !isBusy)
    return (
      <div className="health tone-busy" role="alert">
        <Icon name="warn" size={22} />
        <div className="theirs-body">
          <strong>{w('theirs.gone')}</strong>
          <Group gap="xs" mt="xs">
            <Button variant="default" size="xs" onClick={() => onKeep({ generation: 0, source: null })}>
              {w('theirs.new')}
            </Button>
          </Group>
        </div>
      </div>
    );
  if (!isOther || theirs === undefined) return null;
  const { generation, by, at, source, of } = theirs;
  if (generation === base.generation) return null;
  const [before, after] = w('theirs.changed', { by, when: '\0' }).split('\0');
  const isText = source !== null && of === generation;
  const now = { generation, source: isText ? source : base.source };
  return (
    <div className="health tone-busy" role="alert">
      <Icon name="warn" size={22} />
      <div className="theirs-body">
        <strong>
          {before}
          <Ago at={at} />
          {after}
        </strong>
        {!isText && <p>{w('theirs.unknown')}</p>}
        {isText && (
          <>
            <p>{w(base.source === null ? 'theirs.mine' : 'theirs.lines')}</p>
            <TextDiff before={base.source ?? draft.source} after={source} />
          </>
        )}
        <Group gap="xs" mt="xs">
          {isText && (
            <Button variant="default" size="xs" onClick={() => onTake(now)}>
              {w('theirs.take')}
            </Button>
          )}
          <Button variant="default" size="xs" onClick={() => onKeep(now)}>
            {w('theirs.keep')}
          </Button>
        </Group>
      </div>
    </div>
  );
}
