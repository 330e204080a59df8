import type { Logger } from '../kit/logger.ts';
import type { Endpoint, Member, Span } from '../model/span.ts';
import type { Run } from './commands.ts';

/** What a driver is made with (`drivers.ts` has them all). */
export type DriverDeps = Readonly<{
  run: Run;
  logger: Logger;
  /** At which other hosts reach this one. */
  dataAddress: string;
  /** The host's interface to the switch with the company's VLANs, for networks that name none. */
  vlanUplink: string | undefined;
}>;

/** A network of the cluster as one host takes part in it. */
export type HostNetwork = Readonly<{
  /** The cluster's ID. */
  id: string;
  /** The engine's ID, by which libnetwork calls it. */
  engineId: string;
  span: Span;
}>;

/** A container's place in a network, on this host. */
export type HostEndpoint = Readonly<{
  /** The engine's endpoint ID: 64 hex digits. */
  endpointId: string;
  endpoint: Endpoint;
}>;

/** What libnetwork does with the interface that a driver has made (`NetworkDriver.Join`). */
export type Joined = Readonly<{
  /** In the host's namespace; libnetwork moves it into the container. */
  srcName: string;
  /** Its name there, without the number. */
  dstPrefix: string;
  /** Left out, the engine adds its `docker_gwbridge`: the way out, and in by published ports. */
  gateway?: string;
  gatewayIPv6?: string;
  /** `nextHop` left out: on the link. */
  routes?: readonly Readonly<{ destination: string; nextHop?: string }>[];
}>;

/** One direction between two hosts: an ESP association with AES-GCM (RFC 4106). */
export type EspKey = Readonly<{
  /** Security parameters index. */
  spi: number;
  /** Hexadecimal: 32 bytes of key and 4 of salt. */
  key: string;
}>;

/** Keys between this host and another one that has an encrypted network in common with it: the first ones of their chains. */
export type PeerKeys = Readonly<{
  /** Data addresses: of the other host, and of this one. */
  address: string;
  own: string;
  out: EspKey;
  in: readonly EspKey[];
}>;

/** What changed of a network's members; `whole`: `put` is all of them. */
export type MembersChange = Readonly<{ whole: boolean; put: readonly Member[]; drop: readonly string[] }>;

/**
 * A kind of network on one host. Every method may be repeated: what is there already is left as it is, what is gone already
 * is no error. A driver keeps nothing that the kernel does not show: after a restart of the agent, the engine or the machine
 * it goes on from what it finds.
 */
export interface NetworkDriver {
  /** As in `docker network create -d`. */
  readonly name: string;
  /** Whether it works on this host; `reason` says what is missing and how to get it, in a sentence. */
  preflight(): Promise<Readonly<{ usable: boolean; reason: string }>>;
  /** Makes what the network needs on this host before a container can join. @throws BerthError with what is missing */
  ensure(network: HostNetwork): Promise<void>;
  /** Takes all of it away again; containers have left. */
  remove(network: HostNetwork): Promise<void>;
  /** @throws BerthError `conflict` where the address is in use by somebody outside the cluster (vlan) */
  join(network: HostNetwork, endpoint: HostEndpoint): Promise<Joined>;
  leave(network: HostNetwork, endpointId: string): Promise<void>;
  /**
   * Takes away the links of containers that are gone. `keep` are the engine's endpoints that are not: it is asked after
   * what is there was read, as others may join meanwhile.
   */
  sweep(network: HostNetwork, keep: () => ReadonlySet<string>): Promise<void>;
  /**
   * The network namespace in which names are to be answered at 169.254.53.53 (`/run/netns/…`), once `ensure` has been done,
   * or was refused where an earlier life has made one; undefined where this network has none on this host: its containers
   * then ask other servers only. Makes nothing.
   */
  namesNamespace(network: HostNetwork): Promise<string | undefined>;
  /**
   * Members on other hosts, in one batch; in order for one network. Nothing for a network that is not there: it may be
   * removed by now, and must not come back.
   */
  members(network: HostNetwork, change: MembersChange): Promise<void>;
  /** Of a driver that can encrypt: the keys with all other hosts, whenever one changes; none ends all encryption. */
  keys?(peers: readonly PeerKeys[]): Promise<void>;
  /** Of the same, every minute: no key may be used for more packets than it is good for. */
  renewKeys?(): Promise<void>;
}
