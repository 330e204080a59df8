import type { NetworkMember } from '../../contract/v1/networks.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { normalIp } from '../../model/ip.ts';
import type { ReadTx } from '../../store/store.ts';
import { namesOf } from '../agents/member-of.ts';
import { type FoundNetwork, hostName, recordOf } from '../docker/networks/find-network.ts';
import { recordView } from './container-view.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What an engine says of one container in one network. */
export type EngineEndpoint = Readonly<{
  networkId: string;
  ipv4: string | undefined;
  ipv6: string | undefined;
  mac: string;
  aliases: readonly string[];
}>;

/** Of all networks that a container is connected to on its host; addresses only while it runs. */
export function engineEndpoints({ networkSettings }: ObservedContainer): readonly EngineEndpoint[] {
  const { Networks } = objectOf(networkSettings);
  return Object.values(objectOf(Networks)).flatMap((one) => {
    const { NetworkID, IPAddress, GlobalIPv6Address, MacAddress, Aliases } = objectOf(one);
    if (typeof NetworkID !== 'string' || NetworkID === '') return [];
    const aliases = Array.isArray(Aliases) ? Aliases.filter((name) => typeof name === 'string') : [];
    return [
      {
        networkId: NetworkID,
        ipv4: ipOf(IPAddress),
        ipv6: ipOf(GlobalIPv6Address),
        mac: String(MacAddress ?? ''),
        aliases,
      },
    ];
  });
}

/** One name for a network wherever it is: its ID where it spans hosts, else `hostId/networkId`. */
export function networkKey(found: FoundNetwork): string {
  if (found.kind === 'cluster' && (found.record.span !== undefined || found.seen === undefined))
    return found.record.id;
  return `${found.seen?.hostId}/${found.seen?.networkId}`;
}

/** As `networkKey`, of a network that an engine names. */
export function networkKeyOn(tx: ReadTx, hostId: string, networkId: string): string {
  const seen = tx.get('observedNetworks', `${hostId}/${networkId}`);
  const record = seen === undefined ? undefined : recordOf(tx, seen);
  return record?.span === undefined ? `${hostId}/${networkId}` : record.id;
}

export type Users = Readonly<{ containers: number; hostIds: ReadonlySet<string> }>;

/** How many containers each network has, and on which hosts, by `networkKey`; each container is looked at once. */
export function networkUsers(tx: ReadTx): ReadonlyMap<string, Users> {
  const users = new Map<string, { holders: Set<string>; hostIds: Set<string> }>();
  const use = (key: string, holder: string, hostId: string | undefined) => {
    const known = users.get(key) ?? { holders: new Set(), hostIds: new Set() };
    known.holders.add(holder);
    if (hostId !== undefined) known.hostIds.add(hostId);
    users.set(key, known);
  };
  for (const { networkId, holder } of tx.all('addresses')) {
    if (holder.kind === 'container')
      use(networkId, holder.id, tx.get('containers', holder.id)?.assigned.hostId);
    else if (holder.kind === 'endpoint') use(networkId, holder.endpointId, holder.hostId);
  }
  for (const seen of tx.all('observedContainers')) {
    for (const { networkId } of engineEndpoints(seen)) {
      const key = networkKeyOn(tx, seen.hostId, networkId);
      // Those of networks that span hosts have an address, which the manager knows best.
      if (key.includes('/')) use(key, seen.engineId, seen.hostId);
    }
  }
  return new Map(
    [...users].map(([key, { holders, hostIds }]) => [key, { containers: holders.size, hostIds }]),
  );
}

/** Who is in a network, by name. */
export function networkMembers(tx: ReadTx, found: FoundNetwork): readonly NetworkMember[] {
  const members =
    found.kind === 'cluster' && found.record.span !== undefined
      ? spanningMembers(tx, found.record.id)
      : found.seen === undefined
        ? []
        : hostMembers(tx, found.seen.hostId, found.seen.networkId);
  return [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function spanningMembers(tx: ReadTx, networkId: string): Iterable<NetworkMember> {
  const members = new Map<string, NetworkMember>();
  for (const { ip, mac, holder } of tx.by('addresses', 'network', networkId)) {
    const own = ip.includes(':') ? { ipv6: ip } : { ipv4: ip };
    if (holder.kind === 'container') {
      const record = tx.get('containers', holder.id);
      if (record === undefined) continue;
      const known = members.get(record.id);
      const { id, name, hostName: host, state } = recordView(tx, record);
      const names = namesOf(record, networkId);
      members.set(id, { ...(known ?? { id, name, hostName: host, state, mac, names }), ...own });
    } else if (holder.kind === 'endpoint') {
      const { endpointId, hostId } = holder;
      const name = holder.name ?? endpointId.slice(0, 12);
      const seen = [...tx.by('observedContainers', 'name', name)].find((one) => one.hostId === hostId);
      const plain = {
        ...{ id: seen?.engineId ?? endpointId, name, hostName: hostName(tx, hostId), mac },
        ...{ state: seen?.state.status ?? 'running', names: [name] },
      };
      members.set(endpointId, { ...(members.get(endpointId) ?? plain), ...own });
    }
  }
  return members.values();
}

function* hostMembers(tx: ReadTx, hostId: string, networkId: string): Iterable<NetworkMember> {
  for (const seen of tx.by('observedContainers', 'host', hostId)) {
    const endpoint = engineEndpoints(seen).find((one) => one.networkId === networkId);
    if (endpoint === undefined) continue;
    const record = seen.clusterId === undefined ? undefined : tx.get('containers', seen.clusterId);
    const { ipv4, ipv6, mac, aliases } = endpoint;
    yield {
      ...{ id: record?.id ?? seen.engineId, name: record?.name ?? seen.name, hostName: hostName(tx, hostId) },
      ...{ state: record === undefined ? seen.state.status : recordView(tx, record).state, mac },
      ...(ipv4 === undefined ? {} : { ipv4 }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
      names: [...new Set([record?.name ?? seen.name, ...aliases])],
    };
  }
}

function ipOf(value: unknown): string | undefined {
  return typeof value === 'string' ? normalIp(value) : undefined;
}

function objectOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {};
}
