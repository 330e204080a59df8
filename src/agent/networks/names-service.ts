import type { MembersChange } from '../../network/index.ts';

/** What answers names to containers, as the host's networks tell it what there is (`HostNames` in src/network/dns). */
export interface NamesService {
  /** Of all members, also those on this host; in order. */
  members(network: Readonly<{ id: string; name: string; internal: boolean }>, change: MembersChange): void;
  /** The network is not this host's any more. */
  forget(networkId: string): void;
  /** Containers of the network ask in this network namespace (`/run/netns/…`), from now on. May be repeated. */
  serve(networkId: string, namespacePath: string): void;
  /** Resolves once they are answered, in a network that is served; at the latest after `ms`. */
  untilServing(networkId: string, ms: number): Promise<void>;
  /** Before the namespace is removed: what is open in it keeps it alive. */
  unserve(networkId: string): Promise<void>;
  close(): Promise<void>;
}
