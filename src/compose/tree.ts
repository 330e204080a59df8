import type { Place } from './problems.ts';

/** `!reset` takes away what other files say, `!override` replaces it (compose-spec, 13-merge.md). */
export type MergeTag = 'reset' | 'override';
type Common = Readonly<{ at: Place; tag?: MergeTag }>;

export type Scalar = string | number | boolean | null;
export type ScalarNode = Common & Readonly<{ kind: 'scalar'; value: Scalar }>;
export type ListNode = Common & Readonly<{ kind: 'list'; items: readonly TreeNode[] }>;
export type Entry = Readonly<{ keyAt: Place; value: TreeNode }>;
export type MapNode = Common & Readonly<{ kind: 'map'; entries: ReadonlyMap<string, Entry> }>;

/** A compose file as data in which each value knows where it was written. Never changed: stages make new ones. */
export type TreeNode = ScalarNode | ListNode | MapNode;

export function scalar(at: Place, value: Scalar): ScalarNode {
  return { kind: 'scalar', at, value };
}

export function list(at: Place, items: readonly TreeNode[]): ListNode {
  return { kind: 'list', at, items };
}

export function map(at: Place, entries: Iterable<readonly [string, Entry]>): MapNode {
  return { kind: 'map', at, entries: new Map(entries) };
}

/** A map whose keys stand where their values do. */
export function mapOf(at: Place, values: Readonly<Record<string, TreeNode | undefined>>): MapNode {
  const entries: [string, Entry][] = [];
  for (const [key, value] of Object.entries(values))
    if (value !== undefined) entries.push([key, { keyAt: value.at, value }]);
  return map(at, entries);
}

export function entryOf(node: TreeNode | undefined, key: string): Entry | undefined {
  return node?.kind === 'map' ? node.entries.get(key) : undefined;
}

export function child(node: TreeNode | undefined, key: string): TreeNode | undefined {
  return entryOf(node, key)?.value;
}

export function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}

export function isNull(node: TreeNode | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.value === null);
}

/** The map with these entries put over or, where undefined, taken out. */
export function withEntries(node: MapNode, changes: Readonly<Record<string, TreeNode | undefined>>): MapNode {
  const entries = new Map(node.entries);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, { keyAt: entries.get(key)?.keyAt ?? value.at, value });
  }
  return { ...node, entries };
}

export function mapValues(node: MapNode, change: (value: TreeNode, key: string) => TreeNode): MapNode {
  const entries = [...node.entries].map(
    ([key, { keyAt, value }]) => [key, { keyAt, value: change(value, key) }] as const,
  );
  return { ...node, entries: new Map(entries) };
}

/** Plain data. Maps have no prototype, so that `__proto__` is a key as any other. */
export function plain(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  const made: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of node.entries) made[key] = plain(value);
  return made;
}

/** What it is, in a sentence: `a list`. */
export function kindText(node: TreeNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  if (node.value === null) return 'empty';
  const text = String(node.value);
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return typeof node.value === 'string' ? `the text ${JSON.stringify(shown)}` : shown;
}

/** `services.web`, `services.web.ports[0]`, `labels["a.b"]`. */
export function keyPath(base: string, step: string | number): string {
  if (typeof step === 'number') return `${base}[${step}]`;
  if (!/^[\w$-]+$/.test(step)) return `${base}[${JSON.stringify(step.slice(0, 80))}]`;
  return base === '' ? step : `${base}.${step}`;
}
