import type { Assignment } from '../contract/link.ts';
import type { ObservedContainer } from '../model/container.ts';
import { endpointConfigOf, primaryNetwork } from './create-body.ts';
import type { Step } from './step.ts';

type Need = Assignment['needs']['networks'][number];

/** After a create: it takes one network that spans hosts, the container is connected to the others before it is started. */
export function planFurtherNetworks(assignment: Assignment): readonly Step[] {
  const primary = primaryNetwork(assignment);
  return spanning(assignment)
    .filter((need) => need !== primary)
    .map((need) => connect(assignment, need));
}

/**
 * Brings a container onto the networks of its assignment and off the others, among those that span hosts; what else it is on
 * is no affair of the cluster's.
 * @param own names and IDs of engine-side networks of this host that belong to the cluster
 */
export function planNetworks(
  assignment: Assignment,
  observed: ObservedContainer,
  own: ReadonlySet<string>,
): readonly Step[] {
  const { status } = observed.state;
  if (status === 'dead' || status === 'removing' || assignment.desired.state === 'removed') return [];
  const wanted = spanning(assignment);
  const attached = attachedTo(observed);
  const steps: Step[] = [];
  for (const [name, { networkId }] of attached) {
    const foreign = !own.has(name) && !own.has(networkId);
    const need = wanted.find(({ spec }) => spec.Name === name);
    if (!foreign && need === undefined) steps.push({ step: 'disconnect-network', name });
  }
  for (const need of wanted) {
    const there = attached.get(need.spec.Name);
    if (there !== undefined && sameAddress(need, there)) continue;
    if (there !== undefined) steps.push({ step: 'disconnect-network', name: need.spec.Name });
    steps.push({ step: 'ensure-network', need }, connect(assignment, need));
  }
  return steps;
}

function spanning({ needs }: Assignment): Need[] {
  return needs.networks.filter(({ span }) => span !== undefined);
}

function connect(assignment: Assignment, need: Need): Step {
  return { step: 'connect-network', need, config: endpointConfigOf(assignment, need) };
}

type Attachment = Readonly<{ networkId: string; ipv4: string | undefined; ipv6: string | undefined }>;

/** By the network's name. The ID is empty while a container has never been started. */
function attachedTo({ networkSettings }: ObservedContainer): Map<string, Attachment> {
  const networks = record(record(networkSettings).Networks);
  const entries = Object.entries(networks).map(([name, value]) => {
    const { NetworkID, IPAMConfig } = record(value);
    const { IPv4Address, IPv6Address } = record(IPAMConfig);
    return [
      name,
      { networkId: text(NetworkID) ?? '', ipv4: text(IPv4Address), ipv6: text(IPv6Address) },
    ] as const;
  });
  return new Map(entries);
}

/** An engine that does not tell what it was asked for has it as it was made. */
function sameAddress({ endpoint }: Need, { ipv4, ipv6 }: Attachment): boolean {
  const differs = (wanted: string | undefined, has: string | undefined) =>
    wanted !== undefined && has !== undefined && wanted !== has;
  return !differs(endpoint?.ipv4, ipv4) && !differs(endpoint?.ipv6, ipv6);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
