import { type Figures, MOST_FIGURES_MS, ROUTE_FIGURES } from '../../model/figures.ts';
import { bytesOfRing, FigureRing, type Points, TIERS } from './figure-ring.ts';

/** What went through a route in the last seconds: all that came, or what containers of one pool answered. */
export type RouteReading = Readonly<{
  /** ID of the route. */
  route: string;
  /** ID of the pool; empty for all that came for the route. */
  pool: string;
  requestsPerSecond: number;
  errorsPerSecond: number;
  /** Milliseconds; undefined where none was measured. */
  p50: number | undefined;
  p95: number | undefined;
}>;

/** More routes and pools than this are not kept: some 5 KiB each. */
const MOST_RINGS = 8_000;
/**
 * Requests, errors and those of which the times are known, a second; then the times, each as often as there were requests of
 * it: so a mean over time is one over requests, and those of several pools can be added up.
 */
const WIDTH = 5;
/** Rings keep numbers to half a per mille of one more than they are: one request in a minute is to be more than that. */
const SCALE = 1_000;
const NOTHING = [0, 0, 0, 0, 0];

type Entry = { readonly ring: FigureRing; busyAt: number };

/** What has gone through routes and their pools, for six hours at falling resolution, in memory and bounded. */
export class RouteFigures {
  /** Route, then pool. */
  private readonly routes = new Map<string, Map<string, Entry>>();
  private count = 0;

  get bytes(): number {
    return this.count * bytesOfRing(WIDTH, TIERS);
  }

  /**
   * Takes in what went through since the last time; of whom nothing is said nothing has gone through.
   * @param room bytes that may be taken for more
   */
  add(readings: Iterable<RouteReading>, now: number, room: number): void {
    const told = new Set<Entry>();
    let left = Math.floor(room / bytesOfRing(WIDTH, TIERS));
    for (const reading of readings) {
      const { requestsPerSecond, errorsPerSecond, p50, p95 } = reading;
      const known = this.routes.get(reading.route)?.get(reading.pool);
      if (known === undefined && (requestsPerSecond === 0 || left-- <= 0)) continue;
      const entry = known ?? this.entry(reading);
      if (entry === undefined) continue;
      if (requestsPerSecond > 0) entry.busyAt = now;
      const timed = p50 === undefined || p95 === undefined ? 0 : requestsPerSecond * SCALE;
      const row = [requestsPerSecond * SCALE, errorsPerSecond * SCALE, timed];
      entry.ring.add([...row, timed * (p50 ?? 0), timed * (p95 ?? 0)], now);
      told.add(entry);
    }
    for (const pools of this.routes.values())
      for (const entry of pools.values()) if (!told.has(entry)) entry.ring.add(NOTHING, now);
  }

  /** IDs of its pools of which something is kept. */
  poolsOf(route: string): readonly string[] {
    return [...(this.routes.get(route)?.keys() ?? [])].filter((pool) => pool !== '');
  }

  /** The figures of these together, in the order of `ROUTE_FIGURES`: NaN where nothing is known, or no time was measured. */
  of(wanted: readonly Readonly<{ route: string; pool: string }>[], now: number, windowMs: number): Points {
    const read = wanted.map(
      ({ route, pool }) => this.routes.get(route)?.get(pool)?.ring ?? new FigureRing(WIDTH),
    );
    const all = (read.length === 0 ? [new FigureRing(WIDTH)] : read).map((ring) =>
      ring.read(now, Math.min(windowMs, MOST_FIGURES_MS)),
    );
    const { from, stepMs, columns: [first = new Float64Array()] = [] } = all[0] as Points;
    const columns = ROUTE_FIGURES.map(() => new Float64Array(first.length));
    for (let i = 0; i < first.length; i++) {
      const [requests, errors, timed, p50, p95] = sumAt(all, i);
      const known: Figures<(typeof ROUTE_FIGURES)[number]> = {
        requests: requests / SCALE,
        errors: errors / SCALE,
        p50: p50 / timed,
        p95: p95 / timed,
      };
      for (const [at, name] of ROUTE_FIGURES.entries()) (columns[at] as Float64Array)[i] = known[name];
    }
    return { from, stepMs, columns };
  }

  /** Lets go of those through which nothing has gone as long as figures are kept. */
  sweep(now: number): void {
    for (const [route, pools] of this.routes) {
      for (const [pool, { busyAt }] of pools) {
        if (now - busyAt <= MOST_FIGURES_MS) continue;
        pools.delete(pool);
        this.count--;
      }
      if (pools.size === 0) this.routes.delete(route);
    }
  }

  private entry({ route, pool }: RouteReading): Entry | undefined {
    if (this.count >= MOST_RINGS) return undefined;
    const pools = this.routes.get(route) ?? new Map<string, Entry>();
    const made: Entry = { ring: new FigureRing(WIDTH), busyAt: 0 };
    this.routes.set(route, pools);
    pools.set(pool, made);
    this.count++;
    return made;
  }
}

/** Of those that know something then; NaN where none does. */
function sumAt(all: readonly Points[], i: number): readonly [number, number, number, number, number] {
  const sums: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  let isKnown = false;
  for (const { columns } of all) {
    if (!((columns[0]?.[i] ?? Number.NaN) >= 0)) continue;
    isKnown = true;
    for (let at = 0; at < WIDTH; at++) sums[at] = (sums[at] as number) + (columns[at]?.[i] as number);
  }
  const none = Number.NaN;
  return isKnown ? sums : [none, none, none, none, none];
}
