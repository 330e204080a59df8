import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { parseIp } from '../../model/ip.ts';
import { macOf } from '../../model/mac.ts';
import { ENCRYPTED_PORT, PORT, VXLAN } from '../xoverlay/device-names.ts';
import type { Entries } from '../xoverlay/entries.ts';

/** By which way frames go from host to host: as those of networks in clear, or of encrypted ones. */
export type Tunnel = 'clear' | 'encrypted';

export const TUNNELS: readonly Tunnel[] = ['clear', 'encrypted'];
export const UDP_PORT: Readonly<Record<Tunnel, number>> = { clear: PORT, encrypted: ENCRYPTED_PORT };

/** Below those of networks, and far above those of swarm mode, which count up from 4096. */
export const PROBE_VNI = 0x7f_ff_f0;

/**
 * Of the device, bytes: more than any network's. The route to the others is locked to it, so that no packet is cut down to
 * what the kernel has learnt of a path: that is what is to be found out.
 */
const MTU = 65_000;

export function namespaceFor(tunnel: Tunnel, prefix: string): string {
  return `${prefix}-${UDP_PORT[tunnel]}`;
}

/**
 * A host's address inside of the tunnel, from its data address: nobody has to be told. An IPv4 address is itself. Of an IPv6
 * one it is an IPv4 address, too, as Node cannot connect a socket for IPv6 that another process has opened; in 240.0.0.0/4
 * (RFC 1112, section 4), which is nobody's. Two of a thousand hosts have the same one in 0.2 % of clusters.
 */
export function innerAddress(address: string): string {
  if (isIPv4(address)) return address;
  const [a = 0, b = 0, c = 0, d = 0] = createHash('sha256').update(address).digest();
  return [240 + (a % 15), b, c, d].join('.');
}

export function probeMac(address: string): string {
  const ip = parseIp(innerAddress(address));
  if (ip === undefined) throw new Error(`${address} is no address`);
  return macOf(ip);
}

/**
 * Line for `ip -batch -` in the host's namespace, so that the UDP socket is there, as a network's vxlan device is made. What
 * is in the outer header is as there: a path that cuts packets up and puts them together again carries both.
 * @param local the host's data address where an interface of this host has it; else the kernel chooses
 */
export function makeDevice(
  tunnel: Tunnel,
  { namespace, address, local }: Readonly<{ namespace: string; address: string; local: string | undefined }>,
): string {
  const from = local === undefined ? '' : ` local ${local}`;
  const link = `link add ${VXLAN} netns ${namespace} address ${probeMac(address)} mtu ${MTU}`;
  return `${link} type vxlan id ${PROBE_VNI}${from} dstport ${UDP_PORT[tunnel]} nolearning`;
}

/** Lines for `ip -batch -` in the probe's namespace. May be repeated. */
export function configureDevice(address: string): string[] {
  const inner = innerAddress(address);
  return [
    `link set dev ${VXLAN} mtu ${MTU} addrgenmode none`,
    `link set dev ${VXLAN} up`,
    `address replace ${inner}/32 dev ${VXLAN}`,
    `route replace default dev ${VXLAN} scope link src ${inner} mtu lock ${MTU}`,
  ];
}

/**
 * What the device is to know of the others, and of nobody else. A vxlan device carries one family only: hosts with addresses of
 * the other one cannot be there.
 */
export function entriesFor(address: string, others: Iterable<string>): Entries {
  const forwarding = new Map<string, string>();
  const neighbours = new Map<string, string>();
  const own = innerAddress(address);
  for (const other of others) {
    const inner = innerAddress(other);
    if (inner === own || isIPv4(other) !== isIPv4(address) || neighbours.has(inner)) continue;
    forwarding.set(probeMac(other), other);
    neighbours.set(inner, probeMac(other));
  }
  return { forwarding, neighbours };
}
