import type { Assignment } from '../contract/link.ts';
import type { DockerSpec } from '../model/container.ts';
import { LABEL_EXTERNAL } from '../model/labels.ts';
import { reachableFromContainers } from '../network/dns/resolv-conf.ts';
import { NAMES_ADDRESS } from '../network/names-address.ts';
import type { Holding } from './holding.ts';

/** What the host has to offer to a container that asks for names. */
export type HostDns = Readonly<{
  /** Name servers of the host. */
  upstream: readonly string[];
  /** Whether names are answered in that network on this host; of a macvlan they cannot be. */
  answersIn(networkId: string): boolean;
}>;

/** What containers of this host, by cluster ID, have asked for about names. */
export type NameAskers = Readonly<{
  /** Whether a user gave name servers (`--dns`) to it. */
  hasServers(containerId: string): boolean;
  /** The domain name for which it has that name, lower case; undefined where it has none. */
  outside(containerId: string, name: string): string | undefined;
}>;

/** As their assignments say; a name for something outside is a label. */
export function nameAskers(holdings: () => Iterable<Holding>): NameAskers {
  const assignmentOf = (id: string): Assignment | undefined => {
    for (const one of holdings()) if (one.kind === 'hold' && one.assignment.id === id) return one.assignment;
    return undefined;
  };
  return {
    hasServers: (id) => {
      const assignment = assignmentOf(id);
      return assignment !== undefined && userServers(assignment).length > 0;
    },
    outside: (id, name) => {
      const labels = Object.entries(assignmentOf(id)?.desired.spec.Labels ?? {});
      const isIt = (label: string) => label.toLowerCase() === `${LABEL_EXTERNAL}${name}`;
      return labels.find(([label]) => isIt(label))?.[1];
    },
  };
}

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
