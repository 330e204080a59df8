import { z } from 'zod';
import { json, lines, queryFlag, type RouteSpec } from './route.ts';

const imageSchema = z.object({
  /** sha256:… */
  id: z.string(),
  /** Of all hosts; none where nothing leads to it by name any more. */
  tags: z.array(z.string()),
  digests: z.array(z.string()),
  /** Bytes on one host; parts of it may be other images' as well. */
  size: z.number(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  hostNames: z.array(z.string()),
  /** Containers that were made of it, running or not: `h1/web` where Berth did not make them. */
  users: z.array(z.string()),
});
export type ImageView = z.infer<typeof imageSchema>;

const pullSchema = z.discriminatedUnion('kind', [
  /** What an engine says of a part of the image, or (`id` empty) of all of it. */
  z.object({
    kind: z.literal('progress'),
    host: z.string(),
    id: z.string(),
    status: z.string(),
    /** Bytes. */
    done: z.number().optional(),
    all: z.number().optional(),
  }),
  z.object({ kind: z.literal('pulled'), host: z.string() }),
  z.object({ kind: z.literal('failed'), host: z.string(), reason: z.string() }),
]);
export type PullItem = z.infer<typeof pullSchema>;

const prunableSchema = z.object({
  images: z.array(imageSchema),
  /** Of all hosts together; less where images share parts. */
  bytes: z.number(),
});

const amountSchema = z.object({
  count: z.number(),
  bytes: z.number(),
  /** What a prune would free. */
  reclaimable: z.number(),
});
const usageSchema = z.object({
  name: z.string(),
  images: amountSchema,
  containers: amountSchema,
  volumes: amountSchema,
  buildCache: amountSchema,
});
export type HostUsage = z.infer<typeof usageSchema>;

const image = z.string().min(1).max(512);
const all = queryFlag.optional();

/** Images of all hosts, and what they take of disks. */
export const imageRoutes = {
  'image.list': {
    method: 'GET',
    path: '/v1/images',
    role: 'viewer',
    answer: json(
      z.object({
        images: z.array(imageSchema),
        /** Names of the hosts that images are put on where none is named. An older manager does not say it. */
        fills: z.array(z.string()).optional(),
      }),
    ),
  },
  /** With the cluster's log-in for its registry; what each host says of it until all are done, one way or the other. */
  'image.pull': {
    method: 'POST',
    path: '/v1/images/pulls',
    role: 'operator',
    action: 'image.pull',
    body: z.strictObject({
      image,
      /** Names or IDs; those that the setting `imageHosts` names where it is left out. */
      nodes: z.array(z.string().min(1).max(128)).min(1).max(1000).optional(),
    }),
    answer: lines(pullSchema),
  },
  /** On every host that has it; refused in the engine's words where a container has it. */
  'image.remove': {
    method: 'DELETE',
    path: '/v1/images/:image',
    role: 'operator',
    action: 'image.remove',
    params: z.strictObject({ image }),
    query: z.strictObject({
      /** Also where it has several tags, or a container that does not run. */
      force: queryFlag.optional(),
    }),
    answer: json(z.object({ removed: z.array(z.string()), warnings: z.array(z.string()) })),
  },
  /** What `image.prune` would delete, as far as the hosts have told. */
  'image.prunable': {
    method: 'GET',
    path: '/v1/images/prunable',
    role: 'viewer',
    query: z.strictObject({ /** Also those with a tag. */ all }),
    answer: json(prunableSchema),
  },
  /** Deletes images that no container has and nothing leads to by name. */
  'image.prune': {
    method: 'POST',
    path: '/v1/images/prune',
    role: 'operator',
    action: 'image.prune',
    body: z.strictObject({ /** Also those with a tag. */ all: z.boolean().optional() }),
    answer: json(z.object({ removed: z.number(), bytes: z.number(), warnings: z.array(z.string()) })),
  },
  /** What each host uses of its disk, as `docker system df`: engines count for seconds, or a minute. */
  'disk.usage': {
    method: 'GET',
    path: '/v1/disk-usage',
    role: 'viewer',
    answer: json(
      z.object({
        hosts: z.array(usageSchema),
        /** Bytes of each volume of a local driver, by the name that `volume.list` has. */
        volumes: z.array(z.object({ name: z.string(), hostName: z.string(), bytes: z.number() })),
        warnings: z.array(z.string()),
      }),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
