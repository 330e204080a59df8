import { BerthError } from '../../../kit/errors.ts';
import type { Container } from '../../../model/container.ts';
import { userLabels } from '../../../model/labels.ts';
import { shownFields } from '../../hidden-values.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { sendJson } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { clusterNetworkSettings } from './cluster-networks.ts';
import { containerPath, reachableTarget, rewriteFor, type Target } from './find.ts';
import { healthState } from './health-state.ts';
import { type HostInfo, hostInfoOf } from './host-info.ts';
import { waitsForStart } from './live-state.ts';
import { isUnmade } from './row.ts';

type Json = Record<string, unknown>;

type Asked = EngineCall & Readonly<{ principal: Pick<DockerCall['principal'], 'role'> }>;

/** `GET /containers/x/json`. */
export async function inspectContainer(call: DockerCall): Promise<void> {
  sendJson(call.res, 200, await inspectTarget(call, reachableTarget(call), call.query));
}

/** The engine's own words with the cluster's IDs, and `Node` as in classic Swarm. */
export async function inspectTarget(call: Asked, target: Target, query?: URLSearchParams): Promise<Json> {
  const path = enginePath(call, containerPath(target, '/json'), query);
  const request = { method: 'GET', path, signal: call.signal };
  const answer = await askJson<Json>(call, target.hostId, request, rewriteFor(target)).catch((thrown) => {
    throw target.seen === undefined ? withLoss(call, target, thrown) : thrown;
  });
  const host = hostInfoOf(call, target.hostId);
  return shownFields(inspected(call, target, host, answer), call.principal.role);
}

/** A record without container: who asks is to know that the name is not free, and what to do. */
function withLoss(
  { deps }: Pick<EngineCall, 'deps'>,
  { record, name, hostName }: Target,
  thrown: unknown,
): unknown {
  const gone = thrown instanceof BerthError && thrown.code === 'engine' && thrown.status === 404;
  if (!gone || record === undefined || record.desired.state === 'removed') return thrown;
  const isDue = (container: Container) => deps.assignments.isDue(container);
  if (isUnmade(record, { isDue, now: deps.clock.now() }))
    return new BerthError('not_found', `No such container: ${name}: host ${hostName} is about to make it`, {
      hint: 'try again in a moment; of a container of a service, "berth service ls" says what holds it up',
    });
  return new BerthError('not_found', `No such container: ${name}: it was removed on its host ${hostName}`, {
    hint: `"docker start ${name}" makes it again, "docker rm ${name}" gives it up`,
  });
}

function inspected(call: Asked, target: Target, host: HostInfo, answer: Json): Json {
  const config = object(answer.Config);
  const hostConfig = object(answer.HostConfig);
  const settings = call.deps.store.view((tx) =>
    clusterNetworkSettings(tx, target.hostId, answer.NetworkSettings, {
      engine: target.seen?.engineId,
      cluster: target.id,
    }),
  );
  const network = object(settings);
  return {
    ...answer,
    Id: target.id,
    ...restarts(target, answer),
    Config: {
      ...config,
      Labels: userLabels(object(config.Labels) as Record<string, string>),
    },
    HostConfig: {
      ...hostConfig,
      ...modes(call, target, hostConfig),
    },
    NetworkSettings: { ...network, Ports: publishedAt(network.Ports, host.ip) },
    Node: {
      ID: host.id,
      IP: host.ip,
      Addr: host.ip,
      Name: host.name,
      Cpus: host.cpus,
      Memory: host.memory,
      Labels: host.labels,
    },
  };
}

/** What the agent restarts looks as what the engine does: the engine itself does not know of it. */
function restarts(target: Target, answer: Json): Json {
  const byAgent = target.seen?.restarts ?? 0;
  const own = typeof answer.RestartCount === 'number' ? answer.RestartCount : 0;
  const state = object(answer.State);
  const waits = waitsForStart(target) && state.Status === 'exited';
  const health = target.seen === undefined ? undefined : healthState(target.seen, state);
  return {
    RestartCount: own + byAgent,
    State: {
      ...state,
      ...(waits ? { Status: 'restarting', Restarting: true, Running: true } : {}),
      ...(health === undefined ? {} : { Health: health }),
    },
  };
}

/** `container:<engine ID>` as `container:<cluster ID>`. */
function modes(call: Pick<EngineCall, 'deps'>, target: Target, hostConfig: Json): Json {
  const changed: Json = {};
  for (const field of ['NetworkMode', 'IpcMode', 'PidMode']) {
    const mode = hostConfig[field];
    if (typeof mode !== 'string' || !mode.startsWith('container:')) continue;
    const engineId = mode.slice('container:'.length);
    const seen = call.deps.store.view((tx) => tx.get('observedContainers', `${target.hostId}/${engineId}`));
    if (seen?.clusterId !== undefined) changed[field] = `container:${seen.clusterId}`;
  }
  return changed;
}

type Binding = { HostIp?: string; HostPort?: string };

/** 0.0.0.0 of the host is no address of the cluster's: its own is put there, once, for both families. */
function publishedAt(ports: unknown, ip: string): unknown {
  if (typeof ports !== 'object' || ports === null) return ports;
  return Object.fromEntries(
    Object.entries(ports as Record<string, Binding[] | null>).map(([port, bindings]) => {
      const every = bindings?.filter(({ HostIp }) => HostIp === '0.0.0.0') ?? [];
      const kept = bindings?.filter(
        ({ HostIp, HostPort }) => HostIp !== '::' || !every.some((one) => one.HostPort === HostPort),
      );
      return [port, kept?.map((one) => (isEvery(one.HostIp) ? { ...one, HostIp: ip } : one)) ?? null];
    }),
  );
}

function isEvery(ip: string | undefined): boolean {
  return ip === '0.0.0.0' || ip === '::' || ip === '';
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
