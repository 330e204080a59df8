import type { Assignment } from '../contract/link.ts';
import type { DockerSpec } from '../model/container.ts';
import { reachableFromContainers } from '../network/dns/resolv-conf.ts';
import { NAMES_ADDRESS } from '../network/names-address.ts';

/** What the host has to offer to a container that asks for names. */
export type HostDns = Readonly<{
  /** Name servers of the host. */
  upstream: readonly string[];
  /** Whether names are answered in that network on this host; of a macvlan they cannot be. */
  answersIn(networkId: string): boolean;
}>;

/** `--dns` as the user gave it. */
export function userServers({ desired }: Assignment): readonly string[] {
  const { Dns } = (desired.spec.HostConfig ?? {}) as Readonly<{ Dns?: unknown }>;
  return Array.isArray(Dns) ? Dns.filter((address): address is string => typeof address === 'string') : [];
}

/**
 * Name servers of the container: the host's agent first, behind it those that it asks itself, so that names outside of the
 * cluster do not depend on the agent. The engine's resolver within the container passes to them, in order, what it does not
 * know itself. Undefined where the user's own words pass on as they are.
 */
export function nameServers(assignment: Assignment, host: HostDns): readonly string[] | undefined {
  const networks = assignment.needs.networks.filter(({ span }) => span !== undefined);
  if (!networks.some(({ id }) => host.answersIn(id))) return undefined;
  const own = userServers(assignment);
  return [NAMES_ADDRESS, ...(own.length > 0 ? own : reachableFromContainers(host.upstream))];
}

/**
 * An endpoint's configuration in a network that spans hosts, without aliases. The engine would answer them itself, with the
 * containers of this host only; the agent knows those of all hosts, and which of them are healthy.
 */
export function withoutAliases({
  Aliases: _,
  ...rest
}: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return rest;
}

/** The part of a create body. */
export function dnsPart(
  assignment: Assignment,
  host: HostDns | undefined,
): NonNullable<DockerSpec['HostConfig']> {
  const servers = host && nameServers(assignment, host);
  return servers === undefined ? {} : { Dns: servers };
}
