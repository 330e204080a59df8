import { BerthError } from '../../kit/errors.ts';
import type { Container, DockerSpec } from '../../model/container.ts';
import { normalIp, overlaps, parseSubnet } from '../../model/ip.ts';
import { normalMac } from '../../model/mac.ts';
import { networkNames } from '../../model/network-names.ts';
import type { Network } from '../../model/objects.ts';
import type { Endpoint, Span } from '../../model/span.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { takeEndpoint } from './take-address.ts';

export type SpanningNetwork = Network & Readonly<{ span: Span }>;

/** Seed 004's way to ask for an address, of the network that the container is run on. */
const ADDRESS_LABELS = {
  ipv4: 'com.docker.network.endpoint.ipv4address',
  ipv6: 'com.docker.network.endpoint.ipv6address',
} as const;

export function isSpanning(network: Network | undefined): network is SpanningNetwork {
  return network?.span !== undefined;
}

/** The network that spans hosts which a reference in a spec stands for: by ID, by name, or by the beginning of its ID. */
export function spanningNetwork(tx: ReadTx, reference: string): SpanningNetwork | undefined {
  const byId = tx.get('networks', reference);
  if (byId !== undefined) return isOpen(byId) ? byId : undefined;
  const [named] = tx.by('networks', 'name', reference);
  if (named !== undefined) return isOpen(named) ? named : undefined;
  if (!/^[0-9a-f]{12,64}$/.test(reference)) return undefined;
  const begun = [...tx.all('networks')].filter(({ id }) => id.startsWith(reference));
  return begun.length === 1 && isOpen(begun[0]) ? begun[0] : undefined;
}

/** False of one that is a host's own. */
function isOpen(network: Network | undefined): network is SpanningNetwork {
  return isSpanning(network) && network.plainOn === undefined;
}

/** What a user asks for in one network. */
type Asked = Readonly<{ ipv4?: string; ipv6?: string; mac?: string }>;

/**
 * Takes the addresses of a container that is about to be written, in each network of its spec that spans hosts.
 * @throws BerthError see `takeEndpoint`
 */
export function takeAddresses(tx: WriteTx, { id, name, desired }: Container, now: number): void {
  const { spec } = desired;
  refuseOverlap(
    networkNames(spec).flatMap((reference) => spanningNetwork(tx, reference) ?? []),
    name,
  );
  for (const reference of networkNames(spec)) {
    const network = spanningNetwork(tx, reference);
    if (network === undefined) continue;
    const asked = { ...askedOfEndpoint(endpointOf(spec, reference)), ...askedOfContainer(spec, reference) };
    takeEndpoint(tx, now, { network, holder: { kind: 'container', id }, name, ...asked });
  }
}

/**
 * A container cannot tell which way leads to an address that two of its networks have.
 * @throws BerthError `conflict`
 */
export function refuseOverlap(networks: readonly SpanningNetwork[], container: string): void {
  const subnets = networks.flatMap(({ name, span }) =>
    span.pools.flatMap(({ subnet }) => {
      const parsed = parseSubnet(subnet);
      return parsed === undefined ? [] : [{ name, subnet, parsed }];
    }),
  );
  for (const [i, one] of subnets.entries())
    for (const other of subnets.slice(0, i))
      if (one.name !== other.name && overlaps(one.parsed, other.parsed))
        throw new BerthError(
          'conflict',
          `container ${container} cannot be on networks ${other.name} and ${one.name} at once: ${other.subnet} and ${one.subnet} overlap`,
          { hint: 'make one of the networks with another --subnet' },
        );
}

/** What a container has in a network; undefined where it has nothing. */
export function endpointIn(tx: ReadTx, containerId: string, networkId: string): Endpoint | undefined {
  let found: Endpoint | undefined;
  for (const { networkId: own, ip, mac } of tx.by('addresses', 'container', containerId)) {
    if (own !== networkId) continue;
    found = { ...found, mac, ...(ip.includes(':') ? { ipv6: ip } : { ipv4: ip }) };
  }
  return found;
}

function endpointOf({ NetworkingConfig }: DockerSpec, reference: string): unknown {
  const endpoints = NetworkingConfig?.EndpointsConfig;
  return typeof endpoints === 'object' && endpoints !== null
    ? (endpoints as Readonly<Record<string, unknown>>)[reference]
    : undefined;
}

/** What an `EndpointSettings` of Docker's API asks for. */
export function askedOfEndpoint(endpoint: unknown): Asked {
  const { IPAMConfig, MacAddress } = objectOf(endpoint);
  const { IPv4Address, IPv6Address } = objectOf(IPAMConfig);
  return {
    ...address('ipv4', IPv4Address),
    ...address('ipv6', IPv6Address),
    ...macAddress(MacAddress),
  };
}

/** What the container itself asks for: it counts for the network that it is run on. */
function askedOfContainer(spec: DockerSpec, reference: string): Asked {
  if (spec.HostConfig?.NetworkMode !== reference) return {};
  const labels = spec.Labels ?? {};
  return {
    ...address('ipv4', labels[ADDRESS_LABELS.ipv4]),
    ...address('ipv6', labels[ADDRESS_LABELS.ipv6]),
    ...macAddress(spec.MacAddress),
  };
}

function address(family: 'ipv4' | 'ipv6', value: unknown): Asked {
  if (typeof value !== 'string' || value === '') return {};
  const ip = normalIp(value);
  if (ip === undefined || ip.includes(':') !== (family === 'ipv6'))
    throw new BerthError(
      'bad_request',
      `invalid ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address: ${value.slice(0, 80)}`,
    );
  return { [family]: ip };
}

function macAddress(value: unknown): Asked {
  if (typeof value !== 'string' || value === '') return {};
  const mac = normalMac(value);
  if (mac === undefined)
    throw new BerthError(
      'bad_request',
      `invalid MAC address: ${value.slice(0, 80)}: write a unicast one as 02:42:ac:11:00:02`,
    );
  return { mac };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
