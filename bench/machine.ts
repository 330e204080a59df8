import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were taken on. */
export function machine() {
  const cores = cpus();
  return {
    cores: cores.length,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
  };
}

/** How busy the machine is with everything that runs on it: the mean of the last minute, over its cores. */
export function load(): string {
  return loadavg()[0]?.toFixed(2) ?? '?';
}
