import { BerthError, messageOf } from '../../kit/errors.ts';
import { type ApiToken, isShutOut } from '../../model/access.ts';
import { type OidcProvider, REFRESH_PURPOSE } from '../../model/oidc.ts';
import type { WriteTx } from '../../store/store.ts';
import { putAudit } from '../auth/audit-log.ts';
import { type OidcAnswer, refreshLogin } from '../auth/oidc.ts';
import type { Principal } from '../auth/principal.ts';
import type { ApiDeps } from './deps.ts';
import { admit, clientSecretOf, providerOf, sealRefresh, sessionOf } from './oidc-users.ts';

/** How old what the provider has said may be before it is asked again: with `LOOK_MS`, and its patience, well under 15 minutes. */
const CHECK_MS = 10 * 60_000;
const LOOK_MS = 60_000;
const AGAIN_MS = 2 * LOOK_MS;
/** So many are asked for at once. */
const AT_ONCE = 4;

const SYSTEM: Principal = { user: 'system', role: 'admin', via: 'system', from: '' };

type Deps = Pick<ApiDeps, 'store' | 'vault' | 'clock' | 'logger'>;
type Checked = ApiToken & Required<Pick<ApiToken, 'provider'>>;

/**
 * Asks the provider again and again whether those who have logged in by it still may, and what: a role that is taken away there
 * is gone here within 15 minutes. While it does not answer, all stay who they were for `GRACE_MS` since its last yes.
 */
export class OidcChecks {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> | undefined;
  private isFailing = false;
  /** Those that could not be asked for, and when they are next: one of them must not stand before all others each time. */
  private readonly failed = new Map<string, number>();
  private isClosed = false;

  constructor(private readonly deps: Deps) {
    this.timer = setInterval(() => void this.round(), LOOK_MS).unref();
  }

  /** Asks for all whose turn it is. Never fails. */
  round(): Promise<void> {
    this.running ??= this.askAll()
      .catch((thrown) =>
        this.deps.logger.error({ reason: messageOf(thrown) }, 'log-ins by the provider not checked'),
      )
      .finally(() => (this.running = undefined));
    return this.running;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.isClosed = true;
    await this.running;
  }

  private async askAll(): Promise<void> {
    const { store, clock, logger } = this.deps;
    const now = clock.now();
    const { provider, due } = store.view((tx) => ({
      provider: providerOf(tx),
      due: [...tx.all('apiTokens')]
        .filter((token): token is Checked => isDue(token, now))
        .filter(({ id }) => (this.failed.get(id) ?? 0) <= now)
        .sort((a, b) => a.provider.checkedAt - b.provider.checkedAt),
    }));
    if (provider === undefined) return;
    // Where it does not answer for one, the others need not wait for it, too.
    let isSilent = false;
    let reason: string | undefined;
    const work = async () => {
      for (let token = due.shift(); token !== undefined; token = due.shift()) {
        if (isSilent || this.isClosed) return;
        const { id } = token;
        await this.ask(provider, token).catch((thrown) => {
          reason = messageOf(thrown);
          this.failed.set(id, now + AGAIN_MS);
          if (thrown instanceof BerthError && thrown.code === 'unavailable') isSilent = true;
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const [id, at] of this.failed) if (at <= now) this.failed.delete(id);
    if (reason !== undefined && !this.isFailing)
      logger.warn({ reason }, 'a log-in by the provider cannot be checked');
    this.isFailing = reason !== undefined;
  }

  /** @throws where the provider could not be asked */
  private async ask(provider: OidcProvider, token: Checked): Promise<void> {
    const { store, clock } = this.deps;
    const { vault } = this.deps.vault;
    const account = store.view((tx) => tx.get('users', token.user))?.oidc;
    const refresh = vault.open(token.provider.sealed, REFRESH_PURPOSE).toString('utf8');
    const answer =
      account?.issuer === provider.settings.issuer
        ? await refreshLogin(provider, clientSecretOf(provider, vault), refresh, account.subject)
        : undefined;
    const now = clock.now();
    await store.update((tx) => {
      if (answer === undefined) return this.end(tx, token, 'it does not hold at the provider any more');
      try {
        this.goOn(tx, provider, token, answer, now);
      } catch (thrown) {
        // As a log-in would be refused now.
        if (!(thrown instanceof BerthError)) throw thrown;
        this.end(tx, token, thrown.message);
      }
    });
  }

  private goOn(
    tx: WriteTx,
    provider: OidcProvider,
    token: Checked,
    { claims, refresh }: OidcAnswer,
    now: number,
  ): void {
    const before = tx.get('users', token.user);
    // Removed meanwhile: the account must not come back by what was asked before.
    if (before === undefined) return;
    const user = admit(tx, provider, claims, now);
    const said = (target: string, action = 'user.role') =>
      putAudit(tx, now, SYSTEM, { action, target, outcome: 'ok' });
    if (user === undefined) {
      if (!isShutOut(before))
        said(`${before.name}, who has no role at the provider any more`, 'user.shut-out');
      return;
    }
    if (user.role !== before.role) said(`${user.name}, ${user.role} by the provider`);
    const current = tx.get('apiTokens', token.id);
    if (current === undefined) return;
    // One that gives no other lets the same be used again (RFC 6749, 6).
    const sealed = sealRefresh(this.deps.vault.vault, refresh) ?? current.provider?.sealed;
    const kept = sessionOf(sealed, now, token.provider.until);
    tx.put('apiTokens', { ...current, ...kept, role: user.role });
  }

  private end(tx: WriteTx, { id, user }: ApiToken, outcome: string): void {
    if (tx.delete('apiTokens', id))
      putAudit(tx, this.deps.clock.now(), SYSTEM, { action: 'session.end', target: user, outcome });
  }
}

function isDue({ provider, expiresAt = 0 }: ApiToken, now: number): boolean {
  return provider !== undefined && expiresAt > now && now - provider.checkedAt >= CHECK_MS;
}
