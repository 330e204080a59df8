import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { fanOut, hostsOf } from '../fanout.ts';
import { sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { filtersOf, labelsMatch } from '../query.ts';
import { targetOf } from './find.ts';
import { hostTable } from './host-info.ts';
import { selectRows, warnHeader } from './list.ts';
import { removeTarget } from './remove.ts';
import { labelsOf, type Row } from './row.ts';

/** Sizes on disk take an engine its time. */
const SIZE_TIMEOUT_MS = 120_000;
/** Removals at once. */
const AT_ONCE = 16;

/** `POST /containers/prune`: the stopped containers of all connected hosts, with `until`, `label` and `label!`. */
export async function pruneContainers(call: DockerCall): Promise<void> {
  const filters = filtersOf(call.query, ['until', 'label', 'label!', 'node']);
  const before = untilOf(filters.get('until') ?? [], call.deps.clock.now());
  const without = filters.get('label!') ?? [];
  const rest = new Map([...filters].filter(([name]) => name === 'label' || name === 'node'));
  const stopped = selectRows(call, hostTable(call), rest, ({ state, createdAt, host }) => {
    const down = state.status === 'created' || state.status === 'exited' || state.status === 'dead';
    return down && host.reachable && createdAt < before;
  }).filter((row) => !without.some((label) => labelsMatch(labelsOf(row), [label])));
  const { sizes, warnings } = await sizesOfStopped(call, stopped);
  const deleted: string[] = [];
  let reclaimed = 0;
  const failed: string[] = [];
  const queue = [...stopped];
  const worker = async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
      try {
        await removeTarget(call, targetOf(call, row.id), { force: false, volumes: false });
        deleted.push(row.id);
        reclaimed += sizes.get(row.seen?.engineId ?? '') ?? 0;
      } catch (thrown) {
        // Started or removed meanwhile: one engine's prune passes over it as well.
        failed.push(`container ${row.name}: ${messageOf(thrown)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  warnHeader(call, [...warnings, ...failed.slice(0, 20)]);
  sendJson(call.res, 200, {
    ContainersDeleted: deleted.length === 0 ? null : deleted,
    SpaceReclaimed: reclaimed,
  });
}

async function sizesOfStopped(call: DockerCall, stopped: readonly Row[]) {
  const concerned = new Set(stopped.map((row) => row.host.id));
  const hosts = hostsOf(call, 'all').filter(
    ({ id }) => concerned.has(id) || !call.deps.engines.connected(id),
  );
  const filters = JSON.stringify({ status: ['created', 'exited', 'dead'] });
  const path = enginePath(call, '/containers/json', new URLSearchParams({ all: '1', size: '1', filters }));
  const { answers, warnings } = await fanOut(
    call,
    hosts,
    (host, signal) =>
      askJson<{ Id: string; SizeRw?: number }[]>(call, host.id, { method: 'GET', path, signal }),
    SIZE_TIMEOUT_MS,
  );
  const sizes = new Map<string, number>();
  for (const { value } of answers) for (const { Id, SizeRw } of value) sizes.set(Id, SizeRw ?? 0);
  return { sizes, warnings };
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * The moment that an `until` filter names, milliseconds: a Unix time, a date (RFC 3339, as Docker takes them), or a
 * duration back from now ("10m", "1h30m").
 * @throws BerthError `bad_request` naming the value
 */
export function untilOf(values: readonly string[], now: number): number {
  const [value, second] = values;
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (second !== undefined) throw new BerthError('bad_request', 'more than one until filter specified');
  if (/^\d{1,12}(\.\d{1,9})?$/.test(value)) return Number(value) * 1000;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([text]) => text).join('') === value) {
    return now - parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
  }
  const date = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new BerthError(
    'bad_request',
    `invalid until "${value.slice(0, 80)}": write a duration (10m, 1h30m), a date (2026-01-31) or a Unix time`,
  );
}
