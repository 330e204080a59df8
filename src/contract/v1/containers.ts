import { z } from 'zod';
import { portSchema } from '../../model/container.ts';
import { json, lines, nothingSchema, queryFlag, queryNumber, type RouteSpec } from './route.ts';
import { logItemSchema, momentSchema } from './services.ts';

/** A container in a list: what the manager knows of it without asking its host. */
const containerSchema = z.object({
  /** Cluster ID, or the engine's for one that Berth did not make. */
  id: z.string(),
  name: z.string(),
  /** Made through the cluster. */
  managed: z.boolean(),
  /** A router of Berth's own; `managed` is false, as it is its host's and nobody has created it through the cluster. */
  router: z.boolean().optional(),
  hostId: z.string(),
  hostName: z.string(),
  image: z.string(),
  command: z.string(),
  /** Docker's word, or `pending` where the host has not reported it yet. As it was last, where the host does not answer. */
  state: z.string(),
  /** `none` where nothing checks it. */
  health: z.string(),
  /** 0 where it has not ended. */
  exitCode: z.number(),
  /** Milliseconds since the epoch, as `startedAt`, which is 0 where it never ran. */
  createdAt: z.number(),
  startedAt: z.number(),
  ports: z.array(portSchema),
  /** Of which service it is one. */
  service: z.object({ stack: z.string(), name: z.string() }).optional(),
});
export type ContainerView = z.infer<typeof containerSchema>;

const containerStatsSchema = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Microseconds of CPU since it began. */
  cpu: z.number(),
  /** Bytes, without the page cache, as `docker stats` counts it; and what it may have. */
  memory: z.number(),
  memoryLimit: z.number(),
  /** Bytes since it began: from and to networks, from and to disks. */
  received: z.number(),
  sent: z.number(),
  read: z.number(),
  written: z.number(),
  processes: z.number(),
});
export type ContainerStats = z.infer<typeof containerStatsSchema>;

const params = z.strictObject({
  /** ID, name, `host/name`, or an ID's beginning that only one has. */
  container: z.string().min(1).max(256),
});

/** Seconds before a container that does not stop is killed; its own where it is left out. */
const stopBody = z.strictObject({ timeout: z.number().int().min(0).max(86_400).optional() });

export const containerRoutes = {
  /** Of one host after the other, so that pages are cheap and nothing is told twice. */
  'container.list': {
    method: 'GET',
    path: '/v1/containers',
    role: 'viewer',
    query: z.strictObject({
      /** On this host only: name or ID. */
      node: z.string().min(1).max(128).optional(),
      /** A page ends with the host that fills it; 1,000 unless told. */
      limit: queryNumber.pipe(z.number().min(1).max(10_000)).optional(),
      /** `next` of the page before. */
      cursor: z.string().max(128).optional(),
    }),
    answer: json(z.object({ containers: z.array(containerSchema), next: z.string().optional() })),
  },
  'container.get': {
    method: 'GET',
    path: '/v1/containers/:container',
    role: 'viewer',
    params,
    answer: json(containerSchema),
  },
  /** As `docker inspect` has it; values of its environment are hidden from viewers. */
  'container.inspect': {
    method: 'GET',
    path: '/v1/containers/:container/inspect',
    role: 'viewer',
    params,
    answer: json(z.record(z.string(), z.unknown())),
  },
  /** What it has written; with `follow` also what it writes from now on, until it ends. */
  'container.logs': {
    method: 'GET',
    path: '/v1/containers/:container/logs',
    role: 'viewer',
    params,
    query: z.strictObject({
      follow: queryFlag.optional(),
      /** Only so many of the newest lines; all, if left out. */
      tail: queryNumber.optional(),
      since: momentSchema.optional(),
      until: momentSchema.optional(),
    }),
    answer: lines(logItemSchema),
  },
  /** What several have written, in the order of time; with `follow` also what they write from now on, over their restarts. */
  'container.logs.merged': {
    method: 'GET',
    path: '/v1/logs',
    role: 'viewer',
    query: z.strictObject({
      /** IDs or names, with commas between. */
      containers: z.string().min(1).max(8192),
      follow: queryFlag.optional(),
      /** Only so many of each one's newest lines; all, if left out. */
      tail: queryNumber.optional(),
      since: momentSchema.optional(),
      until: momentSchema.optional(),
    }),
    answer: lines(logItemSchema),
  },
  'container.start': {
    method: 'POST',
    path: '/v1/containers/:container/start',
    role: 'operator',
    action: 'container.start',
    params,
    answer: json(nothingSchema),
  },
  'container.stop': {
    method: 'POST',
    path: '/v1/containers/:container/stop',
    role: 'operator',
    action: 'container.stop',
    params,
    body: stopBody,
    answer: json(nothingSchema),
  },
  'container.restart': {
    method: 'POST',
    path: '/v1/containers/:container/restart',
    role: 'operator',
    action: 'container.restart',
    params,
    body: stopBody,
    answer: json(nothingSchema),
  },
  /** Sends a signal to its process; with KILL, which it is unless told, it stays down. */
  'container.kill': {
    method: 'POST',
    path: '/v1/containers/:container/kill',
    role: 'operator',
    action: 'container.kill',
    params,
    body: z.strictObject({
      signal: z
        .string()
        .regex(/^(SIG)?[A-Z][A-Z0-9+-]{1,11}$|^\d{1,2}$/, {
          error: (issue) => `"${String(issue.input)}" is no signal, such as HUP or 1`,
        })
        .optional(),
    }),
    answer: json(nothingSchema),
  },
  'container.pause': {
    method: 'POST',
    path: '/v1/containers/:container/pause',
    role: 'operator',
    action: 'container.pause',
    params,
    answer: json(nothingSchema),
  },
  'container.unpause': {
    method: 'POST',
    path: '/v1/containers/:container/unpause',
    role: 'operator',
    action: 'container.unpause',
    params,
    answer: json(nothingSchema),
  },
  'container.rename': {
    method: 'POST',
    path: '/v1/containers/:container/rename',
    role: 'operator',
    action: 'container.rename',
    params,
    body: z.strictObject({ name: z.string().min(1).max(255) }),
    answer: json(nothingSchema),
  },
  /** What it uses now, as `docker stats` counts it: of two readings come the rates. */
  'container.stats': {
    method: 'GET',
    path: '/v1/containers/:container/stats',
    role: 'viewer',
    params,
    answer: json(containerStatsSchema),
  },
  'container.remove': {
    method: 'DELETE',
    path: '/v1/containers/:container',
    role: 'operator',
    action: 'container.remove',
    params,
    query: z.strictObject({
      /** Also one that runs. */
      force: queryFlag.optional(),
      /** Its anonymous volumes, too. */
      volumes: queryFlag.optional(),
    }),
    answer: json(nothingSchema),
  },
} as const satisfies Record<string, RouteSpec>;
