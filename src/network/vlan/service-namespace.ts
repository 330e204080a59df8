import type { Run } from '../commands.ts';
import { NAMES_ADDRESS } from '../names-address.ts';
import type { Place, ServicePort } from './backend.ts';
import { serviceNames } from './device-names.ts';
import { ipBatch, removeLink, removeNamespace } from './ip.ts';
import { readLinks, readNamespaces } from './links.ts';

/** As an endpoint's (`02:be:` and the address); the same on all hosts, so that a container that moves has nothing to learn. */
const NAMES_MAC = '02:be:a9:fe:35:35';
const LINK = 'eth0';

/** Lines for `ip -batch -` in the host's namespace. */
export function serviceLinkLines({ networkId, mtu }: Place): string[] {
  const { host, namespace } = serviceNames(networkId);
  return [
    `link add name ${host} mtu ${mtu} type veth peer name ${LINK} address ${NAMES_MAC} mtu ${mtu} netns ${namespace}`,
    `link set dev ${host} up`,
  ];
}

/** Lines for `ip -batch -` in the namespace. Containers are on the link, whichever subnet they have. */
export function serviceAddressLines({ subnets }: Place): string[] {
  return [
    'link set dev lo up',
    `link set dev ${LINK} addrgenmode none`,
    `link set dev ${LINK} up`,
    `address add ${NAMES_ADDRESS}/32 dev ${LINK}`,
    ...subnets.map((subnet) => `route add ${subnet} dev ${LINK} scope link src ${NAMES_ADDRESS}`),
  ];
}

/**
 * A namespace in which names are answered, with one interface: a port of the VLAN that containers of this host reach, and
 * nobody else. Made where it is not whole; it is not connected to anything yet.
 */
export async function ensureService(run: Run, place: Place): Promise<ServicePort> {
  const { host, namespace } = serviceNames(place.networkId);
  const port = { host, namespace, link: LINK, fresh: false };
  if ((await readNamespaces(run)).has(namespace)) {
    const inside = (await readLinks(run, namespace)).get(LINK);
    const whole = inside?.addresses.length === 1 && (await readLinks(run)).has(host);
    if (whole && (await routesIn(run, namespace)) >= place.subnets.length) return port;
  }
  await removeService(run, place);
  await run(['ip', 'netns', 'add', namespace]);
  await ipBatch(run, serviceLinkLines(place));
  await ipBatch(run, serviceAddressLines(place), namespace);
  return { ...port, fresh: true };
}

export async function removeService(run: Run, { networkId }: Place): Promise<void> {
  const { host, namespace } = serviceNames(networkId);
  await removeNamespace(run, namespace);
  // goes with the namespace, but a moment later
  await removeLink(run, host);
}

async function routesIn(run: Run, namespace: string): Promise<number> {
  const shown: unknown = JSON.parse((await run(['ip', '-n', namespace, '-json', 'route', 'show'])) || '[]');
  return Array.isArray(shown) ? shown.length : 0;
}
