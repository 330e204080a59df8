import type { Container, DockerSpec } from '../../model/container.ts';
import type { ContainerFile } from '../../model/kept-file.ts';
import type { Service } from '../../model/service.ts';
import type { Stack, StackNetwork } from '../../model/stack.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';

/** A container of a service that is to be made. */
export type AskedContainer = Readonly<{
  name: string;
  spec: DockerSpec;
  platform: string | undefined;
  by: string;
  /** Only this host will do. */
  hostId?: string;
  service: NonNullable<Container['service']>;
  probes: Container['probes'];
  /** False: the image has to be pulled on that host first, though it is there. */
  isFresh?(hostId: string): boolean;
  /**
   * Left out: the image is pulled nowhere, so that only hosts which have it will do. Else a host is chosen as if all had it;
   * where it was pulled there in vain, one that has it will do.
   */
  pullFailed?(hostId: string): boolean;
  /** The host that was chosen before: no other one pulls the image for it, as long as that takes it and has not pulled in vain. */
  chosen?: string;
  files: readonly ContainerFile[];
}>;

/** `image-missing`: that host would take it, were the image there. */
export type Made =
  | Readonly<{ kind: 'made'; id: string; hostId: string }>
  | Readonly<{ kind: 'refused'; reason: string }>
  | Readonly<{ kind: 'image-missing'; hostId: string }>;

/** Where the container of that name would go. */
type Place = Readonly<{ name: string; hostId: string; lacksImage: boolean }>;

/** Hosts as a service which is on each host sees them; those that take nothing for now are in neither list. */
type Matching = Readonly<{
  /** Its expressions let them through, and they take containers. */
  hosts: readonly string[];
  /** Its constraints leave them out. */
  outside: readonly string[];
}>;

/** What the service controller needs of the rooms that make containers and networks; `src/api/services` has it. */
export interface ServiceHands {
  /** Names, hosts, addresses and ties in one transaction; what was refused has written nothing that counts. */
  make(tx: WriteTx, asked: AskedContainer): Made;
  /**
   * Hosts that would take them all, one after the other, and whether the image is to be pulled there before; without those
   * that find none. For a transaction that is taken back.
   */
  places(tx: WriteTx, asked: readonly AskedContainer[]): readonly Place[];
  /** As `make`, with `without` gone; writes, so it is for a transaction that is taken back. */
  makeInstead(tx: WriteTx, asked: AskedContainer, without: string): Made;
  /**
   * Makes the networks and volumes of the stack that the service uses, those which are not there.
   * @returns why that cannot be, in one line
   */
  ensureObjects(tx: WriteTx, stack: Stack, service: Service, by: string): string | undefined;
  /**
   * Takes those of the networks away that a stack has made and nobody uses.
   * @param reserved `keep`: those with reserved addresses stay
   * @returns why one of them stays, in one line each
   */
  dropNetworks(networks: readonly StackNetwork[], reserved: 'keep' | 'drop'): Promise<readonly string[]>;
  matching(tx: ReadTx, name: string, spec: DockerSpec): Matching;
  /**
   * @param service key of the one that it is for: with its log-in of the registry, or the cluster's
   * @throws BerthError `engine` in the engine's words; `host_down`
   */
  pull(
    hostId: string,
    image: string,
    platform: string | undefined,
    signal: AbortSignal,
    service: string,
  ): Promise<void>;
  /** Log-ins of registries that were the service's alone. */
  forgetLogins(tx: WriteTx, service: string): void;
  /** Configs and secrets of stacks' files that nothing needs any more. */
  sweepFiles(tx: WriteTx): void;
  connected(hostId: string): boolean;
  /** Of a container that leaves: no router leads to it any more, and no request of it is under way. */
  isOut(containerId: string): boolean;
}
