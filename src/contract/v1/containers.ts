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
