import { z } from 'zod';
import { networkAskSchema } from '../../contract/link.ts';
import { endpointSchema, memberSchema, poolSchema, spanSchema } from '../../model/span.ts';

const networkSchema = z.object({
  id: z.string(),
  span: spanSchema,
  engineId: z.string(),
  plain: z.boolean().optional(),
});

const endpointRecordSchema = z.object({
  engineNetwork: z.string(),
  endpoint: endpointSchema,
  sandbox: z.string().optional(),
  routes: z.array(z.string()).optional(),
});
const leaseSchema = z.object({
  network: z.string(),
  ip: z.string(),
  mac: z.string(),
  holder: z.string(),
  endpointId: z.string().optional(),
});

/** The host's networks on its disk, but for their members. */
export const networkStateSchema = z.object({
  clusterId: z.string(),
  hostId: z.string(),
  /** Engine-side networks, by the cluster's ID. */
  networks: z.record(z.string(), networkSchema),
  /** By the engine's endpoint ID. */
  endpoints: z.record(z.string(), endpointRecordSchema),
  /** Pools that were requested with plain docker, by the first part of their ID. */
  pools: z.record(z.string(), z.object({ pool: poolSchema, network: z.string().optional() })),
  leases: z.array(leaseSchema),
  /** What the manager has not heard yet of addresses and networks that are given back. */
  due: z.array(networkAskSchema),
});
export type NetworkState = z.infer<typeof networkStateSchema>;

/** The members of one network, as the manager told last; one file for each network. */
export const membersSchema = z.object({
  name: z.string(),
  internal: z.boolean(),
  members: z.array(memberSchema),
});
/** The same in memory: members by ID, in the order in which they were told. */
export type KnownMembers = Readonly<{
  name: string;
  internal: boolean;
  members: ReadonlyMap<string, z.infer<typeof memberSchema>>;
}>;
