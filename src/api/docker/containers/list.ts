import { once } from 'node:events';
import type { DockerCall } from '../call.ts';
import { fanOut, type HostRef } from '../fanout.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { type Filters, filtersOf, flag, integer } from '../query.ts';
import { findContainer } from './find.ts';
import { type HostTable, hostTable } from './host-info.ts';
import { isUp } from './live-state.ts';
import { entryOf, type Row, rows } from './row.ts';
import { CONTAINER_FILTERS, rowTest } from './row-filters.ts';

/** Entries that are written at a time: other clients get their turn between. */
const BATCH = 1000;

type Sizes = ReadonlyMap<string, { SizeRw?: number; SizeRootFs?: number }>;

/** `GET /containers/json`: from what is known, no host is asked, unless sizes are wanted. */
export async function listContainers(call: DockerCall): Promise<void> {
  const { query, deps } = call;
  const filters = filtersOf(query, CONTAINER_FILTERS);
  const limit = integer(query, 'limit') ?? 0;
  const all = flag(query, 'all') || limit > 0 || filters.has('status');
  const hosts = hostTable(call);
  const found = selectRows(call, hosts, filters, (row) => all || isUp(row.state.status));
  found.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  const chosen = limit > 0 ? found.slice(0, limit) : found;
  const sizes: Sizes = flag(query, 'size') ? await sizesOf(call, chosen) : new Map();
  await sendRows(call, chosen, deps.clock.now(), sizes);
}

/** Rows that pass `first` and every filter, in no order. */
export function selectRows(
  call: DockerCall,
  hosts: HostTable,
  filters: Filters,
  first: (row: Row) => boolean,
): Row[] {
  const { store, engines, clock } = call.deps;
  const now = clock.now();
  const connected = (hostId: string) => engines.connected(hostId);
  return store.view((tx) => {
    const test = rowTest(tx, filters, (ref) => {
      const { record, seen } = findContainer(tx, ref, connected);
      return record?.createdAt ?? (seen?.created ?? 0) * 1000;
    });
    const found: Row[] = [];
    for (const row of rows(tx, hosts, connected, now)) if (first(row) && test(row)) found.push(row);
    return found;
  });
}

async function sendRows(call: DockerCall, chosen: readonly Row[], now: number, sizes: Sizes): Promise<void> {
  const { res, signal } = call;
  res.setHeader('content-type', 'application/json');
  const parts = (from: number) =>
    chosen
      .slice(from, from + BATCH)
      .map((row) => JSON.stringify(entryOf(row, now, sizes.get(row.seen?.engineId ?? ''))))
      .join(',');
  if (chosen.length <= BATCH) {
    const bytes = Buffer.from(`[${parts(0)}]\n`);
    res.writeHead(200, { 'content-length': bytes.length });
    res.end(bytes);
    return;
  }
  res.writeHead(200);
  for (let from = 0; from < chosen.length; from += BATCH) {
    if (!res.write(`${from === 0 ? '[' : ','}${parts(from)}`)) await once(res, 'drain', { signal });
    else await new Promise((resolve) => setImmediate(resolve));
  }
  res.end(']\n');
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
