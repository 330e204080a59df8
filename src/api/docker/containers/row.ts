import type { Container, EngineState, ObservedContainer, Port } from '../../../model/container.ts';
import { userLabels } from '../../../model/labels.ts';
import type { ReadTx } from '../../../store/store.ts';
import { isGivenUp, seenOf } from './find.ts';
import { type HostInfo, type HostTable, strangerHost } from './host-info.ts';
import { humanStatus } from './human-status.ts';

/** A container as lists see it: the cluster's record, or what an agent reports, or both. */
export type Row = Readonly<{
  id: string;
  name: string;
  host: HostInfo;
  /** Milliseconds since the epoch. */
  createdAt: number;
  record: Container | undefined;
  seen: ObservedContainer | undefined;
  state: EngineState;
}>;

/** Every container of the cluster, in no order. */
export function* rows(tx: ReadTx, hosts: HostTable, connected: (hostId: string) => boolean): Iterable<Row> {
  for (const record of tx.all('containers')) {
    if (!isGivenUp(record, connected)) yield rowOfRecord(tx, record, hosts);
  }
  for (const seen of tx.all('observedContainers')) {
    if (seen.clusterId === undefined) yield rowOfSeen(seen, hosts);
  }
}

function rowOfRecord(tx: ReadTx, record: Container, hosts: HostTable): Row {
  const seen = seenOf(tx, record);
  const { hostId } = record.assigned;
  const host = hosts.get(hostId) ?? strangerHost(hostId);
  const state = seen?.state ?? assumedState(record, host);
  return { id: record.id, name: record.name, host, createdAt: record.createdAt, record, seen, state };
}

function rowOfSeen(seen: ObservedContainer, hosts: HostTable): Row {
  const host = hosts.get(seen.hostId) ?? strangerHost(seen.hostId);
  const { engineId: id, name, state } = seen;
  return { id, name, host, createdAt: seen.created * 1000, record: undefined, seen, state };
}

/**
 * The state of a container that no agent has reported: not made yet, where its host is there; else as it is wanted, so
 * that a list right after a manager's start still shows what runs on hosts that have not connected yet.
 */
function assumedState(record: Container, host: HostInfo): EngineState {
  const wanted = {
    created: 'created',
    running: 'running',
    paused: 'paused',
    stopped: 'exited',
    removed: 'removing',
  };
  const status = host.reachable ? 'created' : (wanted[record.desired.state] as EngineState['status']);
  return { status, exitCode: 0, oomKilled: false, error: '', startedAt: 0, finishedAt: 0, health: 'none' };
}

export function labelsOf(row: Row): Record<string, string> {
  return userLabels(row.seen?.labels ?? row.record?.desired.spec.Labels ?? {});
}

export function imageOf(row: Row): string {
  return row.record?.desired.spec.Image ?? row.seen?.image ?? '';
}

export function portsOf(row: Row): readonly Port[] {
  return row.seen?.ports ?? [];
}

type Sizes = Readonly<{ SizeRw?: number; SizeRootFs?: number }>;

/** The row as `GET /containers/json` gives it, with classic Swarm's names: `/node/name`. */
export function entryOf(row: Row, now: number, sizes: Sizes = {}): Record<string, unknown> {
  const { seen, record, host, state } = row;
  const mode = seen?.networkMode ?? record?.desired.spec.HostConfig?.NetworkMode;
  return {
    Id: row.id,
    Names: [`/${host.name}/${row.name}`],
    Image: imageOf(row),
    ImageID: seen?.imageId ?? '',
    Command: seen?.command ?? '',
    Created: Math.floor(row.createdAt / 1000),
    Ports: listedPorts(portsOf(row), host.ip),
    ...sizes,
    Labels: labelsOf(row),
    State: state.status,
    Status: host.reachable ? humanStatus(state, now) : 'Host Down',
    HostConfig: { NetworkMode: typeof mode === 'string' && mode !== '' ? mode : 'default' },
    NetworkSettings: seen?.networkSettings ?? { Networks: {} },
    Mounts: seen?.mounts ?? [],
  };
}

/** 0.0.0.0 becomes the host's address; the same port on `::` is the same thing told twice. */
function listedPorts(ports: readonly Port[], ip: string): Record<string, unknown>[] {
  const key = (port: Port) => `${port.privatePort}/${port.type}/${port.publicPort}`;
  const every = new Set(ports.filter((port) => port.ip === '0.0.0.0').map(key));
  return ports
    .filter((port) => port.ip !== '::' || !every.has(key(port)))
    .map(({ ip: own, privatePort, publicPort, type }) => ({
      ...(own === undefined ? {} : { IP: own === '0.0.0.0' || own === '::' ? ip : own }),
      PrivatePort: privatePort,
      ...(publicPort === undefined ? {} : { PublicPort: publicPort }),
      Type: type,
    }));
}
