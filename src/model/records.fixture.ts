import type { ObservedContainer } from './container.ts';
import type { Host, HostStatus } from './host.ts';

/** Records for tests in which only a part of them matters. */

export function hostRecord(id: string, more: Partial<Host> = {}): Host {
  return {
    ...{ kind: 'host', id, name: id, labels: {}, cordoned: false, certFingerprint: '' },
    ...{ machineId: '', joinedAt: 0, joinTokenId: '' },
    ...more,
  };
}

/** Ready, and with nothing said of its engine. */
export function hostStatusRecord(id: string, more: Partial<HostStatus> = {}): HostStatus {
  return {
    ...{ kind: 'host-status', id, state: 'ready', reason: '', address: '', dataAddress: '10.0.0.1' },
    ...{ agentVersion: '', engine: undefined, lastHeardAt: 0, connectedAt: 0 },
    ...more,
  };
}

/** What an engine tells of a container that runs. */
export const RUNNING: ObservedContainer['state'] = {
  ...{ status: 'running', exitCode: 0, oomKilled: false, error: '' },
  ...{ startedAt: 0, finishedAt: 0, health: 'none' },
};

export function observedContainer(
  hostId: string,
  engineId: string,
  more: Partial<ObservedContainer> = {},
): ObservedContainer {
  return {
    ...{ kind: 'observed-container', hostId, engineId, clusterId: undefined, generation: 1, name: engineId },
    ...{ state: RUNNING, created: 0, image: 'busybox', imageId: '', command: '', labels: {}, ports: [] },
    ...{ networkMode: 'default', networkSettings: {}, mounts: [] },
    reservation: { cpuMilli: 0, memory: 0, ports: [] },
    ...more,
  };
}
