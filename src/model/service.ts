import { z } from 'zod';
import { dockerSpecSchema } from './container.ts';
import { cronSchema } from './cron.ts';
import { placeSchema } from './kept-file.ts';
import { probeSchema } from './probe.ts';
import { routeOptionsSchema } from './route-options.ts';
import { canaryRuleSchema, domainSchema } from './router.ts';
import { MOST_REPLICAS, scalingSchema } from './scaling.ts';

const port = z.number().int().min(1).max(65_535);
const milliseconds = z.number().min(0);

/** Requests for a domain and a path that go to a port of the service's containers. */
export const routeSchema = z.object({
  kind: z.literal('route'),
  port,
  /** `prefix` gets the cluster's wildcard domain behind it. In lower case, internationalised names in Punycode. */
  host: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('domain'), name: z.string() }),
    z.object({ kind: z.literal('prefix'), name: z.string() }),
  ]),
  /** Begins with `/`. */
  path: z.string(),
  /** As clients reach it. */
  scheme: z.enum(['http', 'https']),
  /** `cluster`: names that end in `.local` are answered inside of the cluster only. */
  scope: z.enum(['public', 'cluster']),
  /** Requests with the same cookie go to the same container. */
  sticky: z.boolean(),
  /** What happens to requests on their way. */
  options: routeOptionsSchema.optional(),
});
export type Route = Readonly<z.infer<typeof routeSchema>>;

/** A port of every ingress host, behind which all containers of the service are. */
export const listenerSchema = z.object({
  kind: z.literal('listener'),
  protocol: z.enum(['tcp', 'udp', 'http', 'https']),
  frontPort: port,
  port,
  /** Name or ID of the external balancer that a file names; it points at the listener on the ingress hosts. */
  balancer: z.string().optional(),
  /** Connections by the name that a TLS client asks for (SNI), passed on as they come; others of the port may be others'. */
  names: z.array(domainSchema).optional(),
  /** Containers are told the client by the PROXY protocol. */
  proxyProtocol: z.boolean().optional(),
});
export type Listener = Readonly<z.infer<typeof listenerSchema>>;

const percent = z.number().int().min(0).max(100);

/** How requests go over to a new version while the old one serves beside it. */
export const shiftPolicySchema = z.object({
  /** Shares of the requests that the new version gets, one after the other, each held for so long; none: by hand. */
  steps: z.array(z.object({ weight: percent, holdMs: milliseconds })).max(50),
  /** After the last step: whether a user says that the old version can go. */
  confirm: z.enum(['by-hand', 'by-itself']),
  /** The new version against the old one, by what routers have counted since the step began; left out: nobody judges. */
  analysis: z
    .object({
      /** Of the new version; on fewer it is not judged. */
      minRequests: z.number().int().min(1),
      /** How much larger its share of errors may be: 0.05 is five in a hundred. */
      maxErrorRate: z.number().min(0).max(1),
      /** How many times as long the 95th percentile of its response times may be. */
      maxSlowdown: z.number().min(1),
      /** So long it waits for enough requests once a step is over, before it stops. */
      patienceMs: milliseconds,
    })
    .optional(),
  /** Requests with that header or cookie go to the new version, whatever its share is. */
  match: canaryRuleSchema.omit({ pool: true }).optional(),
});
export type ShiftPolicy = Readonly<z.infer<typeof shiftPolicySchema>>;
export type Analysis = NonNullable<ShiftPolicy['analysis']>;

/** How a new version takes the place of the old one, or the old one of the new one. */
export const updatePolicySchema = z.object({
  kind: z.enum(['recreate', 'rolling', 'blue-green', 'canary']),
  /** Containers at a time; 0 is all. */
  parallelism: z.number().int().min(0),
  delayMs: milliseconds,
  /** A new container that fails within this time counts as failed. */
  monitorMs: milliseconds,
  maxFailureRatio: z.number().min(0).max(1),
  order: z.enum(['stop-first', 'start-first']),
  onFailure: z.enum(['continue', 'pause', 'rollback']),
  /** Of kinds in which both versions serve at once, and only of these. */
  shift: shiftPolicySchema.optional(),
});
export type UpdatePolicy = Readonly<z.infer<typeof updatePolicySchema>>;

/** Swarm's defaults (docker service update). */
export const DEFAULT_POLICY: UpdatePolicy = {
  kind: 'rolling',
  parallelism: 1,
  delayMs: 0,
  monitorMs: 5000,
  maxFailureRatio: 0,
  order: 'stop-first',
  onFailure: 'pause',
};

/** Where lines of a container's log come from, and how long they are kept. */
export const logSourceSchema = z.object({
  kind: z.literal('log'),
  name: z.string(),
  /** `stdout`, or a path in the container, the last part of which may have `*`. */
  source: z.string(),
  format: z.enum(['none', 'json', 'csv']),
  tags: z.record(z.string(), z.string()),
  ttlDays: z.number().int().min(1).max(365),
  timestamp: z.boolean(),
});
export type LogSource = Readonly<z.infer<typeof logSourceSchema>>;

export const dependencySchema = z.object({
  service: z.string(),
  condition: z.enum(['started', 'healthy', 'completed']),
  /** Start again when that service was changed. */
  restart: z.boolean(),
  /** False: where it is not in the stack, that is no mistake. */
  required: z.boolean(),
});
export type ServiceDependency = Readonly<z.infer<typeof dependencySchema>>;

/** A file that a config or secret of the stack becomes in the containers. */
export const mountedFileSchema = placeSchema.extend({
  kind: z.enum(['config', 'secret']),
  /** Key of the config or secret in the stack. */
  source: z.string(),
  /** The one that the cluster keeps; undefined in a stack that is not deployed. */
  file: z.object({ id: z.string(), name: z.string() }).optional(),
});
export type MountedFile = Readonly<z.infer<typeof mountedFileSchema>>;

/** How an image is built; `docker build`'s terms. */
export const buildSchema = z.object({
  /** Absolute path, or a URL. */
  context: z.string(),
  dockerfile: z.string().optional(),
  dockerfileInline: z.string().optional(),
  args: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
  target: z.string().optional(),
  network: z.string().optional(),
  cacheFrom: z.array(z.string()),
  extraHosts: z.array(z.string()),
  tags: z.array(z.string()),
  platforms: z.array(z.string()),
  noCache: z.boolean(),
  pull: z.boolean(),
  /** Bytes. */
  shmSize: z.number().int().optional(),
});
export type Build = Readonly<z.infer<typeof buildSchema>>;

/** Equal containers of a stack; what a compose file says of them. */
export const serviceSchema = z.object({
  kind: z.literal('service'),
  /** As in the file; unique in its stack. */
  name: z.string(),
  /** `service` runs on, `job` runs to its end once a release, `cron` at times. */
  runs: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('service') }),
    z.object({ kind: z.literal('job') }),
    cronSchema,
  ]),
  scale: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('replicated'), replicas: z.number().int().min(0).max(MOST_REPLICAS) }),
    /** One on each host that matches. */
    z.object({ kind: z.literal('global') }),
  ]),
  /** `indexed`: `{prefix}{index}`, from 1; a container that is made again keeps its index. */
  naming: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('indexed'), prefix: z.string() }),
    z.object({ kind: z.literal('fixed'), name: z.string() }),
  ]),
  /** Host names and addresses that belong to an index; addresses are by network key, the first one is of index 1. */
  identity: z.object({ hostnames: z.boolean(), ips: z.record(z.string(), z.array(z.string())) }),
  /** What each of its containers is created with; its networks and volumes are named as the engine names them. */
  container: dockerSpecSchema,
  platform: z.string().optional(),
  pull: z.enum(['always', 'missing', 'never', 'build']),
  build: buildSchema.optional(),
  files: z.array(mountedFileSchema),
  dependsOn: z.array(dependencySchema),
  update: updatePolicySchema,
  rollback: updatePolicySchema,
  /** Kept as it was written (compose: deploy.restart_policy); hosts pause between restarts by rules of their own. */
  restart: z.object({ delayMs: milliseconds, windowMs: milliseconds }),
  /** Out of routing and names while it fails. */
  readiness: probeSchema.optional(),
  /** Started again when it fails. */
  liveness: probeSchema.optional(),
  routes: z.array(routeSchema),
  /** 0: its routes get no requests. All else is the same: no other service has them. */
  weight: z.number().int().min(0).max(100),
  listeners: z.array(listenerSchema),
  scaling: scalingSchema.optional(),
  logs: z.array(logSourceSchema),
  /** Labels of the service itself (compose: deploy.labels), not of its containers. */
  labels: z.record(z.string(), z.string()),
});
export type Service = Readonly<z.infer<typeof serviceSchema>>;
