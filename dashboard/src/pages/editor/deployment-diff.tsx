import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import type { Checked } from './draft.ts';
import { words } from './words.ts';

type Diff = NonNullable<Checked['diff']>;
/** Longest value that a line shows; its title has more. */
const SHOWN = 160;

function isNothing({ created, changed, removed }: Diff): boolean {
  return created.length + changed.length + removed.length === 0;
}

/** What a deployment makes, changes field by field, and takes away. */
export function DeploymentDiff({ diff }: Readonly<{ diff: Diff }>) {
  const w = useWords(words);
  const said = useSaid();
  if (isNothing(diff)) return <p className="note">{w('changes.none')}</p>;
  return (
    <ul className="deploy-diff">
      {diff.created.map((item) => (
        <Item key={keyOf(item)} item={item} how="created" />
      ))}
      {diff.changed.map(({ item, fields }) => (
        <Item key={keyOf(item)} item={item} how="changed">
          <ul>
            {fields.map(({ field, before, after }) => (
              <li key={field} className="diff-field">
                {/* A name of the compose file, or words of the manager's for what no file has. */}
                <span className="mono">{said(field)}</span>
                <Value value={before} isOld />
                <span aria-hidden="true"> → </span>
                <Value value={after} />
              </li>
            ))}
          </ul>
        </Item>
      ))}
      {diff.removed.map((item) => (
        <Item key={keyOf(item)} item={item} how="removed" />
      ))}
    </ul>
  );
}

type ItemProps = Readonly<{
  item: Diff['created'][number];
  how: 'created' | 'changed' | 'removed';
  children?: React.ReactNode;
}>;
const SIGNS = { created: '+', changed: '~', removed: '−' } as const;

function Item({ item: { kind, key }, how, children }: ItemProps) {
  const w = useWords(words);
  return (
    <li className={`diff-${how}`}>
      <span className="diff-sign" aria-hidden="true">
        {SIGNS[how]}
      </span>{' '}
      {w(`kind.${kind}`)} <bdi className="mono">{key}</bdi> <span className="chip">{w(how)}</span>
      {children}
    </li>
  );
}

function Value({ value, isOld = false }: Readonly<{ value: unknown; isOld?: boolean }>) {
  const w = useWords(words);
  const text = value === undefined ? w('none') : JSON.stringify(value);
  return (
    <bdi className={isOld ? 'mono was' : 'mono'} title={text}>
      {text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}
    </bdi>
  );
}

function keyOf({ kind, key }: Diff['created'][number]): string {
  return `${kind}/${key}`;
}
