import type { PortNames } from './device-names.ts';

/** Where a network lies on this host. */
export type Place = Readonly<{
  networkId: string;
  /** The interface that leads to the company's switch. */
  uplink: string;
  /** 802.1q ID; undefined: untagged, as the switch's port is an access port. */
  vlanId: number | undefined;
  /** Of the containers' interfaces, bytes. */
  mtu: number;
  /** IPv4 subnets of the network. */
  subnets: readonly string[];
}>;

/** A container's port: names of its interfaces, and the MAC that the container's end is made with. */
export type Port = PortNames & Readonly<{ mac: string }>;

/** The port of the namespace of names: the host's end, and the interface inside; `fresh`: made just now. */
export type ServicePort = Readonly<{ host: string; namespace: string; link: string; fresh: boolean }>;

/** Where a network lies on another uplink than it should; `inUse`: with containers, or nobody can tell. */
export type Elsewhere = Readonly<{ uplink: string; inUse: boolean }>;

/** Why not, in a sentence with what to do, where it is not usable; what was found where it is. */
export type Verdict = Readonly<{ usable: boolean; reason: string }>;

/**
 * A way to put a container's interface onto a VLAN. Every method may be repeated, and goes on from what it finds; what it
 * has not made itself (an operator's bridge, a VLAN interface) is used and left.
 */
export interface VlanBackend {
  /** As in `--opt backend=`. */
  readonly name: string;
  /** Whether this host has what it takes: programs, and what the kernel can, found out by trying. */
  preflight(): Promise<Verdict>;
  /** Whether the network can lie there: its uplink, and what else uses that. Changes nothing. */
  check(place: Place): Promise<Verdict>;
  /** Whether something of the network is here by this backend. */
  holds(place: Place): Promise<boolean>;
  /** The other uplink on which something of the network is by this backend, as the host's has been changed since. */
  elsewhere(place: Place): Promise<Elsewhere | undefined>;
  ensure(place: Place): Promise<void>;
  remove(place: Place): Promise<void>;
  /** Makes the container's end inside of `port.namespace`, which is there, and connects it to the VLAN. */
  attach(place: Place, port: Port): Promise<void>;
  /** Names of ports that the backend keeps of which the host may have no interface any more. */
  ports?(): Promise<readonly string[]>;
  /** Takes away what `attach` has made, wherever the container's end is. */
  detach(place: Place, port: PortNames): Promise<void>;
  /**
   * Connects the port of the namespace of names so that it reaches containers of this host, and nothing that it sends leaves
   * the host. Undefined where this kind of network cannot do that.
   */
  readonly connectService: ((place: Place, port: ServicePort) => Promise<void>) | undefined;
}

export const usable = (reason: string): Verdict => ({ usable: true, reason });
export const unusable = (reason: string): Verdict => ({ usable: false, reason });
