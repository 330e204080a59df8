import type { DockerSpec } from '../../../model/container.ts';
import { LABEL_FAILOVER, LABEL_RESTART } from '../../../model/labels.ts';
import { restartPolicyOf, saysNo } from '../../../model/restart-policy.ts';
import type { Service, UpdatePolicy } from '../../../model/service.ts';
import { containerDigest, routedPorts } from '../../../model/service-parts.ts';
import type { Stack } from '../../../model/stack.ts';
import { withoutExpressions } from '../../../scheduler/spec-expressions.ts';

/** Docker Compose's labels: its tools then see a stack as a project of theirs. */
const COMPOSE = {
  number: 'com.docker.compose.container-number',
  oneOff: 'com.docker.compose.oneoff',
  hash: 'com.docker.compose.config-hash',
} as const;

/** Name of the container with that index, from 1. */
export function containerName({ naming }: Service, index: number): string {
  return naming.kind === 'fixed' ? naming.name : `${naming.prefix}${index}`;
}

/**
 * What the container with that index is created with. A service runs on: where nothing is said its containers are started
 * again, and but for those that are on each host and runs of jobs with times they fail over with their host.
 * @throws BerthError `bad_request` for an expression that does not parse
 */
export function containerSpec(stack: Pick<Stack, 'networks'>, service: Service, index: number): DockerSpec {
  const { container, runs, scale, identity } = service;
  const own = container.Labels ?? {};
  const runsOn = runs.kind === 'service' && restartPolicyOf(container) === undefined && !saysNo(container);
  const byAgent = service.files.length === 0 ? undefined : engineRestart(container);
  return withoutExpressions({
    ...container,
    ...(byAgent === undefined ? {} : { HostConfig: byAgent.HostConfig }),
    ...(identity.hostnames ? { Hostname: `${service.name}-${index}` } : {}),
    Labels: {
      // What runs at its times runs once: nobody knows how far it came on a host that is lost.
      ...(scale.kind === 'global' || runs.kind === 'cron' ? {} : { [LABEL_FAILOVER]: 'true' }),
      ...(runsOn ? { [LABEL_RESTART]: 'always' } : {}),
      ...(byAgent === undefined ? {} : { [LABEL_RESTART]: byAgent.label }),
      ...own,
      [COMPOSE.number]: String(index),
      [COMPOSE.oneOff]: 'False',
      [COMPOSE.hash]: containerDigest(service),
    },
    ...withAddresses(stack, service, index),
    ...withPorts(service, byAgent?.HostConfig),
  });
}

/**
 * Where the engine would start it again: the same for the agent, as its files lie in memory, and are to be put there again
 * after a start of the machine before it can be started.
 */
function engineRestart(
  container: DockerSpec,
): Readonly<{ HostConfig: NonNullable<DockerSpec['HostConfig']>; label: string }> | undefined {
  const policy = restartPolicyOf(container);
  if (policy?.by !== 'engine') return undefined;
  const { RestartPolicy: _, ...HostConfig } = container.HostConfig ?? {};
  const most = Number.isFinite(policy.most) ? `:${policy.most}` : '';
  return { HostConfig, label: `${policy.name}${policy.name === 'on-failure' ? most : ''}` };
}

/** Where the router reaches it: never a fixed port, as a host has that once and may have several containers. */
function withPorts(service: Service, hostConfig: DockerSpec['HostConfig']): Partial<DockerSpec> {
  const { ExposedPorts, HostConfig: given } = service.container;
  const HostConfig = hostConfig ?? given;
  const { NetworkMode, PortBindings } = (HostConfig ?? {}) as {
    NetworkMode?: unknown;
    PortBindings?: Readonly<Record<string, unknown>> | null;
  };
  const ports = routedPorts(service).map((port) => `${port}/tcp`);
  // What has another's network, or its host's, has no ports of its own.
  const none = typeof NetworkMode === 'string' && /^(?:host$|none$|container:)/.test(NetworkMode);
  if (ports.length === 0 || none) return {};
  const exposed = Object.fromEntries(ports.map((port) => [port, {}]));
  const bound = Object.fromEntries(ports.map((port) => [port, [{ HostIp: '', HostPort: '' }]]));
  return {
    ExposedPorts: { ...exposed, ...ExposedPorts },
    HostConfig: { ...HostConfig, PortBindings: { ...bound, ...PortBindings } },
  };
}

/** Addresses that belong to an index, by the networks' keys in the file. */
function withAddresses(
  { networks }: Pick<Stack, 'networks'>,
  { identity, container }: Service,
  index: number,
): Partial<DockerSpec> {
  const own = Object.entries(identity.ips);
  if (own.length === 0) return {};
  const endpoints: Record<string, unknown> = {
    ...(container.NetworkingConfig?.EndpointsConfig as Readonly<Record<string, unknown>> | undefined),
  };
  for (const [key, addresses] of own) {
    const name = networks.find((one) => one.key === key)?.spec.Name;
    const ip = addresses[index - 1];
    if (name === undefined || ip === undefined) continue;
    const family = ip.includes(':') ? 'IPv6Address' : 'IPv4Address';
    endpoints[name] = { ...(endpoints[name] as object | undefined), IPAMConfig: { [family]: ip } };
  }
  return { NetworkingConfig: { ...container.NetworkingConfig, EndpointsConfig: endpoints } };
}

/** A name or an address that belongs to one container cannot be in two places: the old one goes first then. */
export function policyFor({ naming, identity, scale }: Service, policy: UpdatePolicy): UpdatePolicy {
  const alone =
    naming.kind === 'fixed' ||
    identity.hostnames ||
    Object.keys(identity.ips).length > 0 ||
    scale.kind === 'global';
  return alone ? { ...policy, order: 'stop-first' } : policy;
}
