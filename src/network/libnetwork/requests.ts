import { z } from 'zod';

/**
 * What libnetwork asks of remote drivers (moby: libnetwork/drivers/remote/api, libnetwork/ipams/remote/api, version 20.10),
 * as far as it is read. Go writes `null` for empty maps and lists.
 */
const optional = z
  .string()
  .nullish()
  .transform((text) => (text === null || text === '' ? undefined : text));
const strings = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});
const anything = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((map) => map ?? {});
const id = z.string().min(1);

/** One pool of a new network; addresses with their prefix length. */
const ipamDataSchema = z.looseObject({
  Pool: z.string(),
  Gateway: optional,
  AuxAddresses: anything,
});
export type IpamData = z.infer<typeof ipamDataSchema>;
const pools = z
  .array(ipamDataSchema)
  .nullish()
  .transform((list) => list ?? []);

export const createNetworkSchema = z.looseObject({
  NetworkID: id,
  Options: anything,
  IPv4Data: pools,
  IPv6Data: pools,
});
export const networkSchema = z.looseObject({ NetworkID: id });
export const createEndpointSchema = z.looseObject({
  NetworkID: id,
  EndpointID: id,
  Interface: z.looseObject({ Address: optional, AddressIPv6: optional, MacAddress: optional }).nullish(),
});
export const endpointRequestSchema = z.looseObject({ NetworkID: id, EndpointID: id });
export const joinSchema = z.looseObject({ NetworkID: id, EndpointID: id, SandboxKey: z.string() });

export const requestPoolSchema = z.looseObject({
  Pool: optional,
  SubPool: optional,
  Options: strings,
  V6: z.boolean().default(false),
});
export const poolSchema = z.looseObject({ PoolID: id });
export const requestAddressSchema = z.looseObject({ PoolID: id, Address: optional, Options: strings });
export const releaseAddressSchema = z.looseObject({ PoolID: id, Address: z.string() });

/** Driver options of `docker network create --opt`, among the options of a new network. */
export const OPTION_GENERIC = 'com.docker.network.generic';
export const OPTION_INTERNAL = 'com.docker.network.internal';
/** In the data of a pool: its gateway, so that libnetwork does not ask for one. */
export const DATA_GATEWAY = 'com.docker.network.gateway';
/** What an address is asked for; a container's where it is left out. */
export const OPTION_ADDRESS_TYPE = 'RequestAddressType';
export const TYPE_GATEWAY = 'com.docker.network.gateway';
/** Driver and IPAM option of engine-side networks: the cluster's ID of the network. */
export const OPTION_NETWORK = 'berth.network';
