import type { Release } from '../../../src/contract/v1/releases.ts';
import './field-changes.css';

type Props = Readonly<{ label: string; changes: Release['changes'] }>;

/** Fields that are other ones than before: what was there, and what is. */
export function FieldChanges({ label, changes }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
    <ul className="field-changes" tabIndex={0} aria-label={label}>
      {changes.map(({ field, before, after }) => (
        <li key={field}>
          <span className="field-name">{field}</span>
          {before !== undefined && before !== null && (
            <del>
              <bdi>{valueText(before)}</bdi>
            </del>
          )}
          {after !== undefined && after !== null && (
            <ins>
              <bdi>{valueText(after)}</bdi>
            </ins>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Texts as they are, anything else as JSON. */
function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
