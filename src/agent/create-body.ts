import type { Assignment } from '../contract/link.ts';
import type { DockerSpec } from '../model/container.ts';
import { LABEL_CLUSTER, LABEL_GENERATION, LABEL_ID } from '../model/labels.ts';
import type { Endpoint } from '../model/span.ts';
import { dnsPart, type HostDns, withoutAliases } from './container-dns.ts';
import { coresOfShares } from './reservation.ts';

/** A container of this host that another one may refer to. */
export type Peer = Readonly<{ clusterId: string; engineId: string; name: string }>;

export type CreateContext = Readonly<{
  cluster: string;
  /** Processors of the host. */
  cpus: number;
  peers: readonly Peer[];
  /** Where the host has put the container's configs and secrets. */
  mounts?: readonly unknown[];
  /** Undefined where this host answers no names. */
  dns?: HostDns;
}>;

type Json = Readonly<Record<string, unknown>>;
type Need = Assignment['needs']['networks'][number];

/**
 * The body of `POST /containers/create` on the engine: the user's spec, with Berth's labels, the cluster ID's host name, and
 * references to containers and networks by their cluster IDs put into the engine's words.
 */
export function createBody(assignment: Assignment, context: CreateContext): DockerSpec {
  const { id, desired, needs } = assignment;
  const { spec } = desired;
  const hostConfig: Json = spec.HostConfig ?? {};
  const networks = new Map(needs.networks.map(({ id: networkId, spec: { Name } }) => [networkId, Name]));
  const mode = typeof hostConfig.NetworkMode === 'string' ? hostConfig.NetworkMode : '';
  return {
    ...spec,
    Hostname: spec.Hostname || defaultHostname(id, mode, hostConfig.UTSMode),
    Labels: {
      ...spec.Labels,
      [LABEL_ID]: id,
      [LABEL_CLUSTER]: context.cluster,
      [LABEL_GENERATION]: String(desired.generation),
    },
    HostConfig: {
      ...hostConfig,
      ...changed(hostConfig, 'NetworkMode', (value) => networks.get(value) ?? peerMode(value, context.peers)),
      ...changed(hostConfig, 'PidMode', (value) => peerMode(value, context.peers)),
      ...changed(hostConfig, 'IpcMode', (value) => peerMode(value, context.peers)),
      ...changedList(hostConfig, 'VolumesFrom', (value) => peerBefore(value, context.peers)),
      ...changedList(hostConfig, 'Links', (value) => peerBefore(value, context.peers)),
      ...withFiles(hostConfig, context.mounts ?? []),
      ...weight(hostConfig, context.cpus),
      ...dnsPart(assignment, context.dns),
    },
    ...endpoints(assignment, networks, context),
  };
}

function withFiles({ Mounts }: Json, mounts: readonly unknown[]): Json {
  return mounts.length === 0 ? {} : { Mounts: [...(Array.isArray(Mounts) ? Mounts : []), ...mounts] };
}

/** Docker's own default is the short engine ID; the cluster's is what the user knows and stays through fail-over. */
function defaultHostname(id: string, networkMode: string, utsMode: unknown): string | undefined {
  const shared = networkMode === 'host' || networkMode.startsWith('container:') || utsMode === 'host';
  return shared ? undefined : id.slice(0, 12);
}

/** Cores that were asked for as classic Swarm's CpuShares become the engine's weight, by classic Swarm's formula. */
function weight(hostConfig: Json, cpus: number): Json {
  const cores = coresOfShares(hostConfig);
  return cores === 0 ? {} : { CpuShares: Math.max(2, Math.ceil((cores * 1024) / Math.max(1, cpus))) };
}

/** `container:REF` with the engine's ID for a cluster ID. */
function peerMode(mode: string, peers: readonly Peer[]): string {
  const reference = /^container:(.+)$/.exec(mode)?.[1];
  return reference === undefined ? mode : `container:${engineReference(reference, peers)}`;
}

/** `REF:more` with the engine's ID for a cluster ID. */
function peerBefore(value: string, peers: readonly Peer[]): string {
  const [reference = '', rest] = value.split(/:(.*)/s);
  const mapped = engineReference(reference, peers);
  return rest === undefined ? mapped : `${mapped}:${rest}`;
}

/** As Docker resolves: the whole ID, then a name, then the beginning of one ID. What is not known passes as it is. */
function engineReference(reference: string, peers: readonly Peer[]): string {
  const exact = peers.find(({ clusterId }) => clusterId === reference);
  if (exact !== undefined) return exact.engineId;
  if (peers.some(({ name }) => name === reference.replace(/^\//, ''))) return reference;
  const begun = /^[0-9a-f]+$/.test(reference)
    ? peers.filter(({ clusterId }) => clusterId.startsWith(reference))
    : [];
  return begun.length === 1 && begun[0] !== undefined ? begun[0].engineId : reference;
}

/**
 * The container's networks at its create: engines before API 1.44 take one. Of those that span hosts it is the one that its
 * network mode names; it is connected to the others then.
 */
function endpoints(
  assignment: Assignment,
  networks: ReadonlyMap<string, string>,
  { peers, dns }: CreateContext,
): Json {
  const { NetworkingConfig } = assignment.desired.spec;
  const primary = primaryNetwork(assignment);
  const later = assignment.needs.networks.filter((need) => need.span !== undefined && need !== primary);
  const mapped = Object.entries(configsOf(assignment))
    .filter(([name]) => ![...later, primary].some((need) => need !== undefined && isNamed(need, name)))
    .map(([name, endpoint]) => [networks.get(name) ?? name, withPeers(endpoint, peers)] as const);
  if (primary !== undefined) {
    const config = withPeers(endpointConfigOf(assignment, primary), peers);
    mapped.push([
      primary.spec.Name,
      endpointConfig(config as Json, primary.endpoint, answered(primary.id, dns)),
    ]);
  }
  if (mapped.length === 0 && NetworkingConfig?.EndpointsConfig === undefined) return {};
  return { NetworkingConfig: { ...NetworkingConfig, EndpointsConfig: Object.fromEntries(mapped) } };
}

function answered(networkId: string, dns: HostDns | undefined): boolean {
  return dns?.answersIn(networkId) ?? false;
}

/** The network that spans hosts which the container is made on; undefined where that is another one, or none. */
export function primaryNetwork({ desired, needs }: Assignment): Need | undefined {
  const mode: unknown = desired.spec.HostConfig?.NetworkMode;
  return needs.networks.find((need) => need.span !== undefined && isNamed(need, mode));
}

/** What the user has set of the container's endpoint in a network: aliases, driver options. */
export function endpointConfigOf(assignment: Assignment, need: Need): Json {
  const [, config] = Object.entries(configsOf(assignment)).find(([name]) => isNamed(need, name)) ?? [];
  return typeof config === 'object' && config !== null ? (config as Json) : {};
}

/**
 * The same with the container's addresses in the cluster: the engine has no say in them.
 * @param answered this host answers names in that network, and so aliases are not the engine's affair either
 */
export function endpointConfig(config: Json, endpoint: Endpoint | undefined, answered: boolean): Json {
  const kept = answered ? withoutAliases(config) : config;
  if (endpoint === undefined) return kept;
  const { ipv4, ipv6, mac } = endpoint;
  const given = typeof config.IPAMConfig === 'object' ? config.IPAMConfig : {};
  const addresses = {
    ...(ipv4 === undefined ? {} : { IPv4Address: ipv4 }),
    ...(ipv6 === undefined ? {} : { IPv6Address: ipv6 }),
  };
  return { ...kept, IPAMConfig: { ...given, ...addresses }, MacAddress: mac };
}

function configsOf({ desired }: Assignment): Json {
  const configs: unknown = desired.spec.NetworkingConfig?.EndpointsConfig;
  return typeof configs === 'object' && configs !== null ? (configs as Json) : {};
}

function isNamed({ id, spec }: Need, name: unknown): boolean {
  return name === id || name === spec.Name;
}

function withPeers(endpoint: unknown, peers: readonly Peer[]): unknown {
  if (typeof endpoint !== 'object' || endpoint === null) return endpoint;
  const links = changedList(endpoint as Json, 'Links', (value) => peerBefore(value, peers));
  return Object.keys(links).length > 0 ? { ...endpoint, ...links } : endpoint;
}

function changed(from: Json, field: string, change: (value: string) => string): Json {
  const value = from[field];
  return typeof value === 'string' ? { [field]: change(value) } : {};
}

function changedList(from: Json, field: string, change: (value: string) => string): Json {
  const value = from[field];
  if (!Array.isArray(value)) return {};
  return { [field]: value.map((part: unknown) => (typeof part === 'string' ? change(part) : part)) };
}
