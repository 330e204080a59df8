import { BerthError } from '../../../kit/errors.ts';
import { userLabels } from '../../../model/labels.ts';
import { normalImageRef } from '../../../scheduler/image-ref.ts';
import { compileRegex } from '../../../scheduler/regex.ts';
import type { ReadTx } from '../../../store/store.ts';
import { type Filters, labelsMatch } from '../query.ts';
import { imageOf, portsOf, type Row } from './row.ts';

/** What `GET /containers/json` takes: Docker's own (moby: daemon/list.go), and classic Swarm's `node`. */
export const CONTAINER_FILTERS = [
  ...['id', 'name', 'label', 'status', 'exited', 'ancestor', 'before', 'since', 'volume', 'network'],
  ...['publish', 'expose', 'health', 'isolation', 'is-task', 'node'],
] as const;

type Test = (row: Row) => boolean;

const STATUSES = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];
const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'];

/**
 * One test for all filters; a row passes where it meets every filter by one of that filter's values (of labels by all).
 * @param createdAt when the container that a `before` or `since` names was made
 * @throws BerthError `bad_request` naming filter and value
 */
export function rowTest(tx: ReadTx, filters: Filters, createdAt: (ref: string) => number): Test {
  const tests: Test[] = [];
  const add = (name: string, make: (values: readonly string[]) => Test) => {
    const values = filters.get(name);
    if (values !== undefined && values.length > 0) tests.push(make(values));
  };
  add('status', (values) => {
    for (const value of values) known('status', value, STATUSES);
    return ({ state }) => values.includes(state.status);
  });
  add('health', (values) => {
    for (const value of values) known('health', value, HEALTHS);
    return ({ state }) => values.includes(state.health);
  });
  add('exited', (values) => {
    const codes = values.map((value) => wholeNumber('exited', value));
    return ({ state }) =>
      (state.status === 'exited' || state.status === 'dead') &&
      state.startedAt > 0 &&
      codes.includes(state.exitCode);
  });
  add('is-task', (values) => {
    for (const value of values) known('is-task', value, ['true', 'false', '1', '0']);
    // Services come as containers of the cluster's own; none is a swarm task.
    return () => values.some((value) => value === 'false' || value === '0');
  });
  add('node', (values) => {
    const match = matcher(values);
    return ({ host }) => values.includes(host.id) || match(host.name);
  });
  add('id', (values) => {
    const match = matcher(values);
    return ({ id, seen }) => match(id) || (seen !== undefined && values.includes(seen.engineId));
  });
  add('label', (values) => (row) => {
    const labels = row.seen?.labels ?? row.record?.desired.spec.Labels ?? {};
    // Most are told apart by what is there; only the others are worth a copy without Berth's own.
    return labelsMatch(labels, values) && labelsMatch(userLabels(labels), values);
  });
  // After the cheaper ones: an expression is looked for in every name that is left.
  add('name', nameTest);
  add('before', (values) => {
    const limit = Math.min(...values.map(createdAt));
    return (row) => row.createdAt < limit;
  });
  add('since', (values) => {
    const limit = Math.max(...values.map(createdAt));
    return (row) => row.createdAt > limit;
  });
  add('ancestor', (values) => ancestorTest(tx, values));
  add('volume', (values) => (row) => mountNames(row).some((name) => values.includes(name)));
  add('network', (values) => (row) => networkKeys(row).some((key) => values.includes(key)));
  add('publish', (values) => portTest('publish', values, publishedPorts));
  add('expose', (values) => portTest('expose', values, exposedPorts));
  return (row) => tests.every((test) => test(row));
}

/** A container goes by `web`, `/web`, and with its host before that. */
function nameTest(values: readonly string[]): Test {
  const match = matcher(values);
  // What is bound to no place in the name is found in the longest form, or in none.
  const anchored = values.some((value) => /[\^$\\]/.test(value));
  if (!anchored) return ({ name, host }) => match(`/${host.name}/${name}`);
  return ({ name, host }) =>
    match(name) || match(`/${name}`) || match(`${host.name}/${name}`) || match(`/${host.name}/${name}`);
}

/** Docker's `Match`: equal to one of the values, or found by one of them as a regular expression. */
export function matcher(values: readonly string[]): (text: string) => boolean {
  const tests = values.map((value): ((text: string) => boolean) => {
    if (/^[\w-]*$/.test(value)) return (text) => text.includes(value);
    try {
      const regex = compileRegex(value);
      return (text) => text === value || regex.test(text);
    } catch {
      // As in Docker, what is no expression matches itself only.
      return (text) => text === value;
    }
  });
  return (text) => tests.some((test) => test(text));
}

function known(filter: string, value: string, values: readonly string[]): void {
  if (values.includes(value)) return;
  throw new BerthError(
    'bad_request',
    `invalid filter '${filter}=${value.slice(0, 80)}': one of ${values.join(', ')} is needed`,
  );
}

function wholeNumber(filter: string, value: string): number {
  if (/^-?\d{1,9}$/.test(value)) return Number(value);
  throw new BerthError(
    'bad_request',
    `invalid filter '${filter}=${value.slice(0, 80)}': a whole number is needed`,
  );
}

/** Containers of these images, and of images that were built on them. */
function ancestorTest(tx: ReadTx, values: readonly string[]): Test {
  const ids = new Set<string>();
  const children = new Map<string, string[]>();
  const wanted = new Set(
    values.map((value) => (value.startsWith('sha256:') ? value : normalImageRef(value))),
  );
  for (const image of tx.all('observedImages')) {
    const raw = image.raw as { ParentId?: unknown } | null;
    const parent = typeof raw === 'object' ? raw?.ParentId : undefined;
    if (typeof parent === 'string' && parent !== '') {
      children.set(parent, [...(children.get(parent) ?? []), image.imageId]);
    }
    const named = [...image.repoTags, ...image.repoDigests].some((ref) => wanted.has(normalImageRef(ref)));
    if (named || values.some((value) => isIdOf(value, image.imageId))) ids.add(image.imageId);
  }
  for (const id of ids) for (const child of children.get(id) ?? []) ids.add(child);
  return (row) => ids.has(row.seen?.imageId ?? '') || wanted.has(normalImageRef(imageOf(row)));
}

function isIdOf(value: string, imageId: string): boolean {
  return (
    /^(sha256:)?[0-9a-f]{6,64}$/.test(value) &&
    imageId.replace('sha256:', '').startsWith(value.replace('sha256:', ''))
  );
}

/** Names, sources and destinations of what is mounted. */
function mountNames({ seen }: Row): string[] {
  if (!Array.isArray(seen?.mounts)) return [];
  return seen.mounts.flatMap((mount) => {
    if (typeof mount !== 'object' || mount === null) return [];
    const { Name, Source, Destination } = mount as Record<string, unknown>;
    return [Name, Source, Destination].filter((text): text is string => typeof text === 'string');
  });
}

/** Names and IDs of the networks that the container is on. */
function networkKeys({ networkSettings }: Row): string[] {
  const networks = (networkSettings as { Networks?: Record<string, { NetworkID?: unknown } | null> } | null)
    ?.Networks;
  return Object.entries(networks ?? {}).flatMap(([name, one]) =>
    typeof one?.NetworkID === 'string' && one.NetworkID !== '' ? [name, one.NetworkID] : [name],
  );
}

function publishedPorts(row: Row): string[] {
  const asked = row.record?.desired.spec.HostConfig?.PortBindings;
  const bound = portsOf(row).filter((port) => port.publicPort !== undefined);
  return [...keysOf(asked), ...bound.map((port) => `${port.privatePort}/${port.type}`)];
}

function exposedPorts(row: Row): string[] {
  const asked = row.record?.desired.spec.ExposedPorts;
  return [...keysOf(asked), ...portsOf(row).map((port) => `${port.privatePort}/${port.type}`)];
}

function keysOf(ports: unknown): string[] {
  if (typeof ports !== 'object' || ports === null) return [];
  return Object.keys(ports).map((key) => (key.includes('/') ? key : `${key}/tcp`));
}

/** `80`, `80/udp`, `8000-8010/tcp`. */
function portTest(filter: string, values: readonly string[], portsOfRow: (row: Row) => string[]): Test {
  const ranges = values.map((value) => {
    const [, from = '', to = from, protocol = 'tcp'] =
      /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
    if (from === '' || Number(to) > 65_535 || Number(to) < Number(from)) {
      throw new BerthError(
        'bad_request',
        `invalid filter '${filter}=${value.slice(0, 80)}': a port up to 65535 or a range is needed, such as 80/tcp`,
      );
    }
    return { from: Number(from), to: Number(to), protocol };
  });
  return (row) =>
    portsOfRow(row).some((text) => {
      const [port, protocol] = text.split('/');
      return ranges.some(
        (range) => range.protocol === protocol && Number(port) >= range.from && Number(port) <= range.to,
      );
    });
}
