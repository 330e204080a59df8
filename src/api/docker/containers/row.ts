import type { Container, EngineState, ObservedContainer, Port } from '../../../model/container.ts';
import { userLabels } from '../../../model/labels.ts';
import { healthOf } from '../../../model/readiness.ts';
import { seenOf } from '../../../store/seen.ts';
import type { ReadTx } from '../../../store/store.ts';
import type { Candidate } from './candidates.ts';
import { clusterNetworkSettings, shownMode } from './cluster-networks.ts';
import { isGivenUp } from './find.ts';
import { type HostInfo, type HostTable, strangerHost } from './host-info.ts';
import { humanStatus } from './human-status.ts';
import { waitsForStart } from './live-state.ts';

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
  /** Its host is there, and it is not: removed behind Berth's back. */
  lost: boolean;
  /** As its engine has it, with the cluster's names for what is the cluster's. */
  networkSettings: unknown;
  networkMode: string;
}>;

/** What a row is made with, beside the store. */
export type RowContext = Readonly<{
  hosts: HostTable;
  connected(hostId: string): boolean;
  /** As `Assignments` has it. */
  isDue(container: Container): boolean;
  /** Milliseconds since the epoch. */
  now: number;
}>;

/** The row of a candidate; undefined where it is gone, or was given up. */
export function rowOf(tx: ReadTx, { id, seen }: Candidate, context: RowContext): Row | undefined {
  if (seen !== undefined) return rowOfSeen(tx, seen, context.hosts);
  const record = tx.get('containers', id);
  return record === undefined || isGivenUp(record, context.connected)
    ? undefined
    : rowOfRecord(tx, record, context);
}

function rowOfRecord(tx: ReadTx, record: Container, context: RowContext): Row {
  const seen = seenOf(tx, record);
  const { hostId } = record.assigned;
  const host = context.hosts.get(hostId) ?? strangerHost(hostId);
  const { id, name, createdAt } = record;
  const lost = seen === undefined && isLost(record, host, context);
  const state = stateOf(record, seen, host, lost);
  const networkSettings = clusterNetworkSettings(tx, hostId, seen?.networkSettings, {
    engine: seen?.engineId,
    cluster: id,
  }) ?? { Networks: {} };
  const networkMode = shownMode(tx, seen?.networkMode ?? record.desired.spec.HostConfig?.NetworkMode);
  return { id, name, host, createdAt, record, seen, state, lost, networkSettings, networkMode };
}

function rowOfSeen(tx: ReadTx, seen: ObservedContainer, hosts: HostTable): Row {
  const host = hosts.get(seen.hostId) ?? strangerHost(seen.hostId);
  const { engineId: id, name, state } = seen;
  return {
    ...{ id, name, host, createdAt: seen.created * 1000, record: undefined, seen, state, lost: false },
    networkSettings: clusterNetworkSettings(tx, seen.hostId, seen.networkSettings, {
      engine: id,
      cluster: id,
    }) ?? { Networks: {} },
    networkMode: shownMode(tx, seen.networkMode),
  };
}

/** A host has so long to make what is new to it where this manager has not been there to hear of it. */
const MAKING_MS = 10_000;

/** Its host may be about to make it still, or its engine has refused to. */
export function isUnmade(record: Container, { isDue, now }: Pick<RowContext, 'isDue' | 'now'>): boolean {
  const { assigned, service } = record;
  return now - assigned.at <= MAKING_MS || service?.refusal !== undefined || isDue(record);
}

function isLost(record: Container, host: HostInfo, context: RowContext): boolean {
  const wanted = record.desired.state !== 'created' && record.desired.state !== 'removed';
  return host.ready && wanted && !isUnmade(record, context);
}

/** The engine's word, save for what is ended and the agent is about to start again, and what is gone. */
function stateOf(
  record: Container,
  seen: ObservedContainer | undefined,
  host: HostInfo,
  lost: boolean,
): EngineState {
  if (seen === undefined) {
    const state = assumedState(record, host);
    return lost ? { ...state, status: 'dead' } : state;
  }
  if (waitsForStart({ record, seen })) return { ...seen.state, status: 'restarting' };
  return seen.probes === undefined ? seen.state : { ...seen.state, health: healthOf(seen) };
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
  const { seen, host, state } = row;
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
    Status: statusOf(row, now),
    HostConfig: { NetworkMode: row.networkMode },
    NetworkSettings: row.networkSettings,
    Mounts: seen?.mounts ?? [],
  };
}

function statusOf({ host, lost, state }: Row, now: number): string {
  if (!host.reachable) return 'Host Down';
  return lost ? 'Lost (removed on its host)' : humanStatus(state, now);
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
