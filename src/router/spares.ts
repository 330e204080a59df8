import { z } from 'zod';

/** Backends in each configuration that are nobody's, for routes that come later. Each is a line of `show stat`. */
export const SPARES = 32;

/** Routes that have come since the configuration was made, each in a spare backend. */
export type Placed = Readonly<{
  /** By route: the number of its backend. */
  routes: ReadonlyMap<string, number>;
  /** Spare backends that were taken, those too whose route has gone: counters of two routes are never one. */
  used: number;
}>;

export const NOBODY_PLACED: Placed = { routes: new Map(), used: 0 };

/** What a configuration was made of. */
export type Fixed = Readonly<{
  /** Hash of all but routes. */
  base: string;
  /** Hashes of the routes that have a backend of their own. */
  own: ReadonlyMap<string, string>;
}>;

/** `plain`: it has nothing but servers, so that any backend will do. */
type Wanted = Readonly<{ id: string; hash: string; plain: boolean }>;

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
  if (fixed === undefined) return { ...placed, routes: stillPlain(placed, routes) };
  if (fixed.base !== base) return NOBODY_PLACED;
  const now = new Map<string, number>();
  let { used } = placed;
  let stayed = 0;
  for (const { id, hash, plain } of routes) {
    const own = fixed.own.get(id);
    if (own === hash) stayed++;
    else if (own !== undefined || !plain) return NOBODY_PLACED;
    else now.set(id, placed.routes.get(id) ?? used++);
  }
  if (stayed < fixed.own.size || used > SPARES) return NOBODY_PLACED;
  return { routes: now, used };
}

function stillPlain({ routes: placed }: Placed, routes: readonly Wanted[]): ReadonlyMap<string, number> {
  return new Map(
    routes.flatMap(({ id, plain }) => {
      const number = placed.get(id);
      return plain && number !== undefined ? [[id, number] as const] : [];
    }),
  );
}

const fileSchema = z.object({
  used: z.number().int().min(0).max(SPARES),
  routes: z.record(z.string(), z.number().int().min(0)),
});

/** Kept beside the configuration, for a process that comes after this one. */
export function placedText({ routes, used }: Placed): string {
  return JSON.stringify({ used, routes: Object.fromEntries(routes) });
}

/** Nothing where it is no such text: then the next state is a reload at worst. */
export function readPlaced(text: string): Placed {
  try {
    const { used, routes } = fileSchema.parse(JSON.parse(text));
    const numbers = Object.values(routes);
    const sound = new Set(numbers).size === numbers.length && numbers.every((number) => number < used);
    return sound ? { used, routes: new Map(Object.entries(routes)) } : NOBODY_PLACED;
  } catch {
    return NOBODY_PLACED;
  }
}
