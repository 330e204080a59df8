import { BerthError } from '../../kit/errors.ts';
import type { Container, DockerSpec, ObservedContainer } from '../../model/container.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import { say } from '../../model/said/index.ts';
import type { ContainerView } from '../../scheduler/host-view.ts';
import { plannedContainer } from '../../scheduler/place.ts';
import { type PortNeed, PROTOCOLS, sameAddress } from '../../scheduler/ports.ts';
import {
  imageReplicaKey,
  type PlacementRequest,
  placementRequest,
  serviceOf,
} from '../../scheduler/request.ts';

/** What a record asks for, without its name; specs are frozen, so it is read once. */
const known = new WeakMap<DockerSpec, Omit<ContainerView, 'key' | 'id' | 'name' | 'stopped'>>();

/** A request was made of `spec` already, which becomes a record's as it is. */
export function rememberRequest(spec: DockerSpec, request: PlacementRequest): void {
  known.set(spec, plannedContainer(request, '', ''));
}

/**
 * A container of Berth's as its host's view counts it: what it asks for, and the ports that the engine gave it.
 * @param seen what the agent of that host reported of it, if it has already
 */
export function managedView(container: Container, seen: readonly ObservedContainer[]): ContainerView {
  const { id, name, desired } = container;
  let asked = known.get(desired.spec);
  if (asked === undefined) {
    asked = read(desired.spec);
    known.set(desired.spec, asked);
  }
  const stopped = desired.state === 'stopped' || desired.state === 'removed';
  return {
    ...asked,
    key: id,
    id,
    name,
    stopped,
    ports: mergePorts(asked.ports, seen.flatMap(observedPorts)),
  };
}

/** A container that is on a host without being assigned to it: another's, or a copy that was left behind. */
export function observedView(seen: ObservedContainer): ContainerView {
  const { service, project } = serviceOf(seen.labels);
  const id = seen.clusterId ?? seen.engineId;
  return {
    key: id,
    id,
    name: seen.name,
    image: seen.image,
    labels: seen.labels,
    service: service ?? imageReplicaKey(seen.image),
    project,
    stopped: ['created', 'exited', 'dead', 'removing'].includes(seen.state.status),
    cpuMilli: Math.max(0, seen.reservation.cpuMilli),
    memory: Math.max(0, seen.reservation.memory),
    ports: mergePorts([], observedPorts(seen)),
  };
}

/** The container of an ingress host's HAProxy. */
export function isRouter({ labels }: ObservedContainer): boolean {
  return labels[LABEL_ROUTER] !== undefined;
}

/** It is in its host's network, so that its engine knows of no ports. One that does not run holds none: another may have them. */
export function routerView(seen: ObservedContainer, open: readonly number[]): ContainerView {
  const held = seen.state.status === 'running' ? open : [];
  return {
    ...observedView(seen),
    holder: say('placement.router'),
    ports: held.map((port) => ({ protocol: 'tcp', ip: '', from: port, to: port })),
  };
}

function read(spec: DockerSpec): Omit<ContainerView, 'key' | 'id' | 'name' | 'stopped'> {
  try {
    return plannedContainer(placementRequest('', spec), '', '');
  } catch (thrown) {
    if (!(thrown instanceof BerthError)) throw thrown;
    // Written by an older release with laxer rules: it must not keep others from being placed.
    const labels = spec.Labels ?? {};
    const { service, project } = serviceOf(labels);
    return {
      image: spec.Image,
      labels,
      service: service ?? imageReplicaKey(spec.Image),
      project,
      cpuMilli: 0,
      memory: 0,
      ports: [],
    };
  }
}

function observedPorts(seen: ObservedContainer): PortNeed[] {
  const ports: PortNeed[] = [];
  const add = (protocol: string, ip: string, port: number) => {
    const name = PROTOCOLS.find((one) => one === protocol);
    if (name !== undefined && port > 0) ports.push({ protocol: name, ip, from: port, to: port });
  };
  for (const { ip, port, protocol } of seen.reservation.ports) add(protocol, ip, port);
  for (const { ip, publicPort, type } of seen.ports)
    if (publicPort !== undefined) add(type, ip ?? '', publicPort);
  return ports;
}

/** True where the two hold the same ports of their host; nothing at all holds none. */
export function samePorts(a: ObservedContainer | undefined, b: ObservedContainer | undefined): boolean {
  const none = (seen: ObservedContainer | undefined) =>
    seen === undefined || seen.ports.length + seen.reservation.ports.length === 0;
  if (none(a) && none(b)) return true;
  return (
    JSON.stringify([a?.ports, a?.reservation.ports]) === JSON.stringify([b?.ports, b?.reservation.ports])
  );
}

/** A range of which one port was given is that port; what is named twice is held once. */
function mergePorts(asked: readonly PortNeed[], actual: readonly PortNeed[]): readonly PortNeed[] {
  if (actual.length === 0) return asked;
  const open = asked.filter(
    (need) =>
      need.from === need.to ||
      !actual.some(
        ({ protocol, ip, from }) =>
          protocol === need.protocol && from >= need.from && from <= need.to && sameAddress(ip, need.ip),
      ),
  );
  const merged = new Map<string, PortNeed>();
  for (const need of [...open, ...actual]) merged.set(JSON.stringify(need), need);
  return [...merged.values()];
}

/** True where the scheduler could not tell the two apart: most reports change nothing that it looks at. */
export function sameContainer(a: ContainerView, b: ContainerView): boolean {
  return (
    a.id === b.id &&
    a.name === b.name &&
    a.image === b.image &&
    a.service === b.service &&
    a.stopped === b.stopped &&
    a.cpuMilli === b.cpuMilli &&
    a.memory === b.memory &&
    (a.labels === b.labels || JSON.stringify(a.labels) === JSON.stringify(b.labels)) &&
    (a.ports === b.ports || JSON.stringify(a.ports) === JSON.stringify(b.ports))
  );
}
