import { type Role, roleAllows } from '../model/access.ts';
import {
  LABEL_FAILOVER,
  LABEL_PARTITION,
  LABEL_RESTART,
  LABEL_SERVICE,
  LABEL_VOLUME_SCOPE,
} from '../model/labels.ts';
import { SECRET_ROUTE_FIELDS } from '../model/route-fields.ts';
import type { FieldChange } from '../model/stack-diff.ts';

const HIDDEN = '(hidden)';

/** `NAME=(hidden)`: passwords stand in environments, and their values are for the role that may exec, and reads them so anyway. */
export function hiddenValue(entry: string): string {
  return entry.replace(/=.*$/s, `=${HIDDEN}`);
}

/** Labels by which clients and pages sort things: what they say is no secret, and without it a viewer would see a heap. */
const OPEN_LABELS: ReadonlySet<string> = new Set([
  ...[LABEL_FAILOVER, LABEL_PARTITION, LABEL_RESTART, LABEL_SERVICE, LABEL_VOLUME_SCOPE],
]);
const OPEN_PREFIXES = [
  ...['com.docker.compose.', 'com.docker.stack.', 'com.docker.swarm.'],
  ...['org.opencontainers.image.', 'org.label-schema.'],
];

/** Labels with the values of those alone of which it is known what they say: passwords of others' tools stand in the rest. */
export function shownLabels(labels: Readonly<Record<string, string>>, role: Role): Record<string, string> {
  if (roleAllows(role, 'operator')) return { ...labels };
  const isOpen = (key: string) => OPEN_LABELS.has(key) || OPEN_PREFIXES.some((one) => key.startsWith(one));
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key, isOpen(key) ? value : HIDDEN]),
  );
}

/** What engines say of an event beside the labels of what it is about, which stand among it (moby: daemon/events). */
const EVENT_WORDS: ReadonlySet<string> = new Set([
  ...[
    'name',
    'image',
    'exitCode',
    'execDuration',
    'execID',
    'signal',
    'oldName',
    'container',
    'driver',
    'type',
  ],
  ...[
    'destination',
    'propagation',
    'read/write',
    'reclaimed',
    'node.name',
    'node.id',
    'node.ip',
    'node.addr',
  ],
]);

/** Attributes of an engine's event, as the role may see them. */
export function shownAttributes(
  attributes: Readonly<Record<string, string>>,
  role: Role,
): Record<string, string> {
  const shown = shownLabels(attributes, role);
  for (const [key, value] of Object.entries(attributes)) if (EVENT_WORDS.has(key)) shown[key] = value;
  return shown;
}

/** Options (of drivers of volumes, networks, logs) as the role may see them: passwords of file servers stand in them. */
export function shownOptions(options: Readonly<Record<string, string>>, role: Role): Record<string, string> {
  if (roleAllows(role, 'operator')) return { ...options };
  return Object.fromEntries(Object.keys(options).map((key) => [key, HIDDEN]));
}

/** Rules of a route in words, as the role may see them. */
export function shownRules(rules: Readonly<Record<string, string>>, role: Role): Record<string, string> {
  if (roleAllows(role, 'operator')) return { ...rules };
  return Object.fromEntries(
    Object.entries(rules).map(([field, text]) => [field, SECRET_ROUTE_FIELDS.has(field) ? HIDDEN : text]),
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** How the value of a field is shown to a viewer, by the field's name; in Docker's objects and in Berth's own. */
const SHOWN: Readonly<Record<string, (value: unknown) => unknown>> = {
  Env: (value) => (Array.isArray(value) ? value.map(hiddenText) : value),
  Labels: labelsIn,
  labels: labelsIn,
  Annotations: optionsIn,
  Options: optionsIn,
  DriverOpts: optionsIn,
  StorageOpt: optionsIn,
  /** Of a driver of logs, beside its `Type`; a service's `Config` is another thing, and no map of texts. */
  LogConfig: (value) => (isFields(value) ? { ...value, Config: optionsIn(value.Config) } : value),
  /** Of a build. */
  args: optionsIn,
  /** Of a route: headers that the router adds, such as the key of what is behind it. Those of answers anybody gets. */
  request: (value) =>
    isFields(value) && Array.isArray(value.set)
      ? { ...value, set: value.set.map((one: unknown) => ({ ...fieldsOf(one), value: HIDDEN })) }
      : value,
  /** Of a route: zeros in the places of salt and hashes, which have a form. */
  auth: (value) =>
    isFields(value)
      ? {
          ...value,
          ...(value.salt === undefined ? {} : { salt: 'A'.repeat(22) }),
          ...(Array.isArray(value.users) ? { users: value.users.map(() => '0'.repeat(64)) } : {}),
        }
      : value,
  /** A host's, in what an engine says of a container: its labels say where it is. */
  Node: (value) => value,
};

/** An object of Docker's or Berth's as the role may see it: what there is, and no values in which secrets may stand. */
export function shownFields<T>(value: T, role: Role): T {
  return roleAllows(role, 'operator') ? value : (withoutValues(value) as T);
}

function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutValues);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const show = Object.hasOwn(SHOWN, key) ? SHOWN[key] : undefined;
      return [key, (show ?? withoutValues)(one)];
    }),
  );
}

/** What has changed of a service, as the role may see it. */
export function shownChanges<T extends Partial<FieldChange>>(
  changes: readonly T[],
  role: Role,
): readonly T[] {
  if (roleAllows(role, 'operator')) return changes;
  return changes.map((change) => {
    const path = pathOf(change.field ?? '');
    return { ...change, before: shownAt(path, change.before), after: shownAt(path, change.after) };
  });
}

/** A name, or a place in a list. */
type Step = string | number;

/** The value as it is shown where it stands at that path. */
function shownAt(path: readonly Step[], value: unknown): unknown {
  const at = path.findIndex((step) => typeof step === 'string' && Object.hasOwn(SHOWN, step));
  // What was not there, before or after, is nothing to hide, and is to be told.
  if (at < 0 || value === undefined) return withoutValues(value);
  const [key = '', ...inner] = path.slice(at);
  const whole = inner.reduceRight<unknown>(
    (held, step) => (typeof step === 'number' ? [held] : { [step]: held }),
    value,
  );
  return inner.reduce<unknown>(
    (held, step) => (Array.isArray(held) ? held[0] : fieldsOf(held)[step]),
    SHOWN[key]?.(whole),
  );
}

/** `container.Labels["a.b"]`, as `fieldChanges` writes it, step by step. */
function pathOf(field: string): readonly Step[] {
  return [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|(\w+)/g)].map(([, quoted, place, name]) =>
    quoted !== undefined ? String(JSON.parse(`"${quoted}"`)) : (name ?? Number(place)),
  );
}

function hiddenText(value: unknown): unknown {
  return typeof value === 'string' ? hiddenValue(value) : value;
}

function labelsIn(value: unknown): unknown {
  return isFields(value) ? shownLabels(value as Record<string, string>, 'viewer') : value;
}

function optionsIn(value: unknown): unknown {
  return isFields(value) ? shownOptions(value as Record<string, string>, 'viewer') : value;
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
