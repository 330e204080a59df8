import type { ContainerView } from '../../contract/v1/containers.ts';
import type { Container, ObservedContainer } from '../../model/container.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import { healthOf } from '../../model/readiness.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx } from '../../store/store.ts';
import { waitsForStart } from '../docker/containers/live-state.ts';
import { isUnmanaged } from '../orphans.ts';

/** The engine's word, but for what its agent is about to start again. */
export function shownState(record: Container, seen: ObservedContainer | undefined): string {
  if (seen === undefined) return 'pending';
  return waitsForStart({ record, seen }) ? 'restarting' : seen.state.status;
}

/** A container of the cluster, as lists of the API show it. */
export function recordView(tx: ReadTx, record: Container): ContainerView {
  const seen = seenOf(tx, record);
  const { id, name, createdAt, desired, service } = record;
  return {
    ...{ id, name, managed: true, createdAt, ...placeOf(tx, record.assigned.hostId), ...runOf(seen) },
    image: desired.spec.Image,
    state: shownState(record, seen),
    ...(service === undefined ? {} : { service: { stack: service.stack, name: service.name } }),
  };
}

/** A container that was not made through the cluster: a router of Berth's, or somebody's with plain docker. */
export function seenView(tx: ReadTx, seen: ObservedContainer): ContainerView {
  const { engineId: id, name, image, hostId, state } = seen;
  return {
    ...{ id, name, managed: false, image, ...placeOf(tx, hostId), ...runOf(seen) },
    ...(seen.labels[LABEL_ROUTER] === undefined ? {} : { router: true }),
    createdAt: seen.created * 1000,
    state: state.status,
  };
}

/** All that is on a host, or on its way to it. */
export function* viewsOfHost(tx: ReadTx, hostId: string): Iterable<ContainerView> {
  for (const record of tx.by('containers', 'host', hostId)) yield recordView(tx, record);
  for (const seen of tx.by('observedContainers', 'host', hostId))
    if (isUnmanaged(tx, seen)) yield seenView(tx, seen);
}

function placeOf(tx: ReadTx, hostId: string): Pick<ContainerView, 'hostId' | 'hostName'> {
  return { hostId, hostName: tx.get('hosts', hostId)?.name ?? hostId };
}

type Run = Pick<ContainerView, 'command' | 'health' | 'exitCode' | 'startedAt' | 'ports'>;

function runOf(seen: ObservedContainer | undefined): Run {
  if (seen === undefined) return { command: '', health: 'none', exitCode: 0, startedAt: 0, ports: [] };
  const { command, state, ports } = seen;
  const { exitCode, startedAt } = state;
  return { command, health: healthOf(seen), exitCode, startedAt, ports };
}
