import { BerthError } from '../kit/errors.ts';
import { MOST_SHARES_AS_CORES } from '../model/cpu-shares.ts';
import { say } from '../model/said/index.ts';

/** CPU in thousandths of a core, memory in bytes; 0 asks for none in particular. */
export type Resources = Readonly<{
  /** Set aside on the host. */
  cpuMilli: number;
  memory: number;
  /** Never exceeded by the container; the host must be that large as a whole. */
  cpuLimitMilli: number;
  memoryLimit: number;
}>;

/**
 * What the `HostConfig` of a create body asks for: memory is `MemoryReservation`, else `Memory`; CPU is `NanoCpus`, else
 * `CpuQuota` / `CpuPeriod`, else `CpuShares`.
 * @throws BerthError `bad_request` where a number is negative or none
 */
export function resourcesOf(hostConfig: Readonly<Record<string, unknown>>): Resources {
  const amount = (field: string, unit: string) => amountOf(hostConfig, field, unit);
  const memoryLimit = amount('Memory', 'bytes');
  const reservation = amount('MemoryReservation', 'bytes');
  if (reservation > memoryLimit && memoryLimit > 0)
    throw new BerthError(
      'bad_request',
      `HostConfig.MemoryReservation ${reservation} is more than HostConfig.Memory ${memoryLimit}: lower it, or raise the limit`,
    );
  const nanoCpus = amount('NanoCpus', 'billionths of a core');
  const shares = amount('CpuShares', 'a relative weight');
  const period = amount('CpuPeriod', 'microseconds') || 100_000;
  // -1 is the engine's word for "no quota".
  const quota = hostConfig.CpuQuota === -1 ? 0 : amount('CpuQuota', 'microseconds');
  const cpuLimitMilli = nanoCpus > 0 ? nanoCpus / 1e6 : (quota / period) * 1000;
  const cores = shares <= MOST_SHARES_AS_CORES ? shares : 0;
  return {
    cpuMilli: Math.ceil(cpuLimitMilli > 0 ? cpuLimitMilli : cores * 1000),
    memory: reservation > 0 ? reservation : memoryLimit,
    cpuLimitMilli: Math.ceil(cpuLimitMilli),
    memoryLimit,
  };
}

function amountOf(hostConfig: Readonly<Record<string, unknown>>, field: string, unit: string): number {
  const value = hostConfig[field] ?? 0;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new BerthError(
    'bad_request',
    `HostConfig.${field} is ${JSON.stringify(value)}: write a number of at least 0 (${unit}), 0 for none`,
  );
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `8 GiB`, `1.5 GiB`, `512 B`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.floor(value * 10) / 10} ${UNITS[unit]}`;
}

/** `0.5 cores`, `1 core`. */
export function cpuText(milli: number): string {
  const cores = Math.floor(milli / 10) / 100;
  return cores === 1 ? say('placement.cores.one') : say('placement.cores.many', { n: cores });
}
