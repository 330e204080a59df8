import type { Container, DockerSpec, ObservedContainer } from '../../model/container.ts';
import { LABEL_SERVICE } from '../../model/labels.ts';
import { isOwn, isReady } from '../../model/readiness.ts';
import type { Endpoint, Member } from '../../model/span.ts';

/** What is known of a container on a network that spans hosts. */
export type MemberParts = Readonly<{
  networkId: string;
  container: Pick<Container, 'id' | 'name' | 'desired' | 'probes'> &
    Readonly<{ assigned: { readonly hostId: string } }>;
  endpoint: Endpoint;
  /** Data address of its host; empty while that is not known. */
  via: string;
  /** Its host has a probe device. */
  probed?: boolean;
  /** Its host is there, as far as the manager knows. */
  hostUp: boolean;
  /** All that is on its host has been reported since the manager started. */
  hostReported: boolean;
  /** What its host has reported of it. */
  seen: ObservedContainer | undefined;
}>;

/** What every host on the network is to know of the container. Pure. */
export function memberOf(parts: MemberParts): Member {
  const { networkId, container, endpoint, via, probed, hostUp, hostReported, seen } = parts;
  const { id, assigned, desired } = container;
  const ports = portsOf(container, seen);
  // Until its host has told, it is as it should be: a restart of the manager stops nobody.
  const running =
    seen === undefined
      ? !hostReported && desired.state === 'running'
      : isReady(seen, container) || isStarting(seen, container);
  return {
    ...endpoint,
    id,
    hostId: assigned.hostId,
    via,
    ...(probed === true ? { probed } : {}),
    names: namesOf(container, networkId),
    up: hostUp && running,
    ...(ports.length === 0 ? {} : { ports }),
  };
}

/** By the engine's own check: containers that start together find each other, as with Docker. */
function isStarting({ state }: ObservedContainer, { probes }: MemberParts['container']): boolean {
  return state.status === 'running' && state.health === 'starting' && !isOwn(probes?.readiness);
}

/**
 * The names that it answers to: its own, its aliases and host name there, the short ID as in Docker, its service, and name
 * and service within its stack. Containers of `docker-compose run` do not answer for their service.
 */
export function namesOf(
  { id, name, desired }: Pick<Container, 'id' | 'name' | 'desired'>,
  networkId: string,
): string[] {
  const { spec } = desired;
  const labels = spec.Labels ?? {};
  const stack = labels['com.docker.compose.project'];
  const oneOff = labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
  const services = oneOff ? [] : [labels['com.docker.compose.service'], labels[LABEL_SERVICE]];
  const own = [name, ...services].filter((one): one is string => Boolean(one));
  const inStack = stack ? own.map((one) => `${one}.${stack}`) : [];
  const others = [...aliasesOf(spec, networkId), spec.Hostname ?? '', id.slice(0, 12)];
  const names = [...own, ...inStack, ...others].filter((one) => one !== '');
  return [...new Set(names.map((one) => one.toLowerCase()))];
}

/** What it is called on a network besides its name, as its user wrote it. */
export function aliasesOf({ NetworkingConfig }: DockerSpec, networkId: string): string[] {
  const endpoints = NetworkingConfig?.EndpointsConfig as Readonly<Record<string, unknown>> | null | undefined;
  const aliases = (endpoints?.[networkId] as { Aliases?: unknown } | null | undefined)?.Aliases;
  return Array.isArray(aliases) ? aliases.filter((one): one is string => typeof one === 'string') : [];
}

/** Those that its user names, and those of its image, which its engine tells once it runs. */
function portsOf({ desired }: MemberParts['container'], seen: ObservedContainer | undefined): string[] {
  const { ExposedPorts, HostConfig } = desired.spec;
  const bindings = HostConfig?.PortBindings;
  const published = typeof bindings === 'object' && bindings !== null ? Object.keys(bindings) : [];
  const named = [...Object.keys(ExposedPorts ?? {}), ...published].map((port) =>
    port.includes('/') ? port : `${port}/tcp`,
  );
  const reported = (seen?.ports ?? []).map(({ privatePort, type }) => `${privatePort}/${type}`);
  return [...new Set([...named, ...reported])].sort();
}
