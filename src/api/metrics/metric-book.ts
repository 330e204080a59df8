import { unpackRows } from '../../contract/figure-rows.ts';
import type { AgentFrame } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { serviceKey } from '../../model/deployment.ts';
import {
  CLUSTER_FIGURES,
  CONTAINER_FIGURES,
  CONTAINER_ROW,
  FIGURES_MS,
  type Figures,
  figuresOf,
  HOST_FIGURES,
  HOST_ROW,
  MOST_FIGURES_MS,
  rowOf,
  SCALING_FIGURES,
  SERVICE_FIGURES,
} from '../../model/figures.ts';
import { poolOfRelease, releaseOfPool } from '../../model/service-routes.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import { bytesOfRing, FigureRing, type Points, TIERS, type Tier } from './figure-ring.ts';
import { RouteFigures, type RouteReading } from './route-figures.ts';

export type ContainerRow = Figures<(typeof CONTAINER_ROW)[number]>;
export type HostRow = Figures<(typeof HOST_ROW)[number]>;

type Service = { readonly ring: FigureRing; readonly sums: Float64Array };
type Entry = {
  readonly id: string;
  hostId: string;
  ring: FigureRing;
  service: Service | undefined;
  at: number;
};
type Host = {
  readonly ring: FigureRing;
  /** When it has told something last. */
  at: number;
  row: Float32Array | undefined;
  /** Of its containers, in the order in which it tells of them; an entry where that is one of its. */
  ids: readonly string[];
  rows: Float32Array;
  entries: (Entry | undefined)[];
};

/** All rings together; a manager with 1,000 hosts and 100,000 containers keeps within it. */
const MOST_BYTES = 384 * 1024 * 1024;
/** More services than this are not summed up. */
const MOST_SERVICES = 10_000;
/** Whoever has not told of itself for so long is not in sums, nor among what is measured now. */
const FRESH_MS = 3 * FIGURES_MS;
const SWEEP_MS = 60_000;
const WIDTH = CONTAINER_ROW.length;
/** In which tiers containers are kept, by how many they are: at last in the coarsest alone. */
const LEVELS: readonly (readonly Tier[])[] = TIERS.map((_, i) => (i === 0 ? TIERS : TIERS.slice(i)));
/** So many times as many must have their place before finer tiers are taken up again: or they would come and go. */
const AMPLE = 1.25;

type MetricBookDeps = Readonly<{
  store: Store;
  clock: Clock;
  /** What went through routes since it was asked last; undefined where nobody knows. Without it nothing is kept of them. */
  traffic?: () => Iterable<RouteReading> | undefined;
  /** For tests. */
  mostBytes?: number;
}>;

/**
 * What hosts have measured: of themselves, their containers and, summed up here, services and the cluster. In memory, for
 * six hours at falling resolution, within a bound: where there are so many containers that not all have their place at the
 * finest resolution, all do without it. Time is the manager's.
 */
export class MetricBook {
  private readonly hosts = new Map<string, Host>();
  private readonly containers = new Map<string, Entry>();
  private readonly services = new Map<string, Service>();
  private readonly cluster = new FigureRing(CLUSTER_FIGURES.length);
  private readonly routes = new RouteFigures();
  /** Of services that scale by themselves, by their keys. */
  private readonly scalings = new Map<string, FigureRing>();
  private bytes = this.cluster.bytes;
  /** Of those, containers'. */
  private containerBytes = 0;
  private level = 0;
  private readonly timers: readonly NodeJS.Timeout[];

  constructor(private readonly deps: MetricBookDeps) {
    this.timers = [
      setInterval(() => this.sum(), FIGURES_MS).unref(),
      setInterval(() => this.sweep(), SWEEP_MS).unref(),
    ];
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Takes in what a host says; of containers that are not on it its word does not count. */
  take(hostId: string, frame: AgentFrame & { t: 'figures' }): void {
    const host = this.host(hostId);
    const now = this.deps.clock.now();
    host.at = now;
    const own = frame.host === undefined ? undefined : unpackRows(frame.host, HOST_ROW.length);
    host.row = own?.length === HOST_ROW.length ? own : undefined;
    if (host.row !== undefined) host.ring.add(host.row, now);
    if (frame.containers !== undefined) {
      host.ids = frame.containers;
      host.rows = new Float32Array(frame.containers.length * WIDTH).fill(Number.NaN);
      host.entries = host.ids
        .map((id) => this.containers.get(id))
        .map((entry) => (entry?.hostId === hostId ? entry : undefined));
    }
    const rows = unpackRows(frame.rows, WIDTH + 1) ?? new Float32Array();
    for (let from = 0; from < rows.length; from += WIDTH + 1) {
      const place = rows[from] as number;
      if (Number.isInteger(place) && place >= 0 && place < host.ids.length)
        host.rows.set(rows.subarray(from + 1, from + 1 + WIDTH), place * WIDTH);
    }
    this.addContainers(hostId, host, now);
  }

  /** What the rules of a service looked at just now, and how many containers it is to have. */
  takeScaling(
    stack: string,
    name: string,
    figures: Partial<Figures<(typeof SCALING_FIGURES)[number]>>,
  ): void {
    const key = serviceKey(stack, name);
    let ring = this.scalings.get(key);
    if (ring === undefined) {
      if (this.scalings.size >= MOST_SERVICES) return;
      ring = new FigureRing(SCALING_FIGURES.length);
      this.bytes += ring.bytes;
      this.scalings.set(key, ring);
    }
    ring.add(
      SCALING_FIGURES.map((figure) => figures[figure] ?? Number.NaN),
      this.deps.clock.now(),
    );
  }

  /** The host has been removed. */
  forget(hostId: string): void {
    const host = this.hosts.get(hostId);
    if (host === undefined) return;
    this.bytes -= host.ring.bytes;
    this.hosts.delete(hostId);
  }

  /** Bytes that all rings have now. */
  get size(): number {
    return this.bytes + this.routes.bytes;
  }

  ofHost(hostId: string, windowMs: number): Points {
    return this.read(this.hosts.get(hostId)?.ring, HOST_FIGURES.length, windowMs);
  }

  ofContainer(id: string, windowMs: number): Points {
    return this.read(this.containers.get(id)?.ring, CONTAINER_FIGURES.length, windowMs);
  }

  ofService(stack: string, name: string, windowMs: number): Points {
    return this.read(this.services.get(serviceKey(stack, name))?.ring, SERVICE_FIGURES.length, windowMs);
  }

  ofScaling(stack: string, name: string, windowMs: number): Points {
    return this.read(this.scalings.get(serviceKey(stack, name)), SCALING_FIGURES.length, windowMs);
  }

  ofCluster(windowMs: number): Points {
    return this.read(this.cluster, CLUSTER_FIGURES.length, windowMs);
  }

  /** All that came for these routes together, or what their containers of one release answered. */
  ofRoutes(routes: readonly string[], release: number | undefined, windowMs: number): Points {
    const pool = release === undefined ? '' : poolOfRelease(release);
    return this.routes.of(
      routes.map((route) => ({ route, pool })),
      this.deps.clock.now(),
      windowMs,
    );
  }

  /** Releases of whose containers on these routes something is kept, the newest first. */
  releasesOn(routes: readonly string[]): readonly number[] {
    const pools = new Set(routes.flatMap((route) => this.routes.poolsOf(route)));
    return [...pools].flatMap((pool) => releaseOfPool(pool) ?? []).sort((a, b) => b - a);
  }

  /** What a host has measured last of itself; undefined where that is not of now. */
  hostNow(hostId: string): HostRow | undefined {
    const host = this.hosts.get(hostId);
    if (host?.row === undefined || !this.isFresh(host.at)) return undefined;
    return figuresOf(HOST_ROW, host.row);
  }

  /** False where the host has told nothing, be it of itself or of its containers, of late. */
  isTelling(hostId: string): boolean {
    const host = this.hosts.get(hostId);
    return host !== undefined && this.isFresh(host.at);
  }

  /** What a host has measured last of its containers; none where that is not of now. */
  *containersNow(hostId: string): Iterable<Readonly<{ id: string; row: ContainerRow }>> {
    for (const { id, row } of this.rowsNow(hostId)) yield { id, row: figuresOf(CONTAINER_ROW, row) };
  }

  /** The same in the order of `CONTAINER_ROW`: for who looks at all of them and shows few. */
  *rowsNow(hostId: string): Iterable<Readonly<{ id: string; row: ArrayLike<number> }>> {
    const host = this.hosts.get(hostId);
    if (host === undefined || !this.isFresh(host.at)) return;
    for (const [i, entry] of host.entries.entries())
      if (entry !== undefined) yield { id: entry.id, row: rowAt(host, i) };
  }

  containerNow(id: string): ContainerRow | undefined {
    const found = this.rowNow(id);
    return found === undefined ? undefined : figuresOf(CONTAINER_ROW, found.row);
  }

  /** The same in the order of `CONTAINER_ROW`, and the host that has measured it. */
  rowNow(id: string): Readonly<{ hostId: string; row: ArrayLike<number> }> | undefined {
    const entry = this.containers.get(id);
    const host = entry && this.hosts.get(entry.hostId);
    if (entry === undefined || host === undefined || !this.isFresh(host.at)) return undefined;
    const place = host.entries.indexOf(entry);
    return place < 0 ? undefined : { hostId: entry.hostId, row: rowAt(host, place) };
  }

  /** Adds up services and the cluster, from what is known now, and takes in what went through routes. */
  sum(): void {
    const now = this.deps.clock.now();
    const all = new Float64Array(CLUSTER_FIGURES.length);
    for (const { sums } of this.services.values()) sums.fill(0);
    for (const [hostId, host] of this.hosts) {
      if (!this.isFresh(host.at)) continue;
      if (host.row !== undefined) addTo(all, clusterRow(figuresOf(HOST_ROW, host.row)));
      for (const [i, entry] of host.entries.entries()) {
        if (entry?.service === undefined || entry.hostId !== hostId) continue;
        addTo(entry.service.sums, rowAt(host, i).subarray(0, CONTAINER_FIGURES.length));
        entry.service.sums[CONTAINER_FIGURES.length] =
          (entry.service.sums[CONTAINER_FIGURES.length] as number) + 1;
      }
    }
    this.cluster.add(all, now);
    const traffic = this.deps.traffic?.();
    if (traffic !== undefined) this.routes.add(traffic, now, this.most - this.size);
    for (const { ring, sums } of this.services.values()) ring.add(sums, now);
  }

  /** Lets go of what is not there any more. */
  sweep(): void {
    const now = this.deps.clock.now();
    this.deps.store.view((tx) => {
      for (const entry of this.containers.values()) {
        const isThere = tx.get('containers', entry.id) !== undefined || isPlainOn(tx, entry.id, entry.hostId);
        if (isThere && now - entry.at <= MOST_FIGURES_MS) continue;
        this.grow(-entry.ring.bytes);
        this.containers.delete(entry.id);
      }
      for (const [key, { ring }] of this.services)
        if (tx.get('services', key) === undefined) {
          this.bytes -= ring.bytes;
          this.services.delete(key);
        }
      for (const [key, ring] of this.scalings)
        if (tx.get('services', key) === undefined) {
          this.bytes -= ring.bytes;
          this.scalings.delete(key);
        }
    });
    this.routes.sweep(now);
    this.makeRoom(0);
  }

  private host(hostId: string): Host {
    const known = this.hosts.get(hostId);
    if (known !== undefined) return known;
    const ring = new FigureRing(HOST_FIGURES.length);
    const host: Host = { ring, at: 0, row: undefined, ids: [], rows: new Float32Array(), entries: [] };
    this.bytes += ring.bytes;
    this.hosts.set(hostId, host);
    return host;
  }

  private addContainers(hostId: string, host: Host, now: number): void {
    const unknown: number[] = [];
    for (const [i, entry] of host.entries.entries()) {
      if (entry === undefined || entry.hostId !== hostId) unknown.push(i);
      else this.add(entry, rowAt(host, i), now);
    }
    if (unknown.length === 0) return;
    this.deps.store.view((tx) => {
      const its = unknown.filter((i) => isOn(tx, host.ids[i] ?? '', hostId));
      // Those alone that get a ring: a host may tell of any number that is not there, and takes no place of others by it.
      this.makeRoom(new Set(its.map((i) => host.ids[i] ?? '').filter((id) => !this.containers.has(id))).size);
      for (const i of unknown) host.entries[i] = undefined;
      for (const i of its) {
        const entry = this.entry(tx, host.ids[i] ?? '', hostId);
        host.entries[i] = entry;
        if (entry !== undefined) this.add(entry, rowAt(host, i), now);
      }
    });
  }

  private add(entry: Entry, row: Float32Array, now: number): void {
    const tiers = this.tiers;
    // One after the other, as they are told of.
    if (entry.ring.tiers !== tiers) {
      const other = entry.ring.inTiers(tiers);
      this.grow(other.bytes - entry.ring.bytes);
      entry.ring = other;
    }
    entry.at = now;
    entry.ring.add(row, now);
  }

  /** Undefined where there is no room for one more. */
  private entry(tx: ReadTx, id: string, hostId: string): Entry | undefined {
    const known = this.containers.get(id);
    if (known !== undefined) {
      known.hostId = hostId;
      return known;
    }
    const ring = new FigureRing(CONTAINER_FIGURES.length, this.tiers);
    if (this.size + ring.bytes > this.most) return undefined;
    const made: Entry = { id, hostId, ring, service: this.serviceOf(tx, id), at: 0 };
    this.grow(ring.bytes);
    this.containers.set(id, made);
    return made;
  }

  private serviceOf(tx: ReadTx, id: string): Service | undefined {
    const service = tx.get('containers', id)?.service;
    if (service === undefined) return undefined;
    const key = serviceKey(service.stack, service.name);
    const known = this.services.get(key);
    if (known !== undefined || this.services.size >= MOST_SERVICES) return known;
    const made = {
      ring: new FigureRing(SERVICE_FIGURES.length),
      sums: new Float64Array(SERVICE_FIGURES.length),
    };
    this.bytes += made.ring.bytes;
    this.services.set(key, made);
    return made;
  }

  private get tiers(): readonly Tier[] {
    return LEVELS[this.level] as readonly Tier[];
  }

  private get most(): number {
    return this.deps.mostBytes ?? MOST_BYTES;
  }

  /** Chooses the tiers in which all have their place. Those that are there go over to them when they are told of next. */
  private makeRoom(more: number): void {
    const others = this.size - this.containerBytes;
    const fits = (level: number, count: number) =>
      others + count * bytesOfRing(CONTAINER_FIGURES.length, LEVELS[level] as readonly Tier[]) <= this.most;
    const count = this.containers.size + more;
    while (this.level < LEVELS.length - 1 && !fits(this.level, count)) this.level++;
    while (this.level > 0 && fits(this.level - 1, count * AMPLE)) this.level--;
  }

  /** Of containers. */
  private grow(bytes: number): void {
    this.bytes += bytes;
    this.containerBytes += bytes;
  }

  private isFresh(at: number): boolean {
    return Math.abs(this.deps.clock.now() - at) <= FRESH_MS;
  }

  private read(ring: FigureRing | undefined, width: number, windowMs: number): Points {
    return (ring ?? new FigureRing(width)).read(this.deps.clock.now(), Math.min(windowMs, MOST_FIGURES_MS));
  }
}

function rowAt({ rows }: Host, place: number): Float32Array {
  return rows.subarray(place * WIDTH, (place + 1) * WIDTH);
}

/** What is not known of one is left out of the sum. */
function addTo(sums: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value >= 0) sums[i] = (sums[i] as number) + value;
  }
}

function clusterRow(host: HostRow): readonly number[] {
  const { cores, memory, memorySize, networkIn, networkOut, diskRead, diskWrite } = host;
  const cpu = busyCores(host);
  const sizes = { cpu, cores, memory, memorySize, networkIn, networkOut, diskRead, diskWrite, hosts: 1 };
  return rowOf(CLUSTER_FIGURES, sizes);
}

/** Cores of a host that are at work. */
export function busyCores({
  cpuUser,
  cpuSystem,
  cpuStolen,
}: Figures<'cpuUser' | 'cpuSystem' | 'cpuStolen'>): number {
  return cpuUser + cpuSystem + cpuStolen;
}

function isOn(tx: ReadTx, id: string, hostId: string): boolean {
  return isManagedOn(tx, id, hostId) || isPlainOn(tx, id, hostId);
}

function isManagedOn(tx: ReadTx, id: string, hostId: string): boolean {
  return tx.get('containers', id)?.assigned.hostId === hostId;
}

/** It was made past the cluster, or a state that was put back does not know it. */
function isPlainOn(tx: ReadTx, id: string, hostId: string): boolean {
  const seen = tx.get('observedContainers', `${hostId}/${id}`);
  return (
    (seen !== undefined && seen.clusterId === undefined) || tx.get('orphans', `${hostId}/${id}`) !== undefined
  );
}
