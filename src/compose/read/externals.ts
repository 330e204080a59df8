import { hostNameSchema } from '../../model/host.ts';
import { parseIp } from '../../model/ip.ts';
import { LABEL_EXTERNAL } from '../../model/labels.ts';
import type { Service } from '../../model/service.ts';
import type { ExternalTarget } from '../../model/stack.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { EXTERNAL_KEY } from '../upgrade.ts';
import type { ReadService, ServiceHead } from './service.ts';

function listOf(reader: Reader): readonly Reader[] {
  if (reader.items.length > 0) return reader.items;
  return reader.isThere ? [reader] : [];
}

function hostsOf(service: Reader): readonly Reader[] {
  const external = service.get(EXTERNAL_KEY);
  return listOf(external.get('host').isThere ? external.get('host') : external.get('hosts'));
}

export function externalOf(name: string, service: Reader): ExternalTarget {
  const external = service.get(EXTERNAL_KEY);
  const hosts = hostsOf(service);
  if (hosts.length === 0) external.error('needs the key host: names or addresses outside of the cluster');
  for (const host of hosts)
    if (parseIp(host.text ?? '') === undefined && !hostNameSchema.safeParse(host.text).success)
      host.error(`${quoted(host.text ?? '')} is neither an address nor the name of a host`);
  const ports = listOf(external.get('ports')).flatMap((port) => port.whole(1, 65_535) ?? []);
  for (const key of ['image', 'build'])
    if (service.get(key).isThere)
      service.get(key).error('stands beside external: what is outside has no containers here');
  return { kind: 'external-target', name, hosts: hosts.map((host) => host.text ?? ''), ports };
}

/** `links: [db:database]` gives something outside another name. */
export function linkedExternals(
  heads: readonly ServiceHead[],
  externals: readonly ExternalTarget[],
): ExternalTarget[] {
  const made = new Map<string, ExternalTarget>();
  for (const { reader } of heads)
    for (const link of reader.get('links').items) {
      const [name = '', alias = name] = (link.text ?? '').split(':');
      const target = externals.find((one) => one.name === name);
      if (target !== undefined && alias !== name) made.set(alias, { ...target, name: alias });
    }
  return [...made.values()];
}

/** Its containers find what is outside under its name: by their hosts file, or by the agent's name server. */
export function knowing(service: Service, externals: readonly ExternalTarget[]): Service {
  const { container } = service;
  const { HostConfig, Labels } = container;
  const found = externals.flatMap(({ name, hosts }) =>
    hosts.filter(isAddress).map((host) => `${name}:${host}`),
  );
  const named = externals.flatMap(({ name, hosts: [host, ...others] }) =>
    host === undefined || [host, ...others].some(isAddress)
      ? []
      : [[`${LABEL_EXTERNAL}${name}`, host] as const],
  );
  // With the network of another container come that one's names.
  if (found.length + named.length === 0 || sharesNetwork(service)) return service;
  const given = (HostConfig?.ExtraHosts as readonly string[] | undefined) ?? [];
  return {
    ...service,
    container: {
      ...container,
      ...(found.length === 0 ? {} : { HostConfig: { ...HostConfig, ExtraHosts: [...given, ...found] } }),
      ...(named.length === 0 ? {} : { Labels: { ...Labels, ...Object.fromEntries(named) } }),
    },
  };
}

const isAddress = (host: string) => parseIp(host) !== undefined;

function sharesNetwork({ container: { HostConfig } }: Service): boolean {
  return String(HostConfig?.NetworkMode).startsWith('container:');
}

/** A name outside leads to one other name, and is answered where the agent answers names. */
export function warnOfNames(
  name: string,
  service: Reader,
  read: readonly ReadService[],
  spanning: ReadonlySet<string>,
): void {
  const hosts = hostsOf(service);
  const [first] = hosts;
  const address = hosts.find((host) => isAddress(host.text ?? ''));
  const taken = address ?? first;
  for (const host of hosts)
    if (host !== taken && !isAddress(host.text ?? ''))
      host.warn(
        `is not answered as ${quoted(name)}, for which ${quoted(taken?.text ?? '')} stands: leave it out, or ask for it by its own name`,
      );
  if (address !== undefined || first === undefined) return;
  const deaf = read.filter(({ service: one }) => !sharesNetwork(one) && !isOn(one, spanning));
  if (deaf.length === 0) return;
  const names = deaf.map((one) => one.service.name).join(', ');
  first.warn(
    `is not answered as ${quoted(name)} to ${names}, on no network that spans hosts: write an address, or ask for it by its own name`,
  );
}

function isOn({ container }: Service, spanning: ReadonlySet<string>): boolean {
  const { EndpointsConfig = {} } = (container.NetworkingConfig ?? {}) as {
    EndpointsConfig?: Readonly<Record<string, unknown>>;
  };
  return Object.keys(EndpointsConfig).some((network) => spanning.has(network));
}
