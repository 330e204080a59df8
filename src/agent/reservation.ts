import type { Reservation } from '../model/container.ts';
import { MOST_SHARES_AS_CORES } from '../model/cpu-shares.ts';

/** The parts of an inspect answer that say what a container holds of its host. */
type Holder = Readonly<{
  HostConfig: Readonly<Record<string, unknown>>;
  ExposedPorts: Readonly<Record<string, unknown>> | null | undefined;
  /** `NetworkSettings.Ports`: what is bound now; empty while it does not run. */
  boundPorts: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[] | null>>;
}>;

/** Cores that `HostConfig.CpuShares` asks for, where it is meant so; 0 otherwise. */
export function coresOfShares(hostConfig: Readonly<Record<string, unknown>>): number {
  const shares = amount(hostConfig, 'CpuShares');
  return shares <= MOST_SHARES_AS_CORES ? shares : 0;
}

/**
 * What a container reserves, by the scheduler's rules: CPU is NanoCpus, else CpuQuota / CpuPeriod, else `cores`; memory is
 * MemoryReservation, else Memory; ports are those asked for, running or not, and those that the engine chose.
 * @param cores what the assignment's CpuShares asked for: the engine itself was given a weight
 */
export function reservationOf(holder: Holder, cores = 0): Reservation {
  const { HostConfig } = holder;
  const nanoCpus = amount(HostConfig, 'NanoCpus');
  const quota = amount(HostConfig, 'CpuQuota') / (amount(HostConfig, 'CpuPeriod') || 100_000);
  const limited = nanoCpus > 0 ? nanoCpus / 1e6 : quota * 1000;
  return {
    cpuMilli: Math.ceil(limited > 0 ? limited : cores * 1000),
    memory: amount(HostConfig, 'MemoryReservation') || amount(HostConfig, 'Memory'),
    ports: HostConfig.NetworkMode === 'host' ? exposed(holder) : published(holder),
  };
}

type HeldPort = Reservation['ports'][number];

function exposed({ ExposedPorts }: Holder): HeldPort[] {
  return Object.keys(ExposedPorts ?? {}).flatMap((spec) => {
    const [range = '', protocol = 'tcp'] = spec.split('/');
    const [from = 0, to = from] = range.split('-').map(Number);
    return portsBetween(from, to).map((port) => ({ ip: '', port, protocol }));
  });
}

function published({ HostConfig, boundPorts }: Holder): HeldPort[] {
  const bindings = HostConfig.PortBindings;
  const asked = typeof bindings === 'object' && bindings !== null ? (bindings as Holder['boundPorts']) : {};
  const held = new Map<string, HeldPort>();
  for (const [spec, binds] of [...Object.entries(asked), ...Object.entries(boundPorts)]) {
    const protocol = spec.split('/')[1] ?? 'tcp';
    for (const bind of Array.isArray(binds) ? binds : []) {
      const ip = String(bind.HostIp ?? '');
      // A range or an empty one is settled when the container runs, and then stands in what is bound.
      const port = Number(bind.HostPort || 0);
      const anywhere = ip === '' || ip === '0.0.0.0' || ip === '::' ? '' : ip;
      if (Number.isInteger(port) && port > 0)
        held.set(`${anywhere}/${port}/${protocol}`, { ip: anywhere, port, protocol });
    }
  }
  return [...held.values()];
}

function portsBetween(from: number, to: number): number[] {
  if (!(from >= 1 && to >= from && to <= 65_535)) return [];
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function amount(hostConfig: Readonly<Record<string, unknown>>, field: string): number {
  const value = hostConfig[field];
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
