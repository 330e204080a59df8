import type { ContainerLoad } from '../../contract/link.ts';
import type { Counters } from './counters.ts';

/** One look at a container's counters, at a time by a clock that is never set (milliseconds). */
export type Reading = Readonly<{ at: number; counters: Counters }>;

export type Means = Readonly<{
  /** Cores that it asks for or may use at most; the host's where it says neither. */
  cores: number;
  /** Bytes of the host. */
  hostMemory: number;
  /** False on the host's own network, which is everybody's. */
  ownNetwork: boolean;
}>;

/** What it did between two looks; undefined where nothing can be told of it: counters that go back are another run's. */
export function loadOf(
  before: Reading,
  after: Reading,
  { cores, hostMemory, ownNetwork }: Means,
): Omit<ContainerLoad, 'id'> | undefined {
  const ms = after.at - before.at;
  const [from, to] = [before.counters, after.counters];
  if (ms <= 0 || !Object.values(to).every((value) => value >= 0)) return undefined;
  if (to.cpu < from.cpu || to.received < from.received || to.sent < from.sent) return undefined;
  const perSecond = (bytes: number) => Math.round((bytes / ms) * 1000);
  const limit = Math.min(to.memoryLimit, hostMemory);
  return {
    cpu: (to.cpu - from.cpu) / 10 / ms / cores,
    memory: limit > 0 ? (to.memory / limit) * 100 : 0,
    ...(ownNetwork
      ? { networkIn: perSecond(to.received - from.received), networkOut: perSecond(to.sent - from.sent) }
      : {}),
  };
}
