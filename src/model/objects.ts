import { z } from 'zod';
import { spanSchema } from './span.ts';

/** An image on one host (`GET /images/json` entry, the parts that are searched; `raw` is the entry as it came). */
export const observedImageSchema = z.object({
  kind: z.literal('observed-image'),
  hostId: z.string(),
  /** sha256:… */
  imageId: z.string(),
  repoTags: z.array(z.string()),
  repoDigests: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  /** Seconds since the epoch. */
  created: z.number(),
  /** Bytes. */
  size: z.number(),
  raw: z.unknown(),
});
export type ObservedImage = Readonly<z.infer<typeof observedImageSchema>>;

/** A network on one host, as the engine lists it. */
export const observedNetworkSchema = z.object({
  kind: z.literal('observed-network'),
  hostId: z.string(),
  networkId: z.string(),
  name: z.string(),
  driver: z.string(),
  scope: z.string(),
  labels: z.record(z.string(), z.string()),
  raw: z.unknown(),
});
export type ObservedNetwork = Readonly<z.infer<typeof observedNetworkSchema>>;

/** A volume on one host, as the engine lists it. */
export const observedVolumeSchema = z.object({
  kind: z.literal('observed-volume'),
  hostId: z.string(),
  name: z.string(),
  driver: z.string(),
  labels: z.record(z.string(), z.string()),
  raw: z.unknown(),
});
export type ObservedVolume = Readonly<z.infer<typeof observedVolumeSchema>>;

/**
 * A network that was made through the cluster. A driver with local scope lives on one host: `hostId` is undefined until
 * the first container that uses it is placed, and from then on holds every user of it to that host.
 */
export const networkSchema = z.object({
  kind: z.literal('network'),
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  hostId: z.string().optional(),
  /** Of a network that spans hosts; it has no `hostId` then. */
  span: spanSchema.optional(),
  /**
   * ID of the host on which it was made with plain docker: its own, and shown with what that host has. Here for its
   * addresses and its VNI, which are unique in the cluster; nobody but that host uses it.
   */
  plainOn: z.string().optional(),
  /** The body of `POST /networks/create`, as it was given. */
  spec: z.looseObject({ Name: z.string(), Driver: z.string().optional() }),
});
export type Network = Readonly<z.infer<typeof networkSchema>>;

/** A volume that was made through the cluster; placed with its first container, as a local network is, unless it spans hosts. */
export const volumeSchema = z.object({
  kind: z.literal('volume'),
  name: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  hostId: z.string().optional(),
  /** Each host has one of its own, for services that are on each of them; see `spansHosts`. */
  onEachHost: z.literal(true).optional(),
  /** The body of `POST /volumes/create`, as it was given. */
  spec: z.looseObject({ Name: z.string().optional(), Driver: z.string().optional() }),
});
export type Volume = Readonly<z.infer<typeof volumeSchema>>;
