import { BerthError } from '../../../../kit/errors.ts';
import type { Listener, Service } from '../../../../model/service.ts';
import { at, isAbsent, type Json, type Part, type Warn, withContainer } from './part.ts';

type Attachment = Readonly<{
  Target: string;
  Aliases?: readonly string[] | null | undefined;
  DriverOpts?: Json | null | undefined;
}>;

/** Modes of Docker that are no networks: nothing is attached then. */
const BARE = ['', 'default', 'bridge'];

/** Targets are names: whoever speaks with clients puts IDs there, as Docker has them. */
const networks: Part = {
  path: 'TaskTemplate.Networks',
  read: ({ container }, { dockerName }) => {
    const endpoints = Object.entries(
      (at(container, 'NetworkingConfig.EndpointsConfig') as Json | null) ?? {},
    );
    const mode = at(container, 'HostConfig.NetworkMode');
    if (endpoints.length > 0)
      return endpoints.map(([Target, endpoint]) => ({
        Target,
        ...endpointOf(endpoint as Json | null, dockerName),
      }));
    if (typeof mode !== 'string' || BARE.includes(mode) || mode.startsWith('container:')) return undefined;
    return [{ Target: mode }];
  },
  write: (service, value, { dockerName }) => {
    const given = (Array.isArray(value) ? value : []) as readonly Attachment[];
    const double = given.find(({ Target }, i) => given.findIndex((one) => one.Target === Target) !== i);
    if (double !== undefined)
      throw new BerthError('bad_request', `TaskTemplate.Networks names ${double.Target} twice`);
    const alone = given.find(({ Target }) => Target === 'host' || Target === 'none');
    if (alone !== undefined && given.length > 1)
      throw new BerthError(
        'bad_request',
        `network ${alone.Target} stands beside others: it must be the only one`,
      );
    const endpoints =
      given.length === 0 || alone !== undefined
        ? undefined
        : Object.fromEntries(
            given.map(({ Target, Aliases, DriverOpts }) => [
              Target,
              {
                Aliases: [...new Set([dockerName, ...(Aliases ?? [])])],
                ...(isAbsent(DriverOpts) ? {} : { DriverOpts }),
              },
            ]),
          );
    const attached = withContainer(service, 'HostConfig.NetworkMode', given[0]?.Target);
    return withContainer(attached, 'NetworkingConfig.EndpointsConfig', endpoints);
  },
};

/** The service's own name is an alias by itself. */
function endpointOf(endpoint: Json | null, dockerName: string): Json {
  const aliases = (endpoint?.Aliases ?? []) as readonly string[];
  const own = aliases.filter((alias) => alias !== dockerName);
  return {
    ...(own.length === 0 ? {} : { Aliases: own }),
    ...(isAbsent(endpoint?.DriverOpts) ? {} : { DriverOpts: endpoint?.DriverOpts }),
  };
}

type PortConfig = Readonly<{
  Protocol: 'tcp' | 'udp' | 'sctp';
  TargetPort: number;
  PublishedPort?: number;
  PublishMode: 'ingress' | 'host';
}>;
type Binding = Readonly<{ HostIp?: string; HostPort?: string }>;

const ports: Part = {
  path: 'EndpointSpec.Ports',
  read: (service) => {
    const made = [...service.listeners.map(ingressPort), ...hostPorts(service)];
    return made.length === 0 ? undefined : made;
  },
  write: (service, value, _, warn) => {
    const given = ((Array.isArray(value) ? value : []) as readonly Partial<PortConfig>[])
      .map(whole)
      .map((one) => routable(one, warn));
    const onHosts = given.filter(({ PublishMode }) => PublishMode === 'host');
    const bindings: Record<string, Binding[]> = {};
    for (const { TargetPort, Protocol, PublishedPort } of onHosts) {
      const key = `${TargetPort}/${Protocol}`;
      bindings[key] = [
        ...(bindings[key] ?? []),
        { HostIp: '', HostPort: PublishedPort === undefined ? '' : String(PublishedPort) },
      ];
    }
    const before = Object.keys((at(service.container, 'HostConfig.PortBindings') as Json | null) ?? {});
    const exposed = Object.fromEntries(
      Object.entries(service.container.ExposedPorts ?? {}).filter(([port]) => !before.includes(port)),
    );
    for (const port of Object.keys(bindings)) exposed[port] = {};
    const none = (fields: Json) => (Object.keys(fields).length === 0 ? undefined : fields);
    const bound = withContainer(service, 'HostConfig.PortBindings', none(bindings));
    return {
      ...withContainer(bound, 'ExposedPorts', none(exposed)),
      listeners: given.filter(({ PublishMode }) => PublishMode === 'ingress').map(listenerOf),
    };
  },
};

function whole({ Protocol, TargetPort, PublishedPort, PublishMode }: Partial<PortConfig>): PortConfig {
  if (TargetPort === undefined || TargetPort === 0)
    throw new BerthError(
      'bad_request',
      'invalid EndpointSpec.Ports: TargetPort, the port in the container, is missing',
    );
  return {
    Protocol: Protocol ?? 'tcp',
    TargetPort,
    ...(PublishedPort ? { PublishedPort } : {}),
    PublishMode: PublishMode ?? 'ingress',
  };
}

/** The router has TCP alone: other ports are those of each host. */
function routable(port: PortConfig, warn: Warn): PortConfig {
  const { Protocol, PublishMode, TargetPort } = port;
  if (PublishMode === 'host' || Protocol === 'tcp') return port;
  warn(
    `EndpointSpec.Ports: ${TargetPort}/${Protocol} is bound on each host, as with mode host: the router has no ${Protocol}`,
  );
  return { ...port, PublishMode: 'host' };
}

function ingressPort({ protocol, port, frontPort }: Listener): PortConfig {
  const Protocol = protocol === 'udp' ? 'udp' : 'tcp';
  return { Protocol, TargetPort: port, PublishedPort: frontPort, PublishMode: 'ingress' };
}

function hostPorts({ container }: Service): PortConfig[] {
  const bindings = (at(container, 'HostConfig.PortBindings') ?? {}) as Readonly<
    Record<string, Binding[] | null>
  >;
  return Object.entries(bindings).flatMap(([key, list]) => {
    const [port = '', protocol = 'tcp'] = key.split('/');
    return (list ?? []).map(({ HostPort = '' }): PortConfig => {
      const published = /^\d+$/.test(HostPort) ? Number(HostPort) : 0;
      return {
        Protocol: protocol as PortConfig['Protocol'],
        TargetPort: Number(port),
        ...(published > 0 ? { PublishedPort: published } : {}),
        PublishMode: 'host',
      };
    });
  });
}

function listenerOf({ Protocol, TargetPort, PublishedPort }: PortConfig): Listener {
  if (PublishedPort === undefined)
    throw new BerthError(
      'unsupported',
      `port ${TargetPort}/${Protocol} is published in mode ingress without a PublishedPort`,
      { hint: 'name the port of the ingress hosts, or publish it in mode host' },
    );
  return { kind: 'listener', protocol: 'tcp', frontPort: PublishedPort, port: TargetPort };
}

/**
 * A name has the addresses of its containers, which is Docker's `dnsrr`; behind a listener there is one for all. The CLI
 * writes `vip` where its user has said nothing, so that it asks for nothing here.
 */
const mode: Part = {
  path: 'EndpointSpec.Mode',
  read: ({ listeners }) => (listeners.length > 0 ? 'vip' : 'dnsrr'),
  write: (service) => service,
};

/** How containers of a service are reached. */
export const NETWORK_PARTS: readonly Part[] = [networks, ports, mode];
