import { type Problems, quoted } from './problems.ts';
import {
  child,
  isNull,
  keyPath,
  kindText,
  type ListNode,
  type MapNode,
  plain,
  type TreeNode,
  textOf,
} from './tree.ts';

/** Lists whose items are one thing where this is equal: the later one replaces the earlier one. */
const IDENTITIES: Readonly<Record<string, (item: TreeNode) => string>> = {
  'services.*.ports': (item) =>
    JSON.stringify(
      ['host_ip', 'target', 'published', 'protocol'].map((key) => textOf(child(item, key)) ?? ''),
    ),
  'services.*.volumes': (item) => textOf(child(item, 'target')) ?? '',
  'services.*.devices': (item) => textOf(child(item, 'target')) ?? textOf(child(item, 'source')) ?? '',
  'services.*.secrets': (item) => textOf(child(item, 'target')) ?? textOf(child(item, 'source')) ?? '',
  'services.*.configs': (item) => textOf(child(item, 'target')) ?? textOf(child(item, 'source')) ?? '',
  'services.*.env_file': (item) => textOf(child(item, 'path')) ?? '',
  'networks.*.ipam.config': (item) => textOf(child(item, 'subnet')) ?? '',
};

/** Values that a later file replaces as a whole. */
const REPLACED: ReadonlySet<string> = new Set([
  'services.*.command',
  'services.*.entrypoint',
  'services.*.healthcheck.test',
  'services.*.ulimits.*',
]);

/** Maps below which names are free: in the tables above each of them is `*`. */
const FREE_BELOW: ReadonlySet<string> = new Set([
  'services',
  'networks',
  'volumes',
  'secrets',
  'configs',
  'services.*.ulimits',
]);

/** Characters that an entry comes to where it is copied. */
const ENTRY_COST = 20;

/**
 * `later` over `base`, both in canonical form (compose-spec, 13-merge.md): maps are merged, lists are joined without
 * doubles, other values are replaced; `!reset` takes away, `!override` replaces.
 */
export function merge(base: TreeNode, later: TreeNode, problems: Problems, at = '', pattern = ''): TreeNode {
  if (later.tag === 'override') return withoutTags(later);
  if (isNull(later)) return base;
  if (isNull(base) || REPLACED.has(pattern)) return withoutTags(later);
  if (base.kind === 'scalar' && later.kind === 'scalar') return withoutTags(later);
  if (base.kind === 'map' && later.kind === 'map') return mergeMaps(base, later, problems, at, pattern);
  if (base.kind === 'list' && later.kind === 'list') {
    problems.spend(base.items.length * ENTRY_COST, later.at, at);
    return mergeLists(base, later, pattern);
  }
  problems.error(
    later.at,
    at,
    `is ${kindText(later)}, and ${kindText(base)} in ${quoted(base.at.file)} line ${base.at.line}: these cannot be merged, write !override to replace it`,
  );
  return base;
}

function mergeMaps(base: MapNode, later: MapNode, problems: Problems, at: string, pattern: string): MapNode {
  problems.spend(base.entries.size * ENTRY_COST, later.at, at);
  const entries = new Map(base.entries);
  // Options are those of a driver: another driver's mean nothing to it.
  if (pattern === 'services.*.logging') {
    const driver = textOf(child(later, 'driver'));
    if (driver !== undefined && driver !== textOf(child(base, 'driver'))) entries.delete('options');
  }
  for (const [key, entry] of later.entries) {
    const before = entries.get(key);
    const below = FREE_BELOW.has(pattern) ? `${pattern}.*` : pattern === '' ? key : `${pattern}.${key}`;
    if (entry.value.tag === 'reset') entries.delete(key);
    else if (before === undefined) entries.set(key, { ...entry, value: withoutTags(entry.value) });
    else
      entries.set(key, {
        keyAt: entry.keyAt,
        value: merge(before.value, entry.value, problems, keyPath(at, key), below),
      });
  }
  return { kind: 'map', at: later.at, entries };
}

function mergeLists(base: ListNode, later: ListNode, pattern: string): ListNode {
  const identity = IDENTITIES[pattern] ?? ((item: TreeNode) => JSON.stringify(plain(item)));
  const items = new Map<string, TreeNode>();
  for (const item of [...base.items, ...later.items]) items.set(identity(item), withoutTags(item));
  return { kind: 'list', at: later.at, items: [...items.values()] };
}

/** What a file says by itself: `!reset` values are not there, `!override` ones are as any other. */
export function withoutTags(node: TreeNode): TreeNode {
  if (node.kind === 'scalar')
    return node.tag === undefined ? node : { kind: 'scalar', at: node.at, value: node.value };
  if (node.kind === 'list') return { kind: 'list', at: node.at, items: node.items.map(withoutTags) };
  const entries = [...node.entries]
    .filter(([, { value }]) => value.tag !== 'reset')
    .map(([key, entry]) => [key, { ...entry, value: withoutTags(entry.value) }] as const);
  return { kind: 'map', at: node.at, entries: new Map(entries) };
}
