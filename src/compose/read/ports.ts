import type { Listener } from '../../model/service.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { portRange } from '../short-ports.ts';
import { ipAddress } from './rules.ts';

/** A port of the container that clients outside of the cluster reach. */
export type PublishedPort = Readonly<{
  target: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  hostIp: string;
  /** Undefined: the engine chooses one. A range: it chooses one of these. */
  published: string | undefined;
  mode: 'host' | 'ingress' | undefined;
  reader: Reader;
}>;

export function portsOf(service: Reader): PublishedPort[] {
  return service.get('ports').items.flatMap((item): PublishedPort[] => {
    const target = item.get('target').whole(1, 65_535);
    if (target === undefined) {
      if (!item.get('target').isThere) item.error('needs the key target: the port in the container');
      return [];
    }
    const published = item.get('published').text;
    if (published !== undefined && published !== '' && published !== '0') {
      const range = /^\d+(-\d+)?$/.test(published)
        ? portRange(published)
        : 'must be a port or a range such as 8000-8010';
      if (typeof range === 'string') item.get('published').error(`${quoted(published)} ${range}`);
    }
    const protocol = item.get('protocol').oneOf(['tcp', 'udp', 'sctp']) ?? 'tcp';
    const mode = item.get('mode').oneOf(['host', 'ingress']);
    return [
      {
        target,
        protocol,
        hostIp: ipAddress(item.get('host_ip')) ?? '',
        published: published === '' || published === '0' ? undefined : published,
        mode,
        reader: item,
      },
    ];
  });
}

/** `ExposedPorts` and `HostConfig.PortBindings` for ports that each host opens for its containers. */
export function portFields(
  ports: readonly PublishedPort[],
  expose: Reader,
): Readonly<{ ExposedPorts?: Record<string, object>; PortBindings?: Record<string, unknown> }> {
  const exposed: Record<string, object> = {};
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const item of expose.items) {
    const [, range = '', protocol = 'tcp'] =
      /^(\d+(?:-\d+)?)(?:\/(tcp|udp|sctp))?$/.exec(item.text ?? '') ?? [];
    const all = range === '' ? 'must be a port such as 80 or 53/udp' : portRange(range);
    if (typeof all === 'string') item.error(`${quoted(item.text ?? '')} ${all}`);
    else item.problems.spend(all.length * 20, item.at, item.key);
    if (typeof all !== 'string') for (const port of all) exposed[`${port}/${protocol}`] = {};
  }
  for (const { target, protocol, hostIp, published } of ports) {
    const key = `${target}/${protocol}`;
    exposed[key] = {};
    bindings[key] = [...(bindings[key] ?? []), { HostIp: hostIp, HostPort: published ?? '' }];
  }
  return {
    ...(Object.keys(exposed).length === 0 ? {} : { ExposedPorts: exposed }),
    ...(Object.keys(bindings).length === 0 ? {} : { PortBindings: bindings }),
  };
}

/**
 * Ports that the ingress hosts open for the service as a whole, and those that remain with each container. A port of the
 * host holds one container: with several on a host, the second one would find it taken (seed 002). So a fixed port of a
 * service that may have several containers becomes a listener, unless `mode: host` says otherwise.
 */
export function splitPorts(
  ports: readonly PublishedPort[],
  listeners: readonly Listener[],
  several: boolean,
): Readonly<{ host: readonly PublishedPort[]; listeners: readonly Listener[] }> {
  const host: PublishedPort[] = [];
  const made: Listener[] = [...listeners];
  for (const port of ports) {
    const { target, protocol, published, mode, reader, hostIp } = port;
    const fixed = published === undefined || published.includes('-') ? undefined : Number(published);
    // The router has TCP alone: other ports are those of each host.
    const isRouted = protocol === 'tcp';
    const front = isRouted ? listeners.find((one) => one.port === target) : undefined;
    if (front !== undefined && mode !== 'host') {
      reader.warn(
        `port ${target} is reached through the listener on port ${front.frontPort} of the ingress hosts: no port of a host is bound for it, so that several containers fit on one host`,
      );
      continue;
    }
    const ingress = mode === 'ingress' || (mode === undefined && several && fixed !== undefined);
    if (!ingress || !isRouted || fixed === undefined) {
      if (mode === 'ingress' && fixed === undefined)
        reader.warn(
          'mode ingress needs one fixed published port: the engine chooses a port of the host instead',
        );
      if (ingress && !isRouted)
        reader.warn(
          `the router has no ${protocol}: the port of each host is bound instead${fixed === undefined ? '' : ', so that a host takes one container of the service'}`,
        );
      host.push(port);
      continue;
    }
    if (hostIp !== '')
      reader.warn(
        `the listener is on all addresses of the ingress hosts, not on ${hostIp} alone: write mode: host to bind that one`,
      );
    if (mode === undefined)
      reader.warn(
        `the service may have several containers, and a host has port ${fixed} once: it becomes a listener on the ingress hosts; write mode: host to bind it on each host`,
      );
    made.push({ kind: 'listener', protocol, frontPort: fixed, port: target });
  }
  return { host, listeners: made };
}
