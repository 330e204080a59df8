import { routes } from '../../../../src/contract/v1/routes.ts';

export type Labels = Readonly<Record<string, string>>;
/** A line of the form; `id` is its own for as long as the form is open. */
export type LabelRow = Readonly<{ id: number; key: string; value: string }>;
export type LabelChange = Readonly<{ add: Labels; remove: readonly string[] }>;
/** Undefined: there is no such label. */
export type Difference = Readonly<{ key: string; before: string | undefined; now: string | undefined }>;

export function rowsOf(labels: Labels): readonly LabelRow[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value], id) => ({ id, key, value }));
}

/** What has to be done to the labels as they were, so that they are those of the form. Lines without a key count as none. */
export function changeOf(before: Labels, rows: readonly LabelRow[]): LabelChange {
  const wanted = new Map(rows.filter(({ key }) => key !== '').map(({ key, value }) => [key, value]));
  return {
    add: Object.fromEntries([...wanted].filter(([key, value]) => before[key] !== value)),
    remove: Object.keys(before).filter((key) => !wanted.has(key)),
  };
}

/** Why the form cannot be kept, by the contract's own rules; undefined where it can. */
export function problemOf(rows: readonly LabelRow[], twice: (key: string) => string): string | undefined {
  const keys = rows.map(({ key }) => key).filter((key) => key !== '');
  const second = keys.find((key, i) => keys.indexOf(key) !== i);
  if (second !== undefined) return twice(second);
  const add = changeOf({}, rows).add;
  const [issue] = routes['node.label'].body.safeParse({ add }).error?.issues ?? [];
  return issue?.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue?.message;
}

const MOST_VALUES = 200;

/** Values that hosts have of a label. */
export function valuesOf(nodes: readonly Readonly<{ labels: Labels }>[], key: string): readonly string[] {
  const values = new Set(nodes.map(({ labels }) => labels[key] ?? ''));
  values.delete('');
  return [...values].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).slice(0, MOST_VALUES);
}

/** What somebody else has changed meanwhile. */
export function differences(before: Labels, now: Labels): readonly Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .sort()
    .filter((key) => before[key] !== now[key])
    .map((key) => ({ key, before: before[key], now: now[key] }));
}

/**
 * The form on top of what others have made of the labels meanwhile: where both have changed one, it is what is asked for,
 * `mine` or `theirs`; all other changes of either stay.
 */
export function rebase(
  before: Labels,
  rows: readonly LabelRow[],
  now: Labels,
  keep: 'mine' | 'theirs',
): readonly LabelRow[] {
  const { add, remove } = changeOf(before, rows);
  const others = new Set(differences(before, now).map(({ key }) => key));
  const isMine = (key: string) => keep === 'mine' || !others.has(key);
  const merged: Record<string, string> = { ...now };
  for (const key of remove) if (isMine(key)) delete merged[key];
  for (const [key, value] of Object.entries(add)) if (isMine(key)) merged[key] = value;
  return rowsOf(merged);
}
