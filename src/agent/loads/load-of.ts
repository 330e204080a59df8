import type { ContainerLoad } from '../../contract/link.ts';
import type { CONTAINER_ROW, Figures } from '../../model/figures.ts';
import type { Counters } from './counters.ts';
import type { Reading } from './readings.ts';

export type Means = Readonly<{
  /** Cores that it asks for or may use at most; the host's where it says neither. */
  cores: number;
  /** Bytes of the host. */
  hostMemory: number;
  /** False on the host's own network, which is everybody's. */
  ownNetwork: boolean;
}>;

type Span = Readonly<{ ms: number; from: Counters; to: Counters }>;

/** Undefined where nothing can be told of it: counters that go back are another run's. */
function spanOf(before: Reading, after: Reading): Span | undefined {
  const ms = after.at - before.at;
  const [from, to] = [before.counters, after.counters];
  const { cpu, memory, memoryLimit, received, sent } = to;
  if (before.run !== after.run || ms <= 0) return undefined;
  if (![cpu, memory, memoryLimit, received, sent].every((value) => value >= 0)) return undefined;
  if (cpu < from.cpu || received < from.received || sent < from.sent) return undefined;
  return { ms, from, to };
}

const perSecond = (bytes: number, ms: number) => Math.round((bytes / ms) * 1000);

/** What it did between two looks, for services that scale by that. */
export function loadOf(
  before: Reading,
  after: Reading,
  { cores, hostMemory, ownNetwork }: Means,
): Omit<ContainerLoad, 'id'> | undefined {
  const span = spanOf(before, after);
  if (span === undefined) return undefined;
  const { ms, from, to } = span;
  const limit = Math.min(to.memoryLimit, hostMemory);
  return {
    cpu: (to.cpu - from.cpu) / 10 / ms / cores,
    memory: limit > 0 ? (to.memory / limit) * 100 : 0,
    ...(ownNetwork
      ? {
          networkIn: perSecond(to.received - from.received, ms),
          networkOut: perSecond(to.sent - from.sent, ms),
        }
      : {}),
  };
}

/** What it did between two looks, for whoever looks at it. */
export function containerFigures(
  before: Reading,
  after: Reading,
  {
    coreLimit,
    hostMemory,
    ownNetwork,
  }: Omit<Means, 'cores'> & Readonly<{ /** 0: none */ coreLimit: number }>,
): Figures<(typeof CONTAINER_ROW)[number]> | undefined {
  const span = spanOf(before, after);
  if (span === undefined) return undefined;
  const { ms, from, to } = span;
  const network = (bytes: number) => (ownNetwork ? perSecond(bytes, ms) : Number.NaN);
  // A disk that was taken away takes its counts along.
  const disk = (bytes: number) => perSecond(Math.max(0, bytes), ms);
  return {
    // To a ten-thousandth of a core: what does nothing is as it was.
    cpu: Math.round(((to.cpu - from.cpu) / ms) * 10) / 10_000,
    memory: to.memory,
    networkIn: network(to.received - from.received),
    networkOut: network(to.sent - from.sent),
    diskRead: disk(to.diskRead - from.diskRead),
    diskWrite: disk(to.diskWrite - from.diskWrite),
    pids: to.pids,
    coreLimit,
    memoryLimit: to.memoryLimit < hostMemory ? to.memoryLimit : 0,
  };
}
