import { z } from 'zod';
import type { EngineState, ObservedContainer, Port } from '../model/container.ts';
import type { EngineInfo } from '../model/host.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../model/labels.ts';
import type { ObservedImage, ObservedNetwork, ObservedVolume } from '../model/objects.ts';
import { reservationOf } from './reservation.ts';

/** Docker writes `null` for an empty map or list. */
const map = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const list = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const stateSchema = z.looseObject({
  Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
  ExitCode: z.number(),
  OOMKilled: z.boolean().default(false),
  Error: z.string().default(''),
  StartedAt: z.string().default(''),
  FinishedAt: z.string().default(''),
  Health: z.looseObject({ Status: z.string() }).nullish(),
});

const boundPortsSchema = z
  .record(
    z.string(),
    z.array(z.looseObject({ HostIp: z.string().optional(), HostPort: z.string().optional() })).nullable(),
  )
  .nullish()
  .transform((value) => value ?? {});

/** `GET /containers/{id}/json`, the parts that are read; an answer without them is not a Docker Engine's. */
export const inspectSchema = z.looseObject({
  Id: z.string(),
  Created: z.string(),
  Path: z.string().default(''),
  Args: list,
  State: stateSchema,
  Image: z.string(),
  Name: z.string(),
  Mounts: z.unknown(),
  HostConfig: z.looseObject({ NetworkMode: z.string().default('default') }),
  Config: z.looseObject({
    Image: z.string().default(''),
    Labels: map,
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  }),
  NetworkSettings: z.looseObject({ Ports: boundPortsSchema, Networks: z.unknown() }),
});
export type Inspect = z.infer<typeof inspectSchema>;

/** What Berth knows of a container beside what its engine says. */
export type Ownership = Readonly<{
  hostId: string;
  /** Undefined where Berth did not make it. */
  clusterId: string | undefined;
  generation: number;
  /** Cores that its assignment asks for by CpuShares. */
  cores: number;
}>;

/** The cluster ID in labels that this cluster wrote; undefined on everything else, other clusters' containers too. */
export function clusterIdIn(labels: Readonly<Record<string, string>>, cluster: string): string | undefined {
  return cluster !== '' && labels[LABEL_CLUSTER] === cluster ? labels[LABEL_ID] || undefined : undefined;
}

/** One inspect answer as the cluster sees it. Everything in a list entry can be told from it. */
export function observedContainer(inspect: Inspect, owner: Ownership): ObservedContainer {
  const { Config, HostConfig, NetworkSettings } = inspect;
  return {
    kind: 'observed-container',
    hostId: owner.hostId,
    engineId: inspect.Id,
    clusterId: owner.clusterId,
    generation: owner.clusterId === undefined ? 0 : owner.generation,
    name: inspect.Name.replace(/^\//, ''),
    state: engineState(inspect.State),
    created: Math.floor(milliseconds(inspect.Created) / 1000),
    image: Config.Image,
    imageId: inspect.Image,
    command: commandLine(inspect.Path, inspect.Args),
    labels: Config.Labels,
    ports: listedPorts(NetworkSettings.Ports),
    networkMode: HostConfig.NetworkMode,
    networkSettings: { Networks: NetworkSettings.Networks ?? {} },
    mounts: inspect.Mounts ?? [],
    reservation: reservationOf(
      { HostConfig, ExposedPorts: Config.ExposedPorts, boundPorts: NetworkSettings.Ports },
      owner.cores,
    ),
  };
}

function engineState(state: z.infer<typeof stateSchema>): EngineState {
  const health = state.Health?.Status;
  return {
    status: state.Status,
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled,
    error: state.Error,
    startedAt: milliseconds(state.StartedAt),
    finishedAt: milliseconds(state.FinishedAt),
    health: health === 'starting' || health === 'healthy' || health === 'unhealthy' ? health : 'none',
  };
}

/** Milliseconds since the epoch; 0 for Go's zero time and for what is no time. */
function milliseconds(time: string): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? 0 : Math.max(at, 0);
}

/** As in the engine's list (daemon/container view.go): arguments with a space in quotes. */
function commandLine(path: string, args: readonly string[]): string {
  return [path, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

function listedPorts(ports: z.infer<typeof boundPortsSchema>): Port[] {
  return Object.entries(ports).flatMap(([spec, binds]) => {
    const [number, protocol = 'tcp'] = spec.split('/');
    const privatePort = Number(number);
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return [];
    if (binds === null || binds.length === 0) return [{ privatePort, type: protocol }];
    return binds.map(({ HostIp, HostPort }) => ({
      ip: HostIp,
      privatePort,
      publicPort: Number(HostPort) || undefined,
      type: protocol,
    }));
  });
}

const imageSchema = z.looseObject({
  Id: z.string(),
  RepoTags: list,
  RepoDigests: list,
  Labels: map,
  Created: z.number().default(0),
  Size: z.number().default(0),
});
/** `GET /images/json` */
export const imagesSchema = z.array(imageSchema);

export function observedImage(raw: z.infer<typeof imageSchema>, hostId: string): ObservedImage {
  return {
    kind: 'observed-image',
    hostId,
    imageId: raw.Id,
    repoTags: raw.RepoTags,
    repoDigests: raw.RepoDigests,
    labels: raw.Labels,
    created: raw.Created,
    size: raw.Size,
    raw,
  };
}

const networkSchema = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Driver: z.string().default(''),
  Scope: z.string().default('local'),
  Labels: map,
});
/** `GET /networks` */
export const networksSchema = z.array(networkSchema);

export function observedNetwork(raw: z.infer<typeof networkSchema>, hostId: string): ObservedNetwork {
  const { Id: networkId, Name: name, Driver: driver, Scope: scope, Labels: labels } = raw;
  return { kind: 'observed-network', hostId, networkId, name, driver, scope, labels, raw };
}

const volumeSchema = z.looseObject({ Name: z.string(), Driver: z.string().default('local'), Labels: map });
/** `GET /volumes` */
export const volumesSchema = z
  .looseObject({ Volumes: z.array(volumeSchema).nullish() })
  .transform(({ Volumes }) => Volumes ?? []);

export function observedVolume(raw: z.infer<typeof volumeSchema>, hostId: string): ObservedVolume {
  const { Name: name, Driver: driver, Labels: labels } = raw;
  return { kind: 'observed-volume', hostId, name, driver, labels, raw };
}

const infoSchema = z.looseObject({
  ID: z.string(),
  ServerVersion: z.string(),
  OperatingSystem: z.string().default(''),
  OSType: z.string().default('linux'),
  Architecture: z.string().default(''),
  KernelVersion: z.string().default(''),
  Driver: z.string().default(''),
  NCPU: z.number(),
  MemTotal: z.number(),
  Labels: list,
});
const versionSchema = z.looseObject({ ApiVersion: z.string(), MinAPIVersion: z.string().default('1.24') });

/**
 * `GET /info` and `GET /version` together.
 * @throws ZodError where an answer is not a Docker Engine's
 */
export function engineInfo(info: unknown, version: unknown): EngineInfo {
  const said = infoSchema.parse(info);
  const { ApiVersion, MinAPIVersion } = versionSchema.parse(version);
  return {
    engineId: said.ID,
    serverVersion: said.ServerVersion,
    apiVersion: ApiVersion,
    minApiVersion: MinAPIVersion,
    operatingSystem: said.OperatingSystem,
    osType: said.OSType,
    architecture: said.Architecture,
    kernelVersion: said.KernelVersion,
    storageDriver: said.Driver,
    cpus: said.NCPU,
    memory: said.MemTotal,
    labels: Object.fromEntries(said.Labels.map((label) => splitLabel(label))),
  };
}

function splitLabel(label: string): [string, string] {
  const at = label.indexOf('=');
  return at === -1 ? [label, ''] : [label.slice(0, at), label.slice(at + 1)];
}
