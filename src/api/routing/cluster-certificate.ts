import { backoffDelay } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Vault } from '../../kit/vault.ts';
import {
  type CertificateRecord,
  CLUSTER_CERTIFICATE,
  certificatePurpose,
  clusterNames,
} from '../../model/certificate.ts';
import { servedName } from '../../model/service-routes.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import { readUpload } from './read-upload.ts';

const DAY_MS = 86_400_000;
/** It is made anew this long before its end. */
const RENEW_MS = 30 * DAY_MS;
const LOOK_MS = DAY_MS / 2;
const BACKOFF = { baseMs: 1_000, maxMs: 600_000 };

type ClusterCertificateDeps = Readonly<{
  store: Store;
  vault: Vault;
  clock: Clock;
  logger: Logger;
  /** Names of the manager itself. */
  reserved: readonly string[];
  /** Of the cluster's CA, for those names. */
  issue(names: readonly string[], now: number): Promise<Readonly<{ certificate: string; key: string }>>;
}>;

/** Keeps the certificate of the cluster's own CA as routes and settings want it, while routers have a port for TLS. */
export class ClusterCertificate {
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private failures = 0;
  private closed = false;

  constructor(private readonly deps: ClusterCertificateDeps) {
    this.unwatch = deps.store.watch(({ changes }) => {
      if (changes.some(({ table }) => ['services', 'settings', 'certificates'].includes(table))) this.look();
    });
    this.look();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.unwatch();
    clearTimeout(this.timer);
    await this.running;
  }

  private look(): void {
    if (this.closed) return;
    if (this.running !== undefined) {
      this.again = true;
      return;
    }
    this.again = false;
    clearTimeout(this.timer);
    this.running = this.level().then(
      () => this.ended(LOOK_MS, 0),
      (thrown) => {
        this.deps.logger.warn(
          { error: messageOf(thrown) },
          "the cluster's certificate for routers is not made",
        );
        this.ended(backoffDelay(BACKOFF, this.failures), this.failures + 1);
      },
    );
  }

  private ended(waitMs: number, failures: number): void {
    this.running = undefined;
    this.failures = failures;
    if (this.closed) return;
    this.timer = setTimeout(() => this.look(), waitMs);
    this.timer.unref();
    if (this.again && failures === 0) this.look();
  }

  private async level(): Promise<void> {
    const { store, vault, clock, issue } = this.deps;
    const now = clock.now();
    const names = store.view((tx) => this.due(tx, now));
    if (names === undefined) return;
    const { certificate, key } = await issue(names, now);
    const { pem, ...known } = readUpload(certificate, key, now);
    const record: CertificateRecord = {
      ...{ kind: 'certificate', name: CLUSTER_CERTIFICATE, source: 'cluster', ...known },
      sealed: vault.seal(pem, certificatePurpose({ name: CLUSTER_CERTIFICATE })),
      ...{ createdAt: now, createdBy: 'berth' },
    };
    await store.update((tx) => tx.put('certificates', record));
  }

  /** Names to be in it; undefined where it is as it is to be. */
  private due(tx: ReadTx, now: number): readonly string[] | undefined {
    const { appsDomain, routerTlsPort } = settingsOf(tx);
    if (routerTlsPort === 0) return undefined;
    const others = [...tx.all('certificates')].filter(({ source }) => source !== 'cluster');
    const https = [...tx.all('services')].flatMap(({ service }) =>
      service.routes.flatMap((route) =>
        route.scheme === 'https' ? (servedName(route, appsDomain)?.domain ?? []) : [],
      ),
    );
    const wanted = { appsDomain, https, others: others.map(({ domains }) => domains) };
    const names = clusterNames(wanted, this.deps.reserved);
    const has = tx.get('certificates', CLUSTER_CERTIFICATE);
    const fits = has !== undefined && [...has.domains].sort().join() === [...names].sort().join();
    return fits && has.notAfter - now > RENEW_MS ? undefined : names;
  }
}
