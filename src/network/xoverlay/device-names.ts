import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Span } from '../../model/span.ts';
import type { HostNetwork } from '../driver.ts';

/** What names and devices follow from. */
export type Placed = Pick<HostNetwork, 'id' | 'span'>;

/** Where iproute2 keeps its named namespaces. */
const NETNS_FOLDER = '/run/netns';
/** Of a network that is not encrypted (IANA), and of one that is: so that one policy of the kernel tells them apart. */
export const PORT = 4789;
export const ENCRYPTED_PORT = 4790;

/** Devices inside of a network's namespace. */
export const BRIDGE = 'br0';
export const VXLAN = 'vx0';
/** Both ends of a container's link begin so; 13 digits of the endpoint's ID follow (IFNAMSIZ leaves 15 characters). */
export const PORT_PREFIX = 'bp';
const CONTAINER_PREFIX = 'bc';
const ID_DIGITS = 13;
const NAMESPACE_DIGITS = 10;

export function vniOf(span: Span): number {
  if (span.vni === undefined) throw new Error('an xoverlay network without VNI');
  return span.vni;
}

/** After the network, not its VNI: that may be another one's while this one is still being taken away. */
export function namespaceOf({ id }: Placed): string {
  return `berth-x-${createHash('sha256').update(id).digest('hex').slice(0, NAMESPACE_DIGITS)}`;
}

export function namespacePath(network: Placed): string {
  return inNetnsFolder(namespaceOf(network));
}

export function inNetnsFolder(namespace: string): string {
  return join(NETNS_FOLDER, namespace);
}

export function udpPortOf(span: Span): number {
  return span.encrypted === true ? ENCRYPTED_PORT : PORT;
}

/** The end that stays in the network's namespace, a port of its bridge. */
export function portName(endpointId: string): string {
  return `${PORT_PREFIX}${endpointId.slice(0, ID_DIGITS)}`;
}

/** The end that the engine moves into the container. */
export function containerEnd(endpointId: string): string {
  return `${CONTAINER_PREFIX}${endpointId.slice(0, ID_DIGITS)}`;
}
