import type { HostState } from '../../model/host.ts';
import type { Settings } from '../../model/settings.ts';

/** What is known of one host's life at a moment. */
export type HostSign = Readonly<{
  id: string;
  state: HostState;
  /** Not heard of in time (`HostStatus.silent`). */
  silent: boolean;
  /** Heard at all since this manager started. */
  heard: boolean;
  joinedAt: number;
}>;

/** What is remembered from one judgement to the next. */
export type Vanished = Readonly<{
  /** Host to when it fell silent; those never heard since the start, to when their time to connect was over. */
  since: ReadonlyMap<string, number>;
  /** Hosts which vanished together, too many to believe it: they count until they are back, however long that takes. */
  held: ReadonlySet<string>;
  /** Hosts that an operator has said to be gone. */
  released: ReadonlySet<string>;
  /** Enough are back: the rest of those held have until then to come back as well. */
  liftAt: number | undefined;
}>;

export const NOTHING_VANISHED: Vanished = Object.freeze({
  since: new Map<string, number>(),
  held: new Set<string>(),
  released: new Set<string>(),
  liftAt: undefined,
});

export type Judgement = Readonly<{
  after: Vanished;
  /** Hosts that are down and believed to be: their containers move. */
  failed: readonly string[];
  /** Hosts that are down, and from which nothing is moved. */
  held: readonly string[];
  /** How many of those that vanished together are still away, and of how many hosts; set while any is held. */
  share: Readonly<{ vanished: number; hosts: number }> | undefined;
  /** When to judge again though nothing happens; undefined: not before something does. */
  nextAt: number | undefined;
}>;

type Limits = Pick<Settings, 'failoverMaxShare' | 'failoverWindowMs' | 'failoverGraceMs' | 'downAfterMs'>;

/**
 * Tells hosts that have failed from a manager that hears nobody: after its start hosts have a time to connect, and where
 * more than the allowed share of the hosts (two at least) vanish within the window, none of them is believed to be gone
 * until enough are back or an operator says so. Hosts come back one after the other: once enough are, the rest has as
 * long as after a start. Pure.
 */
export function judge(
  input: Readonly<{
    now: number;
    /** When this manager started. */
    startedAt: number;
    signs: readonly HostSign[];
    before: Vanished;
    limits: Limits;
  }>,
): Judgement {
  const { now, startedAt, before, limits } = input;
  const grace = Math.max(limits.failoverGraceMs, limits.downAfterMs);
  const graceEnds = startedAt + grace;
  // One that has joined since and never connected was never there to vanish.
  const signs = input.signs.filter((sign) => sign.heard || sign.joinedAt <= startedAt);
  const since = new Map<string, number>();
  for (const { id, silent, heard } of signs) {
    if (!heard) since.set(id, graceEnds);
    else if (silent) since.set(id, before.since.get(id) ?? now);
  }
  const wasHeld = (id: string) => before.held.has(id);
  const recent = [...since].filter(([id, at]) => wasHeld(id) || now - at <= limits.failoverWindowMs);
  const hosts = signs.length - (since.size - recent.length);
  const tooMany = recent.length >= 2 && recent.length > limits.failoverMaxShare * hosts;
  const stillHeld = [...before.held].filter((id) => since.has(id));
  const cameBack = before.liftAt !== undefined || stillHeld.length < before.held.size;
  // Where nobody came back the limit was changed, or hosts were removed: an operator's word, which counts at once.
  const lifting = !tooMany && cameBack && stillHeld.length > 0;
  const liftAt = lifting ? (before.liftAt ?? now + grace) : undefined;
  const keeps = liftAt !== undefined && now < liftAt;
  const held = new Set(tooMany ? recent.map(([id]) => id) : keeps ? stillHeld : []);
  const released = new Set([...before.released].filter((id) => since.has(id)));
  const inGrace = (sign: HostSign) => !sign.heard && now < graceEnds;
  const down = signs.filter((sign) => sign.state === 'down' && !(inGrace(sign) && !released.has(sign.id)));
  const isHeld = ({ id }: HostSign) => held.has(id) && !released.has(id);
  const ids = (list: readonly HostSign[]) => list.map(({ id }) => id).sort();
  return {
    after: { since, held, released, liftAt: keeps ? liftAt : undefined },
    failed: ids(down.filter((sign) => !isHeld(sign))),
    held: ids(down.filter(isHeld)),
    share: held.size > 0 ? { vanished: held.size, hosts } : undefined,
    nextAt: earliest(signs.some(inGrace) ? graceEnds : undefined, keeps ? liftAt : undefined),
  };
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
