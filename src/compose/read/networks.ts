import { parseIp } from '../../model/ip.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { defined } from './resources.ts';
import { macAddress } from './rules.ts';

/** What services know of each other while they are read. */
export type Siblings = Readonly<{
  /** Name of a service's first container; undefined where there is no such service. */
  container(service: string): string | undefined;
  /** Names that other services have for this one, by `links`. */
  aliases(service: string): readonly string[];
  /** Engine name of a network by its key. */
  network(key: string): string | undefined;
}>;

/** `NetworkMode` and the networks of a service, and services that it cannot be without. */
export type NetworkFields = Readonly<{
  mode: string;
  endpoints: Readonly<Record<string, unknown>> | undefined;
  needs: readonly string[];
}>;

export function networksOf(
  service: Reader,
  /** Of the service; further ones are other names of it. */
  [name, ...others]: readonly [string, ...string[]],
  several: boolean,
  siblings: Siblings,
): NetworkFields {
  const mode = service.get('network_mode');
  const networks = service.get('networks');
  if (mode.isThere) {
    if (networks.entries.length > 0) mode.error('stands beside networks: only one of them is possible');
    return { endpoints: undefined, ...modeOf(mode, siblings) };
  }
  const given: readonly (readonly [string, Reader | undefined])[] =
    networks.entries.length > 0 ? networks.entries : [['default', undefined]];
  const order = new Map(given.map(([key, reader]) => [key, reader?.get('priority').number() ?? 0]));
  // By name where nothing is said, as docker-compose has it: the first one is what the container begins on.
  const sorted = [...given].sort(([a], [b]) => (order.get(b) ?? 0) - (order.get(a) ?? 0) || (a < b ? -1 : 1));
  const aliases = [...new Set([name, ...fixedNames(service), ...siblings.aliases(name), ...others])];
  const endpoints: Record<string, unknown> = {};
  let first: string | undefined;
  for (const [key, reader] of sorted) {
    const engineName = siblings.network(key);
    if (engineName === undefined) {
      reader?.error(
        `is not under networks: declare it there${key === 'default' ? '' : ', with external: true where it is there already'}`,
      );
      continue;
    }
    first ??= engineName;
    endpoints[engineName] =
      reader === undefined ? { Aliases: aliases } : endpointOf(reader, aliases, several);
  }
  return { mode: first ?? 'default', endpoints, needs: [] };
}

/** A host name and a container's fixed name resolve, too. */
function fixedNames(service: Reader): string[] {
  return ['hostname', 'container_name'].flatMap((key) => service.get(key).text ?? []);
}

function endpointOf(network: Reader, aliases: readonly string[], several: boolean): Record<string, unknown> {
  const address = (key: 'ipv4_address' | 'ipv6_address', family: 4 | 6) => {
    const reader = network.get(key);
    if (reader.text === undefined) return undefined;
    if (parseIp(reader.text)?.family !== family)
      return reader.error(`${quoted(reader.text)} is no IPv${family} address`);
    if (several)
      return reader.error(
        'is one address for several containers: write the label berth.ip.NETWORK with an address for each',
      );
    return reader.text;
  };
  const ipam = defined({
    IPv4Address: address('ipv4_address', 4),
    IPv6Address: address('ipv6_address', 6),
    LinkLocalIPs: network.get('link_local_ips').isThere ? network.get('link_local_ips').texts : undefined,
  });
  return defined({
    Aliases: [...new Set([...aliases, ...network.get('aliases').texts])],
    IPAMConfig: Object.keys(ipam).length === 0 ? undefined : ipam,
    MacAddress: macAddress(network.get('mac_address')),
    DriverOpts: network.get('driver_opts').isThere ? network.get('driver_opts').pairs : undefined,
    GwPriority: network.get('gw_priority').number(),
  });
}

function modeOf(mode: Reader, siblings: Siblings): Pick<NetworkFields, 'mode' | 'needs'> {
  const text = mode.text ?? '';
  const [, kind, target = ''] = /^(service|container):(.+)$/.exec(text) ?? [];
  if (kind === undefined) {
    if (!['bridge', 'host', 'none', 'default'].includes(text))
      mode.error(
        `${quoted(text)} is no mode: write bridge, host, none, service:NAME or container:NAME, or use networks`,
      );
    return { mode: text, needs: [] };
  }
  const container = siblings.container(target);
  if (kind === 'service' && container === undefined) mode.error(`there is no service ${quoted(target)}`);
  // Version 1 said container: for services of the file, too.
  return container === undefined
    ? { mode: `container:${target}`, needs: [] }
    : { mode: `container:${container}`, needs: [target] };
}
