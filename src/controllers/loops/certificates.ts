import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import {
  type AcmeAccount,
  type AcmeCa,
  type AcmeCertificate,
  AcmeError,
  type AcmeFailure,
  accountPurpose,
  failureText,
} from '../../model/acme.ts';
import { acmeDomains } from '../../model/acme-domains.ts';
import { certificateWorry } from '../../model/certificate-worry.ts';
import { say } from '../../model/said/index.ts';
import type { Settings } from '../../model/settings.ts';
import { settingsOf } from '../../store/settings.ts';
import type { Change, ReadTx, WriteTx } from '../../store/store.ts';
import { dueAt, retryDelay } from '../plan/certificates/due.ts';
import { wantedCertificates } from '../plan/certificates/wanted.ts';
import { issueCertificate, type OrderDeps } from './certificate-order.ts';

type CareDeps = OrderDeps &
  Readonly<{
    logger: Logger;
    /** Talks to the CA of that directory. */
    connect(
      to: Readonly<{
        directory: string;
        root: string;
        key: string;
        account?: string | undefined;
        signal: AbortSignal;
      }>,
    ): AcmeCa;
    /** PEM. */
    newAccountKey(): string;
    /** Writes into the audit log what Berth has done by itself. */
    audit(tx: WriteTx, at: number, target: string, outcome: string): void;
  }>;

const MOST_AT_ONCE = 4;
/** So many failures in a row, and the account is asked for anew. */
const FAILURES_OF_ACCOUNT = 2;
/** However an attempt ended, and whether that could be written down or not: the next one of its name is no earlier. */
const REST_MS = 60_000;
/** Ends that come near are seen so often, and clocks that were set. */
const LOOK_MS = 3_600_000;
const SOONEST_MS = 250;
const TABLES: ReadonlySet<Change['table']> = new Set([
  ...(['services', 'balancers', 'settings', 'certificates', 'acmeCertificates'] as const),
]);

/** Has certificates by ACME as routes and users want them, renews them, and says of all which ones are near their end. */
export class CertificateCare {
  private readonly stop = new AbortController();
  private readonly running = new Map<string, Promise<void>>();
  /** By name: no attempt before. */
  private readonly resting = new Map<string, number>();
  /** A CA that gives nothing at the moment is asked for nothing else either. */
  private pause = { until: 0, failures: 0 };
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;
  private levelling: Promise<void> | undefined;
  private again = false;
  /** Where certificates come from is another place: what failed is tried there at once. */
  private elsewhere = false;

  constructor(private readonly deps: CareDeps) {
    this.unwatch = deps.store.watch(({ changes }) => this.onChanges(changes));
    this.kick();
  }

  /** Ends what is under way; orders are gone on with by the next one. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the manager is stopping'));
    this.unwatch();
    clearTimeout(this.timer);
    await this.levelling;
    await Promise.all(this.running.values());
  }

  private onChanges(changes: readonly Change[]): void {
    for (const change of changes) {
      // Somebody asks, or has changed where is asked: then it is asked.
      const asks =
        change.table === 'acmeCertificates' && change.after?.retryAt === 0 && change.before?.retryAt !== 0;
      if (isElsewhere(change)) this.elsewhere = true;
      if (!asks && !isElsewhere(change)) continue;
      this.pause = { until: 0, failures: 0 };
      this.resting.delete(change.key);
    }
    if (changes.some(({ table }) => TABLES.has(table))) this.kick();
  }

  private kick(): void {
    this.again = true;
    this.levelling ??= this.levelAll().finally(() => {
      this.levelling = undefined;
      // what has come between its last look and now
      if (this.again && !this.stop.signal.aborted) this.kick();
    });
  }

  private async levelAll(): Promise<void> {
    while (this.again && !this.stop.signal.aborted) {
      this.again = false;
      try {
        await this.deps.store.update((tx) => this.level(tx));
      } catch (thrown) {
        this.deps.logger.warn({ error: messageOf(thrown) }, 'which certificates are wanted is not written');
      }
      this.startDue();
    }
  }

  /** Writes what has become of routes, and what is worth an eye. */
  private level(tx: WriteTx): void {
    const now = this.deps.clock.now();
    if (this.elsewhere) this.tryAgain(tx);
    this.elsewhere = false;
    const known = [...tx.all('acmeCertificates')];
    for (const record of wantedCertificates({ domains: acmeDomainsIn(tx), known, now }))
      tx.put('acmeCertificates', record);
    const names = new Set([...tx.all('certificates'), ...tx.all('acmeCertificates')].map(({ name }) => name));
    for (const name of names) {
      const worry = certificateWorry(
        name,
        { shown: tx.get('certificates', name), acme: tx.get('acmeCertificates', name) },
        now,
      );
      if ((tx.get('certificateStatus', name)?.worry ?? '') !== worry)
        tx.put('certificateStatus', { kind: 'certificate-status', name, worry });
    }
    for (const { name } of [...tx.all('certificateStatus')])
      if (!names.has(name)) tx.delete('certificateStatus', name);
  }

  private tryAgain(tx: WriteTx): void {
    for (const record of [...tx.all('acmeCertificates')])
      if (record.failures > 0)
        tx.put('acmeCertificates', { ...record, failures: 0, error: '', retryAt: 0, limited: false });
    this.resting.clear();
  }

  private startDue(): void {
    clearTimeout(this.timer);
    if (this.stop.signal.aborted) return;
    const { store, clock } = this.deps;
    const now = clock.now();
    const settings = store.view(settingsOf);
    let next = now + LOOK_MS;
    if (settings.acmeTermsAgreed)
      for (const [name, at] of store.view((tx) => this.dues(tx)).sort(([, a], [, b]) => a - b)) {
        if (this.running.has(name)) continue;
        if (at > now) next = Math.min(next, at);
        else if (this.running.size < MOST_AT_ONCE) this.start(name, settings);
        // the end of those that run looks again
      }
    this.timer = setTimeout(() => this.kick(), Math.max(SOONEST_MS, next - now));
    this.timer.unref();
  }

  private dues(tx: ReadTx): [name: string, at: number][] {
    return [...tx.all('acmeCertificates')].flatMap((record): [string, number][] => {
      const at = dueAt(record, tx.get('certificates', record.name));
      if (at === undefined) return [];
      return [[record.name, Math.max(at, this.pause.until, this.resting.get(record.name) ?? 0)]];
    });
  }

  private start(name: string, settings: Settings): void {
    const { clock, logger } = this.deps;
    const attempt = this.attempt(name, settings)
      .catch((thrown) =>
        logger.error({ certificate: name, error: messageOf(thrown) }, 'an attempt is not written down'),
      )
      .finally(() => {
        this.running.delete(name);
        this.kick();
      });
    this.resting.set(name, clock.now() + REST_MS);
    this.running.set(name, attempt);
  }

  private async attempt(name: string, settings: Settings): Promise<void> {
    const { store, clock, logger, audit } = this.deps;
    const { signal } = this.stop;
    try {
      await this.issue(name, settings);
      this.pause = { until: 0, failures: 0 };
      this.resting.delete(name);
      await store.update((tx) => audit(tx, clock.now(), name, 'ok'));
      logger.info({ certificate: name }, 'certificate issued by ACME');
    } catch (thrown) {
      if (signal.aborted) return;
      await this.failed(name, settings, failureOf(thrown));
    }
  }

  private async issue(name: string, settings: Settings): Promise<void> {
    const { store, vault, connect } = this.deps;
    const { acmeDirectory: directory, acmeRoot: root, acmeContact: contact } = settings;
    const { signal } = this.stop;
    const account = await this.accountOf(settings);
    const key = vault.open(account.sealed, accountPurpose(account)).toString('utf8');
    // A CA whose database was lost may not say so in so many words; the same key has the same account, where it is there.
    const failures = store.view((tx) => tx.get('acmeCertificates', name)?.failures ?? 0);
    const known = failures < FAILURES_OF_ACCOUNT ? account.url : undefined;
    const ca = connect({ directory, root, key, account: known, signal });
    try {
      if (known === undefined || account.contact !== contact) {
        const url = await ca.account(contact);
        await store.update((tx) => tx.put('acmeAccounts', { ...account, url, contact }));
      }
      await issueCertificate(this.deps, ca, { name, directory }, signal);
    } finally {
      await ca.close();
    }
  }

  /** With a key that is on the disk before the CA hears of it: there are never two accounts. */
  private accountOf({ acmeDirectory: directory, acmeContact: contact }: Settings): Promise<AcmeAccount> {
    const { store, vault, clock, newAccountKey } = this.deps;
    return store.update((tx) => {
      const known = tx.get('acmeAccounts', directory);
      if (known !== undefined) return known;
      const sealed = vault.seal(newAccountKey(), accountPurpose({ directory }));
      const made: AcmeAccount = {
        ...{ kind: 'acme-account', directory, sealed, contact, createdAt: clock.now() },
      };
      tx.put('acmeAccounts', made);
      return made;
    });
  }

  private async failed(name: string, { acmeDirectory }: Settings, failure: AcmeFailure): Promise<void> {
    const { store, clock, logger, audit } = this.deps;
    const now = clock.now();
    const error = failureText(failure);
    // Of several that failed side by side the first one counts.
    if (failure.scope === 'ca' && now >= this.pause.until)
      this.pause = {
        until: now + retryDelay(failure, this.pause.failures),
        failures: this.pause.failures + 1,
      };
    await store.update((tx) => {
      const record = tx.get('acmeCertificates', name);
      if (record === undefined) return;
      tx.put('acmeCertificates', afterFailure(record, failure, now));
      const account = tx.get('acmeAccounts', acmeDirectory);
      if (failure.accountIsGone === true && account !== undefined) {
        const { url: _, ...rest } = account;
        tx.put('acmeAccounts', rest);
      }
      audit(tx, now, name, error);
    });
    logger.warn({ certificate: name, error }, 'certificate not issued');
  }
}

function afterFailure(record: AcmeCertificate, failure: AcmeFailure, now: number): AcmeCertificate {
  const { order, ...rest } = record;
  const { scope, retryAfterMs = 0, accountIsGone = false } = failure;
  // One that the CA has refused was never made; one of which nothing was heard may have been.
  const isOver = scope === 'order' || accountIsGone || (scope === 'names' && order?.url === undefined);
  return {
    ...rest,
    ...(order === undefined || isOver ? {} : { order }),
    failures: record.failures + 1,
    error: failureText(failure),
    retryAt: now + retryDelay(failure, record.failures),
    limited: retryAfterMs > 0,
  };
}

function isElsewhere(change: Change): boolean {
  if (change.table !== 'settings') return false;
  const [before, after] = [change.before?.settings, change.after?.settings];
  return (['acmeDirectory', 'acmeRoot', 'acmeContact', 'acmeTermsAgreed'] as const).some(
    (key) => before?.[key] !== after?.[key],
  );
}

function failureOf(thrown: unknown): AcmeFailure {
  if (thrown instanceof AcmeError) return thrown.failure;
  if (!(thrown instanceof BerthError))
    return { scope: 'names', what: messageOf(thrown), hint: say('hosts.cert.tried') };
  const scope = thrown.code === 'bad_request' ? 'order' : 'names';
  return { scope, what: messageOf(thrown), hint: thrown.hint ?? 'it is tried again' };
}

function acmeDomainsIn(tx: ReadTx): ReadonlySet<string> {
  return acmeDomains({
    services: [...tx.all('services')].map(({ service }) => service),
    balancers: [...tx.all('balancers')],
    appsDomain: settingsOf(tx).appsDomain,
  });
}
