import type { Host, HostStatus } from '../../../model/host.ts';
import type { DockerCall } from '../call.ts';

/** A host as containers' entries speak of it. */
export type HostInfo = Readonly<{
  id: string;
  name: string;
  /** Address at which its published ports are reached; 0.0.0.0 where it is not known. */
  ip: string;
  labels: Readonly<Record<string, string>>;
  cpus: number;
  memory: number;
  /** Connected, and not silent. */
  reachable: boolean;
  /** Reachable, and all that is on it is known. */
  ready: boolean;
}>;

export type HostTable = ReadonlyMap<string, HostInfo>;

/** All hosts of the cluster by ID, read once per request. */
export function hostTable({ deps }: Pick<DockerCall, 'deps'>): HostTable {
  return deps.store.view((tx) => {
    const table = new Map<string, HostInfo>();
    for (const host of tx.all('hosts')) {
      table.set(host.id, hostInfo(host, tx.get('hostStatus', host.id), deps.engines.connected(host.id)));
    }
    return table;
  });
}

/** One host; what a stranger looks like where it is not in the table any more. */
export function hostInfoOf({ deps }: Pick<DockerCall, 'deps'>, id: string): HostInfo {
  return deps.store.view((tx) => {
    const host = tx.get('hosts', id);
    if (host === undefined) return strangerHost(id);
    return hostInfo(host, tx.get('hostStatus', id), deps.engines.connected(id));
  });
}

function hostInfo(host: Host, status: HostStatus | undefined, connected: boolean): HostInfo {
  return {
    id: host.id,
    name: host.name,
    ip: status?.dataAddress || addressOf(status?.address ?? '') || '0.0.0.0',
    labels: { ...status?.engine?.labels, ...host.labels },
    cpus: status?.engine?.cpus ?? 0,
    memory: status?.engine?.memory ?? 0,
    reachable: connected && status?.state !== 'down',
    ready: connected && status?.state === 'ready',
  };
}

/** What a host that is not in the table any more looks like. */
export function strangerHost(id: string): HostInfo {
  return { id, name: id, ip: '0.0.0.0', labels: {}, cpus: 0, memory: 0, reachable: false, ready: false };
}

/** `10.0.0.1:4711` and `[fd00::1]:4711` without the port. */
function addressOf(hostPort: string): string {
  return hostPort.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
