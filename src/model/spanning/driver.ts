import type { Network } from '../objects.ts';
import type { Span } from '../span.ts';

/** What a driver's options come to: fields of the span, and the MTU that was asked for. */
export type ReadOptions = Partial<Pick<Span, 'mtu' | 'encrypted' | 'vlanId' | 'backend' | 'uplink'>>;

/** One driver option, as in `docker network create --opt NAME=VALUE`. */
export type DriverOption = Readonly<{
  /** What is possible, for errors: `1 to 4094`. */
  values: string;
  /** Undefined where the value is not possible. */
  read(value: string): ReadOptions | undefined;
}>;

/** The wire between hosts as far as a frame's size depends on it. */
export type Wire = Readonly<{ mtu: number; family: 4 | 6 }>;

/** A kind of network that spans hosts, as the manager knows it: one file per driver, one line in `registry.ts`. */
export interface SpanDriver {
  /** As in `docker network create -d`. */
  readonly name: string;
  /** By lower-case name, without dashes before it. */
  readonly options: Readonly<Record<string, DriverOption>>;
  /** Each network gets a VXLAN network identifier of its own. */
  readonly numbered: boolean;
  /**
   * `own`: the network is apart from everything else, a subnet may be chosen for it, and must not hide the hosts' data
   * addresses. `outside`: the subnet is one of the company's, and must be told; hosts may have addresses in it.
   */
  readonly subnets: 'own' | 'outside';
  /** Why the network cannot be beside one that is there already, in a sentence; undefined where it can. */
  refusal?(span: Span, other: Network & Readonly<{ span: Span }>): string | undefined;
  /** Largest packet of a container, bytes. */
  mtu(wire: Wire, options: ReadOptions): number;
  /**
   * Least MTU of the wire at the hosts' data addresses that carries the network's packets whole, bytes; undefined where they
   * go another way.
   */
  wireMtuFor(span: Pick<Span, 'mtu' | 'encrypted'>, family: Wire['family']): number | undefined;
}

/** Docker's own option (libnetwork: netlabel.DriverMTU), and the short form of it. */
export const MTU_OPTION: DriverOption = {
  values: 'a whole number of bytes from 576 to 65535',
  read: (value) => {
    const mtu = /^\d{1,5}$/.test(value) ? Number(value) : 0;
    return mtu >= 576 && mtu <= 65_535 ? { mtu } : undefined;
  },
};
