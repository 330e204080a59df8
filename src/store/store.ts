import type { ApiToken, AuditEntry, JoinToken, User } from '../model/access.ts';
import type { AcmeAccount, AcmeCertificate, CertificateStatus } from '../model/acme.ts';
import type { Address, AddressCursor } from '../model/address.ts';
import type { Balancer } from '../model/balancer.ts';
import type { CertificateRecord } from '../model/certificate.ts';
import type { Container, ObservedContainer } from '../model/container.ts';
import type { JobRun } from '../model/cron.ts';
import type { ReleaseRecord, ServiceRecord, ServiceStatus, StackRecord } from '../model/deployment.ts';
import type { DnsRecord, DnsZone } from '../model/dns.ts';
import type {
  Host,
  HostFailover,
  HostPaths,
  HostRouter,
  HostStatus,
  HostTrust,
  PlainRefusals,
} from '../model/host.ts';
import type { KeptFile } from '../model/kept-file.ts';
import type { Life, Orphan } from '../model/life.ts';
import type { Network, ObservedImage, ObservedNetwork, ObservedVolume, Volume } from '../model/objects.ts';
import type { OidcProvider } from '../model/oidc.ts';
import type { RegistryLogin } from '../model/registry-login.ts';
import type { ScaleHistory } from '../model/scaling.ts';
import type { SettingsRecord } from '../model/settings.ts';
import type { StackSourceRecord } from '../model/stack-source.ts';
import type { Trigger } from '../model/trigger.ts';

/** Name of each table and the record that it holds. */
export type Tables = {
  hosts: Host;
  containers: Container;
  networks: Network;
  addresses: Address;
  volumes: Volume;
  dnsZones: DnsZone;
  dnsRecords: DnsRecord;
  balancers: Balancer;
  certificates: CertificateRecord;
  acmeAccounts: AcmeAccount;
  acmeCertificates: AcmeCertificate;
  users: User;
  apiTokens: ApiToken;
  joinTokens: JoinToken;
  audit: AuditEntry;
  settings: SettingsRecord;
  oidcProviders: OidcProvider;
  hostTrust: HostTrust;
  lives: Life;
  /** What `orphans` was when it was told last: it keeps that across a restart. */
  keptOrphans: Orphan;
  stacks: StackRecord;
  stackSources: StackSourceRecord;
  services: ServiceRecord;
  releases: ReleaseRecord;
  jobRuns: JobRun;
  keptFiles: KeptFile;
  registryLogins: RegistryLogin;
  scaleHistory: ScaleHistory;
  triggers: Trigger;
  // Below: observations, repeated by the agents and never written to disk.
  hostStatus: HostStatus;
  hostPaths: HostPaths;
  hostRouters: HostRouter;
  plainRefusals: PlainRefusals;
  hostFailovers: HostFailover;
  addressCursors: AddressCursor;
  orphans: Orphan;
  observedContainers: ObservedContainer;
  observedImages: ObservedImage;
  observedNetworks: ObservedNetwork;
  observedVolumes: ObservedVolume;
  serviceStatus: ServiceStatus;
  certificateStatus: CertificateStatus;
};
export type TableName = keyof Tables;

/** A consistent view: everything in it is from one moment. Records are frozen. Valid only inside the callback. */
export interface ReadTx {
  get<T extends TableName>(table: T, key: string): Tables[T] | undefined;
  /** Every record of the table, in no order. */
  all<T extends TableName>(table: T): Iterable<Tables[T]>;
  /** Records whose index `index` (see `tables.ts`) has `value`. */
  by<T extends TableName>(table: T, index: string, value: string): Iterable<Tables[T]>;
  count(table: TableName): number;
}

export interface WriteTx extends ReadTx {
  /** Inserts or replaces; the key is made from the record (see `tables.ts`). The record is frozen by it. */
  put<T extends TableName>(table: T, record: Tables[T]): void;
  /** False where there was none. */
  delete(table: TableName, key: string): boolean;
}

export type Change<T extends TableName = TableName> = {
  [K in T]: Readonly<{ table: K; key: string; before: Tables[K] | undefined; after: Tables[K] | undefined }>;
}[T];

/** The changes of the transactions of one commit, in order. */
export type ChangeSet = Readonly<{ changes: readonly Change[] }>;

/**
 * State in memory as typed tables; durable tables are written in one group commit per tick (DESIGN.md, decision 2;
 * after swarmkit's `store`).
 */
export interface Store {
  /** Synchronous: never await inside. */
  view<R>(read: (tx: ReadTx) => R): R;
  /**
   * Runs `write` at once, on the newest state, and resolves with its result once the change is durable. Where `write`
   * throws, nothing has changed and the promise rejects with what it threw. Synchronous inside: a callback that returns
   * a promise is refused.
   * @throws BerthError `unavailable` where the commit failed (disk full): the change is undone, as is every later one
   *   that was built on it.
   * @param when `soon`: nobody waits for it, so it goes to the disk with the next change, or by itself a moment later. It
   *   is in memory at once all the same, and `close` and `settled` take it along.
   */
  update<R>(write: (tx: WriteTx) => R, when?: 'now' | 'soon'): Promise<R>;
  /** Hears every change set after it is durable, in order. Returns a function that ends the watch. */
  watch(listener: (set: ChangeSet) => void): () => void;
  /**
   * Hears of every change at once, inside the transaction and before it is durable, and of its undoing; for views that
   * must be as new as a transaction (the scheduler's). Called in the middle of a write: note the key, read it later.
   * Returns a function that ends it.
   */
  follow(listener: (table: TableName, key: string) => void): () => void;
  /**
   * Resolves once everything that was written before is durable: then all that `view` showed at the call is.
   * @throws BerthError `unavailable` where some of it was undone
   */
  settled(): Promise<void>;
  /**
   * What was overwritten or deleted leaves the disk, too: after something was sealed that could be read there. Takes as long
   * as writing everything anew.
   * @throws BerthError `unavailable` where the disk has no room for that
   */
  wipe(): Promise<void>;
  /** Counts the durable commits, over restarts: state that was put back from a backup has a lower one than it had. */
  readonly revision: number;
  close(): Promise<void>;
}
