import type { Stack } from './stack.ts';

/** One of the things that a stack is made of. */
export type StackItem = Readonly<{
  kind: 'service' | 'external' | 'network' | 'volume' | 'config' | 'secret';
  key: string;
}>;

/** Undefined: it was not there, or is no more. */
export type FieldChange = Readonly<{
  /** `container.Env[2]`, `scale.replicas`. */
  field: string;
  before: unknown;
  after: unknown;
}>;

export type StackDiff = Readonly<{
  created: readonly StackItem[];
  changed: readonly Readonly<{ item: StackItem; fields: readonly FieldChange[] }>[];
  removed: readonly StackItem[];
}>;

type Item = Readonly<{ item: StackItem; value: unknown }>;

/** What a deployment of `after` would change where `before` is; undefined where there is no stack yet. */
export function diffStacks(before: Stack | undefined, after: Stack): StackDiff {
  const old = new Map(before === undefined ? [] : itemsOf(before).map((one) => [idOf(one.item), one]));
  const created: StackItem[] = [];
  const changed: { item: StackItem; fields: readonly FieldChange[] }[] = [];
  for (const { item, value } of itemsOf(after)) {
    const was = old.get(idOf(item));
    old.delete(idOf(item));
    if (was === undefined) {
      created.push(item);
      continue;
    }
    const fields = fieldChanges(was.value, value);
    if (fields.length > 0) changed.push({ item, fields });
  }
  return { created, changed, removed: [...old.values()].map(({ item }) => item) };
}

function idOf({ kind, key }: StackItem): string {
  return `${kind}/${key}`;
}

function itemsOf(stack: Stack): Item[] {
  const of = (kind: StackItem['kind'], list: readonly unknown[], key: (value: never) => string) =>
    list.map((value) => ({ item: { kind, key: key(value as never) }, value }));
  const named = ({ name }: { name: string }) => name;
  const keyed = ({ key }: { key: string }) => key;
  return [
    ...of('service', stack.services, named),
    ...of('external', stack.externals, named),
    ...of('network', stack.networks, keyed),
    ...of('volume', stack.volumes, keyed),
    ...of('config', stack.configs, keyed),
    ...of('secret', stack.secrets, keyed),
  ];
}

/** Fields that differ, the innermost ones; a field that is undefined is as one that is not there. */
export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  return [...changesIn(before, after, '')];
}

function* changesIn(before: unknown, after: unknown, field: string): Generator<FieldChange> {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      yield* changesIn(before[i], after[i], `${field}[${i}]`);
    return;
  }
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      yield* changesIn(own(before, key), own(after, key), fieldPath(field, key));
    return;
  }
  yield { field, before, after };
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function fieldPath(field: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${field}[${JSON.stringify(key)}]`;
  return field === '' ? key : `${field}.${key}`;
}
