import type { Elsewhere, Place } from '../backend.ts';
import { bridgeName, isContainersPortOf, isPortOf, serviceNames } from '../device-names.ts';
import type { Links } from '../links.ts';
import { carrierLines, carrierName, carrierOf, isOwnCarrier, uplinkOf } from '../vlan-device.ts';

/** The bridge that the VLAN is in already (an operator's), else the one that is made for the network. */
export function bridgeFor(links: Links, place: Place): string {
  return carrierOf(links, place)?.master ?? bridgeName(place.networkId);
}

/**
 * What keeps the VLAN from being bridged. An interface that becomes a port of a bridge gives all its frames to that: an
 * address which sits on it is cut off from its network.
 */
export function bridgeObstacle(links: Links, place: Place): string | undefined {
  const carrier = carrierOf(links, place);
  if (carrier === undefined) return undefined;
  const master = carrier.master === undefined ? undefined : links.get(carrier.master);
  if (master !== undefined) {
    return master.kind === 'bridge'
      ? undefined
      : `${carrier.name} is a port of ${master.name}, which is no bridge: name ${master.name} as the uplink`;
  }
  if (carrier.addresses.length === 0) return undefined;
  return `${carrier.name} has the address ${carrier.addresses.join(', ')}, and as a port of a bridge this host would be cut off from it: put ${carrier.name} into a bridge yourself and give the address to that bridge, or name an uplink without address`;
}

/** Lines for `ip -batch -`. The way to the switch is isolated, as is the port of names: two such do not reach each other. */
export function ensureLines(links: Links, place: Place): string[] {
  const bridge = bridgeFor(links, place);
  const carrier = carrierName(links, place);
  return [
    ...carrierLines(links, place),
    ...(links.has(bridge)
      ? []
      : [`link add name ${bridge} mtu ${place.mtu} type bridge`, `link set dev ${bridge} addrgenmode none`]),
    ...(links.get(carrier)?.master === bridge ? [] : [`link set dev ${carrier} master ${bridge}`]),
    `link set dev ${carrier} type bridge_slave isolated on`,
    `link set dev ${bridge} up`,
  ];
}

export function portLines(bridge: string, hostEnd: string): string[] {
  return [`link set dev ${hostEnd} master ${bridge}`];
}

export function serviceLines(bridge: string, hostEnd: string): string[] {
  return [...portLines(bridge, hostEnd), `link set dev ${hostEnd} type bridge_slave isolated on`];
}

/** Lines for `ip -batch -`; what an operator has made stays, as it was. */
export function removeLines(links: Links, place: Place): string[] {
  const own = bridgeName(place.networkId);
  const carrier = carrierOf(links, place);
  const lines = links.has(own) ? [`link delete dev ${own}`] : [];
  if (carrier === undefined) return lines;
  if (isOwnCarrier(links, place)) lines.push(`link delete dev ${carrier.name}`);
  else if (carrier.master !== undefined && carrier.master !== own && carrier.isolated)
    lines.push(`link set dev ${carrier.name} type bridge_slave isolated off`);
  return lines;
}

/**
 * Docker has frames that cross a bridge go through the packet filter (br_netfilter), and drops what it does not know: what
 * stays within this bridge is let through.
 */
export function filterRule(bridge: string): string[] {
  return ['FORWARD', '-i', bridge, '-o', bridge, '-m', 'comment', '--comment', 'berth-vlan', '-j', 'ACCEPT'];
}

/** Whether something of the network is on a bridge: one of its own, or the port of names on an operator's. */
export function isBridged(links: Links, { networkId }: Place): boolean {
  const master = links.get(serviceNames(networkId).host)?.master;
  return links.has(bridgeName(networkId)) || (master !== undefined && links.get(master)?.kind === 'bridge');
}

/** Where the bridge with the network's ports has another uplink: of what is in it, what is isolated and no port of the network's. */
export function bridgedElsewhere(links: Links, place: Place): Elsewhere | undefined {
  const { networkId, uplink } = place;
  const own = bridgeName(networkId);
  const bridge = links.has(own) ? own : links.get(serviceNames(networkId).host)?.master;
  if (bridge === undefined || carrierOf(links, place)?.master === bridge) return undefined;
  const ports = [...links.values()].filter(({ master }) => master === bridge);
  const other = ports.find(({ name, isolated }) => isolated && !isPortOf(networkId, name));
  if (other === undefined || uplinkOf(other) === uplink) return undefined;
  return {
    uplink: uplinkOf(other),
    inUse: ports.some(({ name }) => isContainersPortOf(networkId, name)),
  };
}
