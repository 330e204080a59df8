import { z } from 'zod';
import { type SpareRoutes, spareBackend } from './layout.ts';

/** Of each kind: backends in a configuration that are nobody's, for routes that come later. Each is a line of `show stat`. */
export const SPARES = 32;

/** What the spare backends have beside servers: nothing, or the cookie of services' routes. */
export const SPARE_KINDS = ['plain', 'sticky'] as const;
export type SpareKind = (typeof SPARE_KINDS)[number];

/** Routes with backends of their own that may go before all is made anew: each stays in the configuration, empty. */
const MOST_GONE = 256;

/** Those of a kind follow each other. */
const firstOf = (kind: SpareKind) => SPARE_KINDS.indexOf(kind) * SPARES;
export const spareKind = (number: number) => SPARE_KINDS[Math.floor(number / SPARES)] ?? 'plain';

/** Routes that have come since the configuration was made, each in a spare backend. */
export type Placed = Readonly<{
  /** By route: the number of its backend. */
  routes: ReadonlyMap<string, number>;
  /** Spare backends that were taken, those too whose route has gone: counters of two routes are never one. */
  used: Readonly<Record<SpareKind, number>>;
}>;

export const NOBODY_PLACED: Placed = { routes: new Map(), used: { plain: 0, sticky: 0 } };

/** Numbers of the spare backends that were taken. */
export function takenSpares({ used }: Placed): readonly number[] {
  return SPARE_KINDS.flatMap((kind) => Array.from({ length: used[kind] }, (_, i) => firstOf(kind) + i));
}

/** By the backend's name. */
export function spareRoutes({ routes }: Placed): SpareRoutes {
  return new Map([...routes].map(([id, number]) => [spareBackend(number), id]));
}

/** What a configuration was made of. */
export type Fixed = Readonly<{
  /** Hash of all but routes. */
  base: string;
  /** Hashes of the routes that have a backend of their own, those too that have gone since. */
  own: ReadonlyMap<string, string>;
}>;

/** `spare`: of which kind a backend has to be that will do for it; undefined where none will. */
type Wanted = Readonly<{ id: string; hash: string; spare: SpareKind | undefined }>;

/**
 * Where routes are that have come since the configuration was made. Where that has to be another one anyway, as something
 * else is new, all routes have a backend of their own in it and all spare ones are free.
 * @param fixed undefined after a start: then `placed`, from the disk, is all that is known
 */
export function place(
  fixed: Fixed | undefined,
  placed: Placed,
  base: string,
  routes: readonly Wanted[],
): Placed {
  if (fixed === undefined) return { ...placed, routes: stillPlaced(placed, routes) };
  if (fixed.base !== base) return NOBODY_PLACED;
  const now = new Map<string, number>();
  const used = { ...placed.used };
  let stayed = 0;
  for (const { id, hash, spare } of routes) {
    const own = fixed.own.get(id);
    const before = placed.routes.get(id);
    if (own === hash) stayed++;
    else if (own !== undefined || spare === undefined) return NOBODY_PLACED;
    else if (before !== undefined && spareKind(before) === spare) now.set(id, before);
    else if (used[spare] === SPARES) return NOBODY_PLACED;
    else now.set(id, firstOf(spare) + used[spare]++);
  }
  return fixed.own.size - stayed > MOST_GONE ? NOBODY_PLACED : { routes: now, used };
}

function stillPlaced({ routes: placed }: Placed, routes: readonly Wanted[]): ReadonlyMap<string, number> {
  return new Map(
    routes.flatMap(({ id, spare }) => {
      const number = placed.get(id);
      return number !== undefined && spareKind(number) === spare ? [[id, number] as const] : [];
    }),
  );
}

const fileSchema = z.object({
  used: z.object({
    plain: z.number().int().min(0).max(SPARES),
    sticky: z.number().int().min(0).max(SPARES),
  }),
  routes: z.record(z.string(), z.number().int().min(0)),
  gone: z.record(z.string(), z.object({ fixed: z.string(), backends: z.record(z.string(), z.boolean()) })),
});

/** Lines of a route's backends that are in the configuration still, and which of these have a cookie. */
export type GoneRoute = Readonly<{ fixed: string; backends: Readonly<Record<string, boolean>> }>;

/** What a process that comes after this one has to know of a configuration. */
export type Kept = Readonly<{ placed: Placed; gone: ReadonlyMap<string, GoneRoute> }>;

export const NOTHING_KEPT: Kept = { placed: NOBODY_PLACED, gone: new Map() };

/** Kept beside the configuration. */
export function keptText({ placed: { routes, used }, gone }: Kept): string {
  return JSON.stringify({ used, routes: Object.fromEntries(routes), gone: Object.fromEntries(gone) });
}

/** Nothing where it is no such text: then the next state is a reload at worst. */
export function readKept(text: string): Kept {
  try {
    const { used, routes, gone } = fileSchema.parse(JSON.parse(text));
    const placed = { used, routes: new Map(Object.entries(routes)) };
    const numbers = Object.values(routes);
    const taken = new Set(takenSpares(placed));
    const sound = new Set(numbers).size === numbers.length && numbers.every((number) => taken.has(number));
    return sound ? { placed, gone: new Map(Object.entries(gone)) } : NOTHING_KEPT;
  } catch {
    return NOTHING_KEPT;
  }
}
