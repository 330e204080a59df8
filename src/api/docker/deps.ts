import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Vault } from '../../kit/vault.ts';
import type { Engines } from '../../link/ports.ts';
import type { Store } from '../../store/store.ts';
import type { Assignments } from '../agents/assignments.ts';
import type { ClusterEvents } from '../events/cluster-events.ts';
import type { Placer } from '../placement/placer.ts';

/** What the Docker endpoint's handlers stand on; wired in `src/main/`. */
export type DockerDeps = Readonly<{
  store: Store;
  engines: Engines;
  /** Chooses hosts; see `api/placement`. */
  placer: Placer;
  /** Waits until an agent has acted on a generation. */
  assignments: Assignments;
  /** Cordons a host and begins to move its containers away. @throws BerthError `conflict` where it is not ready */
  drain(hostId: string): Promise<unknown>;
  /** Engine events of all hosts in one order. */
  events: ClusterEvents;
  /** Seals what is not to be read from a disk. */
  vault: Vault;
  clock: Clock;
  logger: Logger;
  /** Berth's own version. */
  version: string;
}>;
