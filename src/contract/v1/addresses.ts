import { z } from 'zod';
import { CONTAINER_NAME } from '../../model/container.ts';
import { json, type RouteSpec } from './route.ts';

/** What `holder` says in a sentence, for pages that have sentences of their own. */
const heldBySchema = z.discriminatedUnion('kind', [
  /** `host` is absent where the container is not known any more. */
  z.object({ kind: z.literal('container'), name: z.string(), host: z.string().optional() }),
  /** A container that plain docker has made on that host. */
  z.object({ kind: z.literal('plain'), name: z.string(), host: z.string() }),
  z.object({ kind: z.literal('gateway') }),
  z.object({ kind: z.literal('aux'), name: z.string() }),
  /** A container may run on with it on that host, which was taken out of the cluster; `ip.release` frees it. */
  z.object({ kind: z.literal('left'), host: z.string() }),
  z.object({ kind: z.literal('reservation'), name: z.string() }),
  z.object({ kind: z.literal('gone'), name: z.string().optional() }),
]);
export type HeldBy = z.infer<typeof heldBySchema>;

const addressViewSchema = z.object({
  ip: z.string(),
  mac: z.string(),
  /**
   * used: somebody has it · reserved: it waits for whom it is reserved for · leaving: its container is gone, and it is free
   * again once the grace time is over.
   */
  state: z.enum(['used', 'reserved', 'leaving']),
  /** Who has it, or had it: `container web on host h1`. */
  holder: z.string(),
  /** The same in parts; absent from managers that are older. */
  heldBy: heldBySchema.optional(),
  /** It outlives its holders: a container of this name gets it. */
  reservedFor: z.string().optional(),
  /** Of one that is leaving: when it is free again, milliseconds since the epoch. */
  freeAt: z.number().optional(),
});
export type AddressView = z.infer<typeof addressViewSchema>;

const params = z.strictObject({
  /** Name, ID, or an ID's beginning that only one has. */ network: z.string().min(1).max(256),
});
const address = z.string().max(64);

/** Addresses of networks that span hosts. */
export const addressRoutes = {
  'ip.list': {
    method: 'GET',
    path: '/v1/networks/:network/addresses',
    role: 'viewer',
    params,
    answer: json(
      z.object({
        network: z.string(),
        /** What each of its pools has, and how much of that is not free. A size may be more than 2^53: it is text. */
        pools: z.array(
          z.object({ subnet: z.string(), range: z.string().optional(), size: z.string(), taken: z.number() }),
        ),
        addresses: z.array(addressViewSchema),
      }),
    ),
  },
  /** The address that was named, or the one that the container of that name has, or one that is free; of each family. */
  'ip.reserve': {
    method: 'POST',
    path: '/v1/networks/:network/reservations',
    role: 'operator',
    action: 'ip.reserve',
    params,
    body: z.strictObject({
      name: z.string().max(128).regex(CONTAINER_NAME, 'write a name that a container can have'),
      ip: address.optional(),
    }),
    answer: json(z.object({ addresses: z.array(addressViewSchema) })),
  },
  /** Who has the address keeps it for as long as it lives. */
  'ip.release': {
    method: 'DELETE',
    path: '/v1/networks/:network/reservations/:reservation',
    role: 'operator',
    action: 'ip.release',
    params: params.extend({ /** Name, or address. */ reservation: z.string().min(1).max(128) }),
    answer: json(z.object({ released: z.array(z.string()) })),
  },
} as const satisfies Record<string, RouteSpec>;
