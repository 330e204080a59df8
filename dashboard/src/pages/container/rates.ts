import type { ContainerStats } from '../../../../src/contract/v1/containers.ts';

export type Rates = Readonly<{
  cores: number;
  /** Bytes a second. */
  received: number;
  sent: number;
  read: number;
  written: number;
}>;

/** Of two readings; undefined where they are of two runs of the container, or of the same moment. */
export function ratesOf(before: ContainerStats | undefined, now: ContainerStats): Rates | undefined {
  if (before === undefined) return undefined;
  const seconds = (now.at - before.at) / 1000;
  if (seconds <= 0 || now.cpu < before.cpu) return undefined;
  const rate = (of: 'received' | 'sent' | 'read' | 'written') => Math.max(0, now[of] - before[of]) / seconds;
  return {
    cores: (now.cpu - before.cpu) / 1e6 / seconds,
    ...{ received: rate('received'), sent: rate('sent'), read: rate('read'), written: rate('written') },
  };
}
