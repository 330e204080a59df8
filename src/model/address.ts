import { z } from 'zod';

/** Who has an address. */
export const addressHolderSchema = z.discriminatedUnion('kind', [
  /** A container of the cluster, for as long as its record is there. */
  z.object({ kind: z.literal('container'), id: z.string() }),
  /** A container that was started with plain docker on that host: the engine's endpoint, for as long as it runs. */
  z.object({
    kind: z.literal('endpoint'),
    hostId: z.string(),
    endpointId: z.string(),
    name: z.string().optional(),
  }),
  /** The network itself. */
  z.object({ kind: z.literal('gateway') }),
  /** `left`: a container may run on with it on a host that was taken out of the cluster. */
  z.object({ kind: z.literal('aux'), name: z.string(), left: z.boolean().optional() }),
  /** Nobody yet: it waits for the container that its reservation is for. */
  z.object({ kind: z.literal('none') }),
]);
export type AddressHolder = Readonly<z.infer<typeof addressHolderSchema>>;

/** An address of a network that is not free. An address without a record is. */
export const addressSchema = z.object({
  kind: z.literal('address'),
  networkId: z.string(),
  /** Shortest form, without a prefix length. */
  ip: z.string(),
  mac: z.string(),
  holder: addressHolderSchema,
  /** It outlives its holders: whoever asks for it by this name, or is a container of this name, gets it. */
  reservedFor: z.string().optional(),
  /** Its holder is gone since then (milliseconds since the epoch): it is free again after the grace time. */
  releasedAt: z.number().optional(),
  /** Name of the container that had it last: one that is made again under that name gets it back within the grace time. */
  formerly: z.string().optional(),
});
export type Address = Readonly<z.infer<typeof addressSchema>>;

/** The address that a pool has given last. Never written to disk: after a start it gives from its beginning. */
export type AddressCursor = Readonly<{
  kind: 'address-cursor';
  networkId: string;
  subnet: string;
  ip: string;
}>;
