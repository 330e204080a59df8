import type { Run } from '../commands.ts';
import type { Place, Port } from './backend.ts';
import type { PortNames } from './device-names.ts';
import { ipBatch, mute, removeLink, removeNamespace } from './ip.ts';

/** Lines for `ip -batch -`: a pair, one end of it in the port's namespace already. */
export function vethLines({ mtu }: Place, port: Port): string[] {
  return [
    `link add name ${port.host} mtu ${mtu} type veth peer name ${port.container} address ${port.mac} mtu ${mtu} netns ${port.namespace}`,
  ];
}

export async function makeVeth(run: Run, place: Place, port: Port): Promise<void> {
  await ipBatch(run, vethLines(place, port));
  // before it is up: it is not to take an address from a router's advertisement
  await mute(run, port.host);
  await ipBatch(run, [`link set dev ${port.host} up`]);
}

export async function removeVeth(run: Run, port: PortNames): Promise<void> {
  await removeLink(run, port.host);
  await removeLink(run, port.container);
  await removeNamespace(run, port.namespace);
}

/**
 * Turns checksum offload off on an interface in a namespace: a switch that reads frames as a packet socket does would pass
 * on checksums that nobody has filled in, and TCP would stand still.
 */
export async function fillChecksums(run: Run, namespace: string, link: string): Promise<void> {
  await run(['nsenter', `--net=/run/netns/${namespace}`, '--', 'ethtool', '--offload', link, 'tx', 'off']);
}
