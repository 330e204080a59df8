import { z } from 'zod';
import { containerFileSchema } from './kept-file.ts';
import { probesSchema } from './probe.ts';

/** Docker's rule for container names (daemon/names/names.go: RestrictedNameChars). */
export const CONTAINER_NAME = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * The body of `POST /containers/create` as the user gave it, expressions taken out of `Env` and put into labels.
 * It is kept whole and never rewritten, so that what Berth does not know of passes on to the engine.
 */
export const dockerSpecSchema = z.looseObject({
  Image: z.string(),
  Hostname: z.string().optional(),
  Env: z.array(z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  HostConfig: z.looseObject({}).nullish(),
  NetworkingConfig: z.looseObject({}).nullish(),
});
export type DockerSpec = Readonly<z.infer<typeof dockerSpecSchema>>;

/**
 * What the user wants of a container's process.
 * created: made, never started · running · paused · stopped · removed: to be taken away, then the record goes.
 */
export const desiredStateSchema = z.enum(['created', 'running', 'paused', 'stopped', 'removed']);
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const desiredSchema = z.object({
  /** Counts every change of this field, from 1. The agent reports up to which generation it has acted. */
  generation: z.number().int(),
  state: desiredStateSchema,
  spec: dockerSpecSchema,
  /** The `platform` parameter of the create request, such as `linux/amd64`; passed to the engine. */
  platform: z.string().optional(),
  /** How to stop: seconds before SIGKILL (undefined: the container's own) and the signal. */
  stop: z.object({ timeout: z.number().optional(), signal: z.string().optional() }).optional(),
  /** Counts requests to restart or to start again: a larger number than the one acted on means "start once more". */
  starts: z.number().int(),
  remove: z.object({ force: z.boolean(), volumes: z.boolean() }).optional(),
});
export type Desired = Readonly<z.infer<typeof desiredSchema>>;

/** Whose words: `desired` the user's, `assigned` the scheduler's, `observed` (another table) the agent's. */
export const containerSchema = z.object({
  kind: z.literal('container'),
  /** 64 hex digits, Berth's own; the engine's ID is mapped behind it. */
  id: z.string(),
  /** Without a leading slash; unique in the cluster. */
  name: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  /** The API version in which the spec was written ("1.41"): it is passed to the engine in the same. */
  apiVersion: z.string(),
  desired: desiredSchema,
  /** Whoever made the container says so: its labels, or the service that it belongs to. */
  probes: probesSchema.optional(),
  /** Configs and secrets that are in it. */
  files: z.array(containerFileSchema).optional(),
  assigned: z.object({
    hostId: z.string(),
    at: z.number(),
    /**
     * While a planned move is under way: the other host, and how far it has come. `drain`: `hostId` has it, it runs, and
     * routers are to lead to it no more. `stop`: `hostId` still has it and stops it, `moving.hostId` will get it. `start`: `hostId` has it and starts it, `moving.hostId` keeps its stopped copy
     * until that has succeeded, so that it can go back.
     */
    moving: z.object({ hostId: z.string(), phase: z.enum(['drain', 'stop', 'start']) }).optional(),
  }),
  /** Of which service it is one; the service controller's, which made it. */
  service: z
    .object({
      stack: z.string(),
      name: z.string(),
      /** From 1; no two containers of a service have the same. */
      index: z.number().int(),
      /** Number of the release that it was made for. */
      release: z.number().int(),
      /** It is to go: stopped with its own grace first, then removed. */
      leaving: z.boolean().optional(),
      /** Since when, where the routers are to leave it before it is stopped: milliseconds since the epoch. */
      leavingAt: z.number().optional(),
      /** What its host's engine said when it refused to make or start it. */
      refusal: z.string().optional(),
    })
    .optional(),
});
export type Container = Readonly<z.infer<typeof containerSchema>>;

/** With something else wanted of it; how it was to be stopped or removed before does not count any more. */
export function withDesired(record: Container, change: Partial<Omit<Desired, 'generation'>>): Container {
  const { desired } = record;
  const base = { ...desired, stop: undefined, remove: undefined };
  return { ...record, desired: { ...base, ...change, generation: desired.generation + 1 } };
}

/** State of the engine's container (`docker inspect`, `.State`), the parts that lists and filters need. */
export const engineStateSchema = z.object({
  status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
  exitCode: z.number(),
  oomKilled: z.boolean(),
  error: z.string(),
  /** Milliseconds since the epoch; 0 if never. */
  startedAt: z.number(),
  finishedAt: z.number(),
  /** `none` where the image and the container declare no health check. */
  health: z.enum(['none', 'starting', 'healthy', 'unhealthy']),
});
export type EngineState = Readonly<z.infer<typeof engineStateSchema>>;

export const portSchema = z.object({
  ip: z.string().optional(),
  privatePort: z.number(),
  publicPort: z.number().optional(),
  type: z.enum(['tcp', 'udp', 'sctp']),
});
export type Port = Readonly<z.infer<typeof portSchema>>;

/** What the scheduler must know of any container on a host, Berth's or not. Filled by the agent from inspect. */
export const reservationSchema = z.object({
  /** Thousandths of a core; 0 is unlimited. */
  cpuMilli: z.number(),
  /** Bytes; 0 is unlimited. */
  memory: z.number(),
  /** Host ports asked for, running or not. `ip` "" or 0.0.0.0 is every address. */
  ports: z.array(z.object({ ip: z.string(), port: z.number(), protocol: z.string() })),
});
export type Reservation = Readonly<z.infer<typeof reservationSchema>>;

export const probeResultSchema = z.object({
  /** When it began, milliseconds since the epoch, and how long it took. */
  at: z.number(),
  ms: z.number(),
  ok: z.boolean(),
  /** One line: the status, the error, the command's first words. */
  said: z.string(),
});
export type ProbeResult = Readonly<z.infer<typeof probeResultSchema>>;

/** What its host's probes have found out about this run of a container. */
export const observedProbesSchema = z.object({
  /** It may be given work; without a readiness probe it always may. */
  ready: z.boolean(),
  /** It need not be started again. */
  live: z.boolean(),
  /** No verdict yet on one of them: `ready` is false by that, `live` true. */
  starting: z.boolean(),
  /** Since when it is so, milliseconds since the epoch. */
  since: z.number(),
  /** What the result said that made it so. */
  said: z.string(),
  /** The last results by then, the newest last. */
  results: z.array(probeResultSchema).readonly(),
});
export type ObservedProbes = Readonly<z.infer<typeof observedProbesSchema>>;

/**
 * A container as the agent sees it on its engine. Never written to disk. `clusterId` is undefined for containers that
 * Berth did not make (shown, never touched).
 */
export const observedContainerSchema = z.object({
  kind: z.literal('observed-container'),
  hostId: z.string(),
  engineId: z.string(),
  clusterId: z.string().optional(),
  /** The generation of `desired` that the agent has acted on; 0 for unmanaged ones. */
  generation: z.number(),
  name: z.string(),
  state: engineStateSchema,
  /** Seconds since the epoch, as in Docker's lists. */
  created: z.number(),
  image: z.string(),
  imageId: z.string(),
  command: z.string(),
  labels: z.record(z.string(), z.string()),
  ports: z.array(portSchema),
  networkMode: z.string(),
  /** `NetworkSettings` and `Mounts` of the engine's list entry, as they are. */
  networkSettings: z.unknown(),
  mounts: z.unknown(),
  reservation: reservationSchema,
  /** How often the agent has started it again, by Berth's restart policy or a liveness probe; the engine counts its own. */
  restarts: z.number().optional(),
  /** It has ended, and the agent starts it again then (milliseconds since the epoch). */
  nextStartAt: z.number().optional(),
  /** While it runs, and its host probes it itself: not where only the engine's own health check counts. */
  probes: observedProbesSchema.optional(),
});
export type ObservedContainer = Readonly<z.infer<typeof observedContainerSchema>>;
