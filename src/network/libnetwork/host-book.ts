import type { Endpoint, Pool, Span } from '../../model/span.ts';

/** A network of the cluster that this host takes part in. */
export type BookedNetwork = Readonly<{
  /** The cluster's ID. */
  id: string;
  span: Span;
  /** The engine's; undefined while the engine has not made it. */
  engineId?: string;
  /** It was made with plain docker on this host, and goes with its engine-side network. */
  plain?: boolean;
}>;

/** An endpoint that an engine has made, until it deletes it. */
export type BookedEndpoint = Readonly<{
  engineNetwork: string;
  endpoint: Endpoint;
  /** Of the container that it has joined: its namespace's file. */
  sandbox?: string;
  /** Destinations of routes that it has brought there. */
  routes?: readonly string[];
}>;

/** A pool that was requested with plain docker, for which there is no network yet, or by now. */
export type PlainPool = Readonly<{ pool: Pool; network?: string }>;

/** An address of a network, asked of the manager for a container that is not of the cluster. */
export type Lease = Readonly<{
  network: string;
  ip: string;
  mac: string;
  /** By which the manager knows its holder. */
  holder: string;
  /** Taken when the endpoint was made, as the engine's own IPAM has chosen the address; goes with it. */
  endpointId?: string;
}>;

/**
 * What the plugins know of this host's networks, and whom they ask for the rest. The agent keeps it, on its disk. Nothing
 * of it asks the engine, which does not answer while it waits for a plugin.
 */
export interface HostBook {
  network(id: string): BookedNetwork | undefined;
  networkOfEngine(engineId: string): BookedNetwork | undefined;
  /** The engine's network by that ID is this one; on the disk when it resolves. @throws the disk's error */
  bind(id: string, engineId: string): Promise<void>;
  /** The engine's network is gone; the manager hears of a plain one. */
  unbind(engineId: string): Promise<void>;

  endpoint(endpointId: string): BookedEndpoint | undefined;
  endpointsIn(sandbox: string): readonly BookedEndpoint[];
  setEndpoint(endpointId: string, endpoint: BookedEndpoint | undefined): void;

  /** What a container of the cluster, assigned to this host, has in that network under that address. */
  addressOf(networkId: string, ip: string): Endpoint | undefined;
  lease(networkId: string, ip: string): Lease | undefined;

  plainPool(key: string): PlainPool | undefined;
  plainPools(): Iterable<readonly [string, PlainPool]>;
  setPlainPool(key: string, pool: PlainPool | undefined): void;

  /** Asks the manager for a network that is made with plain docker. @throws BerthError where it refuses or does not answer */
  newNetwork(
    wanted: Readonly<{
      driver: string;
      pools: readonly Pool[];
      options: Readonly<Record<string, string>>;
      internal: boolean;
    }>,
  ): Promise<BookedNetwork>;
  /** Asks the manager for an address, that one where it is given. @throws BerthError as above */
  takeAddress(
    wanted: Readonly<{ network: string; subnet: string; ip?: string; endpointId?: string }>,
  ): Promise<Lease>;
  /** The manager hears of it as soon as it can. */
  giveBack(lease: Lease): void;
}
