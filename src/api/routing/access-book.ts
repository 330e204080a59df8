import type { AgentFrame } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { poolOfRelease } from '../../model/service-routes.ts';
import {
  type AccessFigures,
  type AccessSummary,
  type FailingServer,
  MOST_WINDOW_MS,
  STATUS_CLASSES,
  summaryOf,
  TIME_BOUNDS,
  type Traffic,
  type TrafficSums,
} from '../../model/traffic.ts';
import type { RouteReading } from '../metrics/route-figures.ts';
import { TrafficRing, type Window, windowOf } from './traffic-ring.ts';

type Said = AgentFrame & { t: 'traffic' };

/** A host's reports without a gap: when they began, when the last one came, and how long that one was. */
type Series = { since: number; last: number; ms: number };

type AccessBookDeps = Readonly<{
  clock: Clock;
  /** IDs of a service's routes; the service is STACK/NAME. */
  routesOf(service: string): readonly string[];
  /** Hosts whose routers take requests, or may. */
  serving(): readonly Readonly<{ id: string; name: string }>[];
}>;

/** So many reports may be late before they are missing. */
const LATE = 3;
/** A report is expected within this, milliseconds, whatever its host says of itself. */
const SOON_MS = 2_000;
/** Routes and pools that are kept at the most: each is some 30 KiB once it has had traffic all the time. */
const MOST_RINGS = 50_000;
const SWEEP_MS = 60_000;
const WHOLE = '';

/**
 * What the routers of all hosts have counted, by route and pool: in memory, for half an hour. A host that goes away is in
 * the sums of the time before; where it was in between is told by `missing`.
 */
export class AccessBook implements AccessFigures {
  /** Route, then pool. */
  private readonly routes = new Map<string, Map<string, TrafficRing>>();
  private readonly series = new Map<string, Series>();
  /** By host, what it said last. */
  private readonly failures = new Map<string, readonly FailingServer[]>();
  private rings = 0;
  private sweptAt = 0;

  constructor(private readonly deps: AccessBookDeps) {}

  /** What a host reports of the last `ms`. */
  take(hostId: string, { ms, traffic, failing }: Said): void {
    const now = this.deps.clock.now();
    this.sweep(now);
    const known = this.series.get(hostId);
    const follows = known !== undefined && now - known.last <= LATE * Math.max(SOON_MS, ms);
    this.series.set(hostId, { since: follows ? known.since : now - ms, last: now, ms });
    if (failing !== undefined) this.failures.set(hostId, failing);
    for (const one of traffic) this.ring(one)?.add(one, now, ms);
  }

  /** The host has been removed. */
  forget(hostId: string): void {
    this.series.delete(hostId);
    this.failures.delete(hostId);
  }

  /** What ingress hosts say that serve now of servers of these routes that fail their checks; the host is its name. */
  failing(routes: readonly string[]): readonly (FailingServer & Readonly<{ host: string }>)[] {
    const now = this.deps.clock.now();
    return this.deps
      .serving()
      .filter(({ id }) => this.isTelling(id, now))
      .flatMap(({ id, name }) =>
        (this.failures.get(id) ?? [])
          .filter(({ route }) => routes.includes(route))
          .map((one) => ({ ...one, host: name })),
      );
  }

  of(service: string, release: number | undefined, windowMs: number, since?: number): AccessSummary {
    return this.sum(this.deps.routesOf(service), release, this.window(windowMs, since));
  }

  /** As `of`, of one of a service's routes. */
  ofRoute(route: string, release: number | undefined, windowMs: number): AccessSummary {
    return this.sum([route], release, this.window(windowMs));
  }

  /**
   * Of each route and pool with traffic in the last `windowMs`: for who keeps it longer than this does. Undefined while no
   * router tells, or where there is none: then nothing is known.
   */
  readings(windowMs: number): readonly RouteReading[] | undefined {
    const now = this.deps.clock.now();
    const telling = this.deps.serving().filter(({ id }) => this.isTelling(id, now));
    if (telling.length === 0) return undefined;
    const window = this.window(windowMs);
    const ms = window.until - window.from;
    return [...this.routes].flatMap(([route, pools]) =>
      [...pools].flatMap(([pool, ring]) => {
        if (ring.lastAt < window.from) return [];
        const sums = this.readOne(route, pool, window);
        const of = { windowMs: ms, ofPool: pool !== WHOLE, missing: [] };
        const { requestsPerSecond, errors, p50, p95 } = summaryOf(sums, of);
        return [{ route, pool, requestsPerSecond, errorsPerSecond: (errors * 1000) / ms, p50, p95 }];
      }),
    );
  }

  /** Names of ingress hosts that have not told of all of a window of so many milliseconds. */
  missing(windowMs: number): readonly string[] {
    return this.missingIn(this.window(windowMs));
  }

  /** It ends with what all hosts that tell have told of: what comes later is not known yet, and is not nothing. */
  private window(windowMs: number, since?: number): Window {
    const now = this.deps.clock.now();
    const told = this.deps.serving().flatMap(({ id }) => {
      const last = this.series.get(id)?.last;
      return last !== undefined && this.isTelling(id, now) ? last : [];
    });
    return windowOf(now, Math.min(windowMs, MOST_WINDOW_MS), {
      until: Math.min(now, ...told),
      since,
    });
  }

  private sum(routes: readonly string[], release: number | undefined, window: Window): AccessSummary {
    const pool = release === undefined ? WHOLE : poolOfRelease(release);
    const found = routes.map((route) => this.readOne(route, pool, window));
    const missing = this.missingIn(window);
    const ms = window.until - window.from;
    return summaryOf(added(found), { windowMs: ms, ofPool: release !== undefined, missing });
  }

  /** Times are known of pools only: a route's are those of all of them. */
  private readOne(route: string, pool: string, window: Window): TrafficSums {
    const pools = this.routes.get(route) ?? new Map<string, TrafficRing>();
    const own = pools.get(pool)?.read(window) ?? added([]);
    if (pool !== WHOLE) return own;
    const all = added([...pools].filter(([name]) => name !== WHOLE).map(([, ring]) => ring.read(window)));
    return { ...own, times: all.times };
  }

  private missingIn({ from }: Window): readonly string[] {
    const now = this.deps.clock.now();
    return this.deps
      .serving()
      .filter(({ id }) => !this.isTelling(id, now) || (this.series.get(id)?.since ?? now) > from)
      .map(({ name }) => name);
  }

  /** Its next report is not later than its reports are apart, and some. */
  private isTelling(host: string, now: number): boolean {
    const series = this.series.get(host);
    return series !== undefined && now - series.last <= LATE * Math.max(SOON_MS, series.ms);
  }

  private ring({ route, pool = WHOLE }: Traffic): TrafficRing | undefined {
    const pools = this.routes.get(route) ?? new Map<string, TrafficRing>();
    const known = pools.get(pool);
    if (known !== undefined || this.rings >= MOST_RINGS) return known;
    const ring = new TrafficRing();
    pools.set(pool, ring);
    this.routes.set(route, pools);
    this.rings++;
    return ring;
  }

  private sweep(now: number): void {
    if (Math.abs(now - this.sweptAt) < SWEEP_MS) return;
    this.sweptAt = now;
    for (const [route, pools] of this.routes) {
      for (const [pool, ring] of pools) {
        if (now - ring.lastAt <= MOST_WINDOW_MS) continue;
        pools.delete(pool);
        this.rings--;
      }
      if (pools.size === 0) this.routes.delete(route);
    }
  }
}

function added(all: readonly TrafficSums[]): TrafficSums {
  const lists = (of: (one: TrafficSums) => readonly number[], length: number) =>
    Array.from({ length }, (_, i) => all.reduce((sum, one) => sum + (of(one)[i] ?? 0), 0));
  const numbers = (of: (one: TrafficSums) => number) => all.reduce((sum, one) => sum + of(one), 0);
  return {
    responses: lists(({ responses }) => responses, STATUS_CLASSES),
    sessions: numbers(({ sessions }) => sessions),
    failures: numbers(({ failures }) => failures),
    bytesIn: numbers(({ bytesIn }) => bytesIn),
    bytesOut: numbers(({ bytesOut }) => bytesOut),
    times: lists(({ times }) => times, TIME_BOUNDS.length + 1),
  };
}
