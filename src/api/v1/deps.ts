import type { SentAnswer, SentStack } from '../../compose/sent.ts';
import type { RouteInput } from '../../contract/v1/route.ts';
import type { Routes } from '../../contract/v1/routes.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Ca, VaultFile } from '../../link/index.ts';
import type { RegistryAuth } from '../../model/registry-login.ts';
import type { Scaling } from '../../model/scaling.ts';
import type { Store } from '../../store/store.ts';
import type { Marks } from '../metrics/marks.ts';
import type { MetricBook } from '../metrics/metric-book.ts';
import type { Placer } from '../placement/placer.ts';
import type { PluginRunner } from '../placement/store-placer.ts';
import type { AccessBook } from '../routing/access-book.ts';
import type { ContainerHands } from './container-hands.ts';
import type { ContainerMoves } from './container-moves.ts';
import type { ImageHands } from './image-hands.ts';
import type { NetworkHands } from './network-hands.ts';
import type { StackLogs } from './stack-logs.ts';

export type NewVolume = RouteInput<Routes['volume.create']>;

/** What the API's handlers stand on; wired in `src/main/`. */
export type ApiDeps = Readonly<{
  store: Store;
  placer: Placer;
  /** Moves containers between hosts. */
  moves: ContainerMoves;
  /** What goes through routers. */
  access: Pick<AccessBook, 'of' | 'ofRoute' | 'missing' | 'failing'>;
  /** How busy hosts and containers are, and what explains it. */
  metrics: MetricBook;
  marks: Pick<Marks, 'of'>;
  /** Asks a registry whether it takes the log-in. @throws BerthError `bad_request` where it does not */
  checkLogin(auth: RegistryAuth): Promise<void>;
  /** Deletes a volume with all that is in it. @throws BerthError where it is not there, in use, or on a lost host */
  removeVolume(name: string): Promise<void>;
  /** Acts on single containers, on their hosts. */
  containers: ContainerHands;
  /**
   * Reads compose files that were sent, beside all else that the manager does.
   * @throws BerthError `timeout`, `too_many_requests`, `too_large`
   */
  composeFiles: Readonly<{ read(sent: SentStack, user: string): Promise<SentAnswer> }>;
  /** Acts on images, on their hosts. */
  images: ImageHands;
  /** Makes a volume, as `docker volume create` does. @throws BerthError `bad_request`, `conflict`, `host_down` */
  createVolume(wanted: NewVolume, user: string): Promise<void>;
  /** Makes and changes networks. */
  networks: NetworkHands;
  /** What containers of stacks have written. */
  logs: StackLogs;
  /** Knows where containers of services go. */
  services: Readonly<{
    /**
     * What another number of containers would make and take away.
     * @throws BerthError `not_found`, `conflict`, `bad_request`
     */
    scaledPlaces(
      stack: string,
      service: string,
      replicas: number,
    ): Readonly<{
      coming: readonly Readonly<{ name: string; hostId: string | undefined }>[];
      leaving: readonly Readonly<{ id: string; name: string; hostId: string }>[];
      refusal: string;
    }>;
  }>;
  /** Thinks about the numbers of services that scale by themselves. */
  autoscaler: Readonly<{
    /** @throws BerthError `not_found` where it does not scale by itself */
    explain(
      stack: string,
      service: string,
    ): Readonly<{
      current: number;
      scaling: Scaling;
      wanted: number;
      why: string;
      sentences: readonly string[];
    }>;
  }>;
  /** The cluster's certificate authority: signs hosts in, and the certificates of client bundles. */
  ca: Ca;
  /** Seals what is not to be read from a disk. */
  vault: VaultFile;
  /** Where other machines reach this manager: an address or a name, without a port. */
  address: string;
  apiPort: number;
  /** Port for agents, on the address that a host joins through. */
  agentPort: number;
  /** Port of the Docker endpoint with TLS. */
  dockerPort: number;
  /** Folder of the built dashboard; without it, or where it is not there, none is served. */
  pageFolder?: string;
  /** Path of the agent's executable for linux-x64; it need not exist. */
  agentFile: string;
  /** Tries modules before the settings name them; without it none can be named. */
  plugins?: PluginRunner;
  /** The manager's name server: whether a record that is checked works, and where it listens (undefined: it does not). */
  dns?: Readonly<{ isHealthy(recordId: string): boolean; listens: string | undefined }>;
  clock: Clock;
  logger: Logger;
  /** Berth's own version. */
  version: string;
}>;

/** `10.0.0.1:8443`, `[fd00::1]:8443`. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
