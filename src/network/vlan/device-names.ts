import { createHash } from 'node:crypto';

/** Longest name of an interface that Linux takes, characters. */
const LONGEST = 15;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Names of what this driver makes on a host. They follow from IDs alone, so that a later life of the agent finds what an
 * earlier one has made: `v`, a letter for the kind, five characters for the network, seven for the endpoint.
 */
export type PortNames = Readonly<{
  /** The end that stays in the host's namespace, a port of the switch. */
  host: string;
  /** The end that libnetwork moves into the container. */
  container: string;
  /** Where the container's end is while its addresses are probed and announced. */
  namespace: string;
}>;

export function portNames(networkId: string, endpointId: string): PortNames {
  return namesOf(networkKey(networkId) + digest(endpointId, 7));
}

/** The port of a network that an interface or a namespace is a part of. */
export function portOf(networkId: string, name: string): PortNames | undefined {
  const key = new RegExp(`^(?:v[hc]|berth-probe-)(${networkKey(networkId)}[a-z2-7]{7})$`).exec(name)?.[1];
  return key === undefined ? undefined : namesOf(key);
}

function namesOf(key: string): PortNames {
  return { host: `vh${key}`, container: `vc${key}`, namespace: `berth-probe-${key}` };
}

/** Where names are answered: a namespace, and its port of the switch. */
export function serviceNames(networkId: string): Readonly<{ host: string; namespace: string }> {
  const key = networkKey(networkId);
  return { host: `vs${key}`, namespace: `berth-vlan-${key}` };
}

/** Whether an interface of the host is one end of a network's ports. */
export function isPortOf(networkId: string, link: string): boolean {
  return new RegExp(`^v[hcs]${networkKey(networkId)}`).test(link);
}

/** Whether an interface of the host is one end of a container's port on the network. */
export function isContainersPortOf(networkId: string, link: string): boolean {
  return isPortOf(networkId, link) && !link.startsWith('vs');
}

/** Whether a namespace was made to probe addresses of that network. */
export function isProbeOf(networkId: string, namespace: string): boolean {
  return namespace.startsWith(`berth-probe-${networkKey(networkId)}`);
}

/** The Linux bridge of a network. */
export function bridgeName(networkId: string): string {
  return `vb${networkKey(networkId)}`;
}

/** The Open vSwitch bridge of an uplink, which all networks on it share. */
export function switchName(uplink: string): string {
  return shortened(`vo-${uplink}`, 'vo');
}

/** The 802.1q interface of a VLAN, named as everybody names it. */
export function vlanDeviceName(uplink: string, vlanId: number): string {
  return shortened(`${uplink}.${vlanId}`, 'vt');
}

/** MAC from which an endpoint's addresses are probed: not its own, see `probe.ts`. */
export function probeMac(endpointId: string): string {
  const hex = createHash('sha256').update(endpointId).digest('hex');
  return `02:bf:${[0, 2, 4, 6].map((at) => hex.slice(at, at + 2)).join(':')}`;
}

function networkKey(networkId: string): string {
  return digest(networkId, 5);
}

function shortened(name: string, prefix: string): string {
  return name.length <= LONGEST ? name : prefix + digest(name, LONGEST - prefix.length);
}

function digest(text: string, length: number): string {
  const bytes = createHash('sha256').update(text).digest();
  return Array.from(bytes.subarray(0, length), (byte) => BASE32[byte % 32]).join('');
}
