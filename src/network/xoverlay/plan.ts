import { parseIp } from '../../model/ip.ts';
import { macOf } from '../../model/mac.ts';
import type { HostEndpoint } from '../driver.ts';
import { NAMES_ADDRESS } from '../names-address.ts';
import {
  BRIDGE,
  containerEnd,
  namespaceOf,
  namespacePath,
  type Placed,
  portName,
  udpPortOf,
  VXLAN,
  vniOf,
} from './device-names.ts';

/** A program, and what it reads on standard input: one process for many changes. */
export type Command = Readonly<{ argv: readonly string[]; lines?: readonly string[] }>;

export function makeNamespace(network: Placed): Command {
  return { argv: ['ip', 'netns', 'add', namespaceOf(network)] };
}

/** Devices that are in it go with it. */
export function removeNamespace(network: Placed): Command {
  return { argv: ['ip', 'netns', 'delete', namespaceOf(network)] };
}

/**
 * The vxlan device is made from the host's namespace, so that its UDP socket is there, and lies in the network's own. It
 * learns nothing, floods nothing (there is no entry for all MACs), and answers ARP and neighbour discovery for members.
 * @param local the host's data address where an interface of this host has it; else the kernel chooses
 */
export function makeVxlan(network: Placed, local: string | undefined): Command {
  const { span } = network;
  const link = ['link add', VXLAN, 'netns', namespaceOf(network), 'mtu', span.mtu];
  const from = local === undefined ? [] : ['local', local];
  const kind = ['type vxlan id', vniOf(span), ...from, 'dstport', udpPortOf(span), 'nolearning proxy'];
  return { argv: ['ip', '-batch', '-'], lines: [[...link, ...kind].join(' ')] };
}

export function removeVxlan(network: Placed): Command {
  return { argv: ['ip', '-n', namespaceOf(network), 'link', 'delete', VXLAN] };
}

/**
 * Frames that cross the bridge pass no packet filter, as they would on a host with br_netfilter: this namespace has rules for
 * what it takes in itself, and a look at each frame costs throughput. Fails where the kernel has no such filter.
 */
export function bypassFilter(network: Placed): Command {
  const calls = ['ip', 'ip6', 'arp'].map((family) => `/proc/sys/net/bridge/bridge-nf-call-${family}tables`);
  const there = ['nsenter', `--net=${namespacePath(network)}`, '--'];
  return { argv: [...there, 'tee', ...calls], lines: ['0'] };
}

/**
 * Bridge, its addresses, and the vxlan device as its port. The same MAC on every host: what a container has learnt of its
 * gateway stays right where it moves.
 */
export function makeBridge(network: Placed, present: boolean): Command {
  const { mtu, pools } = network.span;
  const gateways = pools.flatMap(({ gateway, subnet }) =>
    gateway === undefined ? [] : [{ gateway, length: subnet.split('/')[1] }],
  );
  const add = `link add ${BRIDGE} address ${bridgeMac(gateways[0]?.gateway)} mtu ${mtu} type bridge stp_state 0 mcast_snooping 0`;
  return {
    argv: ['ip', '-n', namespaceOf(network), '-batch', '-'],
    lines: [
      ...(present ? [] : [add]),
      `link set ${BRIDGE} mtu ${mtu}`,
      `link set ${VXLAN} mtu ${mtu} master ${BRIDGE}`,
      `link set ${VXLAN} type bridge_slave learning off`,
      'link set lo up',
      `link set ${BRIDGE} up`,
      `link set ${VXLAN} up`,
      ...gateways.map(({ gateway, length }) =>
        gateway.includes(':')
          ? `address replace ${gateway}/${length} dev ${BRIDGE} nodad`
          : `address replace ${gateway}/${length} dev ${BRIDGE}`,
      ),
      `address replace ${NAMES_ADDRESS}/32 dev ${BRIDGE}`,
      ...pools
        .filter(({ gateway }) => gateway === undefined)
        .map(({ subnet }) => `route replace ${subnet} dev ${BRIDGE}`),
    ],
  };
}

/**
 * A container's link: one end a port of the bridge, the other in the host's namespace, where the engine takes it from.
 * @param hostPid a process in the host's namespace
 */
export function makePort(network: Placed, { endpointId, endpoint }: HostEndpoint, hostPid: number): Command {
  const { mtu } = network.span;
  const port = portName(endpointId);
  const peer = `type veth peer name ${containerEnd(endpointId)} address ${endpoint.mac} mtu ${mtu} netns ${hostPid}`;
  return {
    argv: ['ip', '-n', namespaceOf(network), '-batch', '-'],
    lines: [`link add ${port} mtu ${mtu} ${peer}`, `link set ${port} master ${BRIDGE} up`],
  };
}

/** The container was on another host until now: frames for it stay here. */
export function keepHere(network: Placed, { endpointId, endpoint }: HostEndpoint): Command {
  return {
    argv: ['bridge', '-n', namespaceOf(network), '-batch', '-'],
    lines: [`fdb replace ${endpoint.mac} dev ${portName(endpointId)} master static`],
  };
}

export function removePort(network: Placed, endpointId: string): Command {
  return removeLink(network, portName(endpointId));
}

/** Its other end goes with it, wherever that is. */
export function removeLink(network: Placed, name: string): Command {
  return { argv: ['ip', '-n', namespaceOf(network), 'link', 'delete', name] };
}

function bridgeMac(gateway: string | undefined): string {
  const ip = parseIp(gateway ?? NAMES_ADDRESS);
  if (ip === undefined) throw new Error(`${gateway} is no address`);
  return macOf(ip);
}
