import { z } from 'zod';

/**
 * A network's addresses of one family: a subnet, and what of it is handed out. All in the shortest form of RFC 5952 or
 * dotted decimals, subnets without host bits.
 */
export const poolSchema = z.object({
  /** `192.168.1.0/24`. */
  subnet: z.string(),
  /** The part of the subnet that addresses are taken from; all of it where it is left out (`--ip-range`). */
  range: z.string().optional(),
  /** Of an xoverlay network each host answers for it itself; of a vlan it is the company's router. */
  gateway: z.string().optional(),
  /** Addresses that are in use by something else, by the name of that (`--aux-address`). */
  aux: z.record(z.string(), z.string()).optional(),
});
export type Pool = Readonly<z.infer<typeof poolSchema>>;

/**
 * What the manager has made of a network that spans hosts, at its creation: all that a host needs to take part in it. A
 * network without it lives on one host.
 */
export const spanSchema = z.object({
  /** Name of the network driver (`xoverlay`, `vlan`). */
  driver: z.string(),
  /** IPv4 first. One or more. */
  pools: z.array(poolSchema).min(1),
  /** Of the containers' interfaces, bytes. */
  mtu: z.number().int(),
  /** No way out, and no published ports. */
  internal: z.boolean(),
  /** xoverlay: VXLAN network identifier, unique in the cluster. */
  vni: z.number().int().optional(),
  /** xoverlay: what leaves the host is encrypted. */
  encrypted: z.boolean().optional(),
  /** vlan: 802.1q ID, 1 to 4094. */
  vlanId: z.number().int().optional(),
  /** vlan: `openvswitch`, `bridge` or `macvlan`; the host chooses where it is left out. */
  backend: z.string().optional(),
  /** vlan: interface of the hosts that is a trunk port of the switch; where it is left out, the host's own setting. */
  uplink: z.string().optional(),
});
export type Span = Readonly<z.infer<typeof spanSchema>>;

/** As text that goes into lines for `ip` and `bridge`: nothing else may stand there. */
export const ipSchema = z.union([z.ipv4(), z.ipv6()]);
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** What one container has in one network; the addresses are without a prefix length. */
export const endpointSchema = z.object({
  ipv4: z.ipv4().optional(),
  ipv6: z.ipv6().optional(),
  /** Lower case, with colons. */
  mac: z.string().regex(MAC),
});
export type Endpoint = Readonly<z.infer<typeof endpointSchema>>;

/**
 * One member of a network as every host on that network knows it: where frames for it go, and the names that it answers to
 * there. Of containers of the cluster, and of those that were started with plain docker on a network of the cluster.
 */
export const memberSchema = endpointSchema.extend({
  /** Cluster ID of the container; of a plain one `<host ID>/<the engine's endpoint ID>`. */
  id: z.string(),
  hostId: z.string(),
  /** Data address of its host; empty while that is not known. */
  via: z.union([ipSchema, z.literal('')]),
  /** Its host has a probe device: whether VXLAN reaches it can be looked at. */
  probed: z.boolean().optional(),
  /** Lower case, without the network's or the cluster's domain; the container's own name first. */
  names: z.array(z.string()),
  /** It runs, and is not unhealthy: names lead to it. Frames go to it in any case. */
  up: z.boolean(),
  /** Container ports that its image or its user has named, for SRV records: `80/tcp`. */
  ports: z.array(z.string()).optional(),
});
export type Member = Readonly<z.infer<typeof memberSchema>>;
