import type { Host, HostState, HostStatus } from '../../../model/host.ts';
import { defaultSettings } from '../../../model/settings.ts';
import { FILTERS } from '../../../scheduler/filters/registry.ts';
import type { ReadTx } from '../../../store/store.ts';
import { SETTINGS_KEY } from '../../../store/tables.ts';
import { bytesSize } from './bytes-size.ts';

/** Counts of containers, by state. */
export type ContainerCounts = Readonly<{ all: number; running: number; paused: number; stopped: number }>;

/** Classic Swarm's words for a host's state (cluster/engine.go of docker/swarm). */
const STATUS: Readonly<Record<HostState, string>> = {
  pending: 'Pending',
  ready: 'Healthy',
  suspect: 'Unhealthy',
  down: 'Disconnected',
};

/** Counts what is on a host, or on all of them. */
export function countContainers(tx: ReadTx, hostId?: string): ContainerCounts {
  const counts = { all: 0, running: 0, paused: 0, stopped: 0 };
  const containers =
    hostId === undefined ? tx.all('observedContainers') : tx.by('observedContainers', 'host', hostId);
  for (const { state } of containers) {
    counts.all++;
    // Restarting counts as running and paused does not, as in the engine's own `info`.
    if (state.status === 'paused') counts.paused++;
    else if (state.status === 'running' || state.status === 'restarting') counts.running++;
    else counts.stopped++;
  }
  return counts;
}

/**
 * `SystemStatus` of `docker info` as classic Swarm writes it: pairs which the CLI prints as `key: value`, so that
 * spaces and `└` in the keys make a tree. Hosts are sorted by name.
 */
export function clusterStatus(tx: ReadTx): [string, string][] {
  const settings = tx.get('settings', SETTINGS_KEY)?.settings ?? defaultSettings;
  const hosts = [...tx.all('hosts')].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    ['Role', 'primary'],
    ['Strategy', settings.strategy],
    ['Filters', FILTERS.map(({ name }) => name).join(', ')],
    ['Nodes', String(hosts.length)],
    ...hosts.flatMap((host) => hostLines(tx, host)),
  ];
}

function hostLines(tx: ReadTx, host: Host): [string, string][] {
  const status = tx.get('hostStatus', host.id);
  const counts = countContainers(tx, host.id);
  const used = reserved(tx, host.id);
  const engine = status?.engine;
  const state = status?.state ?? 'pending';
  const lines: [string, string][] = [
    [` ${host.name}`, status?.address || '(never connected)'],
    ['  └ ID', host.id],
    ['  └ Status', STATUS[state]],
    [
      '  └ Containers',
      `${counts.all} (${counts.running} Running, ${counts.paused} Paused, ${counts.stopped} Stopped)`,
    ],
    ['  └ Reserved CPUs', `${used.cpuMilli / 1000} / ${engine?.cpus ?? 0}`],
    ['  └ Reserved Memory', `${bytesSize(used.memory)} / ${bytesSize(engine?.memory ?? 0)}`],
    ['  └ Labels', labelLine(host, status)],
    ['  └ UpdatedAt', new Date(status?.lastHeardAt ?? 0).toISOString().replace(/\.\d+Z$/, 'Z')],
    ['  └ ServerVersion', engine?.serverVersion ?? ''],
  ];
  // Only of a host that has one: a healthy host has exactly classic Swarm's lines.
  if (state !== 'ready' && status?.reason) lines.push(['  └ Error', status.reason]);
  return lines;
}

/** What the containers on a host have asked for; stopped ones count, as in classic Swarm. */
function reserved(tx: ReadTx, hostId: string): { cpuMilli: number; memory: number } {
  const sum = { cpuMilli: 0, memory: 0 };
  for (const { reservation } of tx.by('observedContainers', 'host', hostId)) {
    sum.cpuMilli += reservation.cpuMilli;
    sum.memory += reservation.memory;
  }
  return sum;
}

/** The operator's labels over the engine's own, and the four that classic Swarm adds; sorted. */
function labelLine(host: Host, status: HostStatus | undefined): string {
  const engine = status?.engine;
  const own: Record<string, string> =
    engine === undefined
      ? {}
      : {
          kernelversion: engine.kernelVersion,
          operatingsystem: engine.operatingSystem,
          ostype: engine.osType,
          storagedriver: engine.storageDriver,
        };
  return Object.entries({ ...own, ...engine?.labels, ...host.labels })
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ');
}
