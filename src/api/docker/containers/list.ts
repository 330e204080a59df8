import { once } from 'node:events';
import type { Container } from '../../../model/container.ts';
import { shownFields } from '../../hidden-values.ts';
import type { DockerCall } from '../call.ts';
import { fanOut, type HostRef } from '../fanout.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { type Filters, filtersOf, flag, integer } from '../query.ts';
import { type Candidate, candidates } from './candidates.ts';
import { findContainer } from './find.ts';
import { type HostTable, hostTable } from './host-info.ts';
import { isUp } from './live-state.ts';
import { entryOf, type Row, rowOf } from './row.ts';
import { CONTAINER_FILTERS, rowTest } from './row-filters.ts';

/** Containers that are looked at, and entries that are written, at a time: other clients get their turn between. */
const BATCH = 1000;

type Sizes = ReadonlyMap<string, { SizeRw?: number; SizeRootFs?: number }>;

/** `GET /containers/json`: from what is known, no host is asked, unless sizes are wanted. */
export async function listContainers(call: DockerCall): Promise<void> {
  const { query, deps } = call;
  const filters = filtersOf(query, CONTAINER_FILTERS);
  const limit = integer(query, 'limit') ?? 0;
  const all = flag(query, 'all') || limit > 0 || filters.has('status');
  const now = deps.clock.now();
  const { list, test } = selection(call, filters);
  const passes = (row: Row) => (all || isUp(row.state.status)) && test(row);
  const parts = rowsInParts(call, list, now, passes, limit > 0 ? limit : Number.POSITIVE_INFINITY);
  if (!flag(query, 'size')) return sendRows(call, parts, now, new Map());
  const rows: Row[] = [];
  for await (const part of parts) rows.push(...part);
  await sendRows(call, [rows], now, await sizesOf(call, rows));
}

/** Rows that pass `first` and every filter. */
export function selectRows(
  call: DockerCall,
  hosts: HostTable,
  filters: Filters,
  first: (row: Row) => boolean,
): Row[] {
  const { list, test } = selection(call, filters);
  return readRows(call, list, hosts, call.deps.clock.now()).filter((row) => first(row) && test(row));
}

/** What may pass the filters, newest first, and the filters. */
function selection(
  call: DockerCall,
  filters: Filters,
): Readonly<{ list: readonly Candidate[]; test: (row: Row) => boolean }> {
  const { store, engines } = call.deps;
  const connected = (hostId: string) => engines.connected(hostId);
  return store.view((tx) => {
    const test = rowTest(tx, filters, (ref) => {
      const { record, seen } = findContainer(tx, ref, connected);
      return record?.createdAt ?? (seen?.created ?? 0) * 1000;
    });
    return { list: candidates(store, tx, filters), test };
  });
}

function readRows({ deps }: DockerCall, list: readonly Candidate[], hosts: HostTable, now: number): Row[] {
  const context = {
    ...{ hosts, now },
    connected: (hostId: string) => deps.engines.connected(hostId),
    isDue: (container: Container) => deps.assignments.isDue(container),
  };
  return deps.store.view((tx) => list.flatMap((one) => rowOf(tx, one, context) ?? []));
}

/** Up to `limit` rows that pass, in the order of `list`. */
async function* rowsInParts(
  call: DockerCall,
  list: readonly Candidate[],
  now: number,
  passes: (row: Row) => boolean,
  limit: number,
): AsyncIterable<readonly Row[]> {
  const hosts = hostTable(call);
  let left = limit;
  let from = 0;
  while (from < list.length && left > 0) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    // Mostly all pass, and no more are looked at than are shown; where few do, the next parts are whole ones.
    const to = from + (from === 0 ? Math.min(BATCH, limit) : BATCH);
    const part = readRows(call, list.slice(from, to), hosts, now).filter(passes).slice(0, left);
    from = to;
    left -= part.length;
    if (part.length > 0) yield part;
  }
}

async function sendRows(
  { res, signal, principal }: DockerCall,
  parts: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  now: number,
  sizes: Sizes,
): Promise<void> {
  res.setHeader('content-type', 'application/json');
  let text = '[';
  let count = 0;
  for await (const rows of parts) {
    for (const row of rows) {
      if (count++ > 0) text += ',';
      const entry = entryOf(row, now, sizes.get(row.seen?.engineId ?? ''));
      text += JSON.stringify(shownFields(entry, principal.role));
    }
    // A short list goes out in one piece, with its length.
    if (count <= BATCH) continue;
    if (!res.headersSent) res.writeHead(200);
    if (!res.write(text)) await once(res, 'drain', { signal });
    text = '';
  }
  text += ']\n';
  if (!res.headersSent) res.writeHead(200, { 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

/** Sizes on disk by engine ID, from every host that holds one of these. */
async function sizesOf(call: DockerCall, chosen: readonly Row[]): Promise<Sizes> {
  const asked = new Map<string, HostRef>();
  for (const { host } of chosen) if (host.reachable) asked.set(host.id, { id: host.id, name: host.name });
  const path = enginePath(call, '/containers/json', new URLSearchParams({ all: '1', size: '1' }));
  type Entry = { Id: string; SizeRw?: number; SizeRootFs?: number };
  const { answers, warnings } = await fanOut(call, [...asked.values()], (host, signal) =>
    askJson<Entry[]>(call, host.id, { method: 'GET', path, signal }),
  );
  warnHeader(call, warnings);
  const sizes = new Map<string, { SizeRw?: number; SizeRootFs?: number }>();
  for (const { value } of answers) {
    for (const { Id, SizeRw, SizeRootFs } of value) sizes.set(Id, { SizeRw, SizeRootFs });
  }
  return sizes;
}

/** Names the hosts that did not answer, where the answer's form has no place for it (RFC 7234, 5.5: 199). */
export function warnHeader({ res }: Pick<DockerCall, 'res'>, warnings: readonly string[]): void {
  const safe = warnings.map((text) => `199 berth "${text.replace(/[^\x20-\x7e]|["\\]/g, ' ')}"`);
  if (safe.length > 0) res.setHeader('Warning', safe);
}
