import { networkNames, volumeNames } from '../../../../src/contract/page-client.ts';
import type { RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';

export type StackSpec = RouteOutput<Routes['stack.get']>['spec'];
type Service = StackSpec['services'][number];
/** A name that leads to a service of the stack: a domain with its path, or a port of the ingress hosts. */
export type Lead = Readonly<{ name: string; service: string }>;

export type PartKind = 'lead' | 'service' | 'volume' | 'external' | 'network';
/** One thing on the picture. */
export type Part = Readonly<{
  /** Unique: kind and name. */
  id: string;
  kind: PartKind;
  name: string;
  /** It was there before the stack, and stays behind it. */
  isOutside: boolean;
}>;
export type EdgeKind = 'leads' | 'waits' | 'mounts' | 'joins';
export type Edge = Readonly<{ from: string; to: string; kind: EdgeKind }>;
export type Shape = Readonly<{ parts: readonly Part[]; edges: readonly Edge[] }>;

export function idOf(kind: PartKind, name: string): string {
  return `${kind}/${name}`;
}

/** What a stack is made of, and how that hangs together. */
export function shapeOf(spec: StackSpec, leads: readonly Lead[]): Shape {
  const part = (kind: PartKind, name: string, isOutside = false): Part => ({
    ...{ id: idOf(kind, name), kind, name, isOutside },
  });
  const known = new Set(spec.services.map(({ name }) => name));
  const own = leads.filter(({ service }) => known.has(service));
  return {
    parts: [
      ...[...new Set(own.map(({ name }) => name))].map((name) => part('lead', name)),
      ...spec.services.map(({ name }) => part('service', name)),
      ...spec.volumes.map(({ key, external }) => part('volume', key, external)),
      ...spec.externals.map(({ name }) => part('external', name, true)),
      ...spec.networks.map(({ key, external }) => part('network', key, external)),
    ],
    edges: [
      ...own.map(({ name, service }) => edge('leads', idOf('lead', name), service)),
      ...spec.services.flatMap((service) => edgesOf(service, spec, known)),
    ],
  };
}

function edge(kind: EdgeKind, from: string, service: string): Edge {
  return { kind, from, to: idOf('service', service) };
}

function edgesOf(
  { name, container, dependsOn }: Service,
  spec: StackSpec,
  known: ReadonlySet<string>,
): Edge[] {
  const from = idOf('service', name);
  const networks = new Set(networkNames(container));
  const volumes = new Set(volumeNames(container));
  return [
    ...dependsOn
      .filter(({ service }) => known.has(service))
      .map(({ service }): Edge => ({ kind: 'waits', from, to: idOf('service', service) })),
    ...spec.volumes
      .filter(({ key, spec: { Name = key } }) => volumes.has(Name))
      .map(({ key }): Edge => ({ kind: 'mounts', from, to: idOf('volume', key) })),
    ...spec.networks
      .filter((one) => networks.has(one.spec.Name))
      .map(({ key }): Edge => ({ kind: 'joins', from, to: idOf('network', key) })),
  ];
}

/** Names at the other ends of a part's edges of that kind, in the order of their names. */
export function namesAt(shape: Shape, id: string, kind: EdgeKind, end: 'from' | 'to'): string[] {
  const other = end === 'from' ? 'to' : 'from';
  const ids = new Set(
    shape.edges.filter((one) => one.kind === kind && one[end] === id).map((one) => one[other]),
  );
  return shape.parts
    .filter((one) => ids.has(one.id))
    .map(({ name }) => name)
    .sort();
}
