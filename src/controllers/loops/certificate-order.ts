import type { Clock } from '../../kit/clock.ts';
import type { Vault } from '../../kit/vault.ts';
import {
  type AcmeCa,
  type AcmeCertificate,
  AcmeError,
  type AcmeOrder,
  type Authorization,
  type OrderState,
  orderPurpose,
} from '../../model/acme.ts';
import { type CertificateRecord, certificatePurpose } from '../../model/certificate.ts';
import { say } from '../../model/said/index.ts';
import type { Store } from '../../store/store.ts';

/** What is known of a certificate once it was looked at, and its text for routers. */
type Issued = Pick<CertificateRecord, 'domains' | 'notBefore' | 'notAfter' | 'fingerprint'> &
  Readonly<{ pem: string }>;

export type OrderDeps = Readonly<{
  store: Store;
  vault: Vault;
  clock: Clock;
  /** A new private key, PEM. */
  newKey(): Promise<string>;
  /** A request for a certificate on that key (PKCS#10), DER. */
  requestFor(key: string, domains: readonly string[]): Promise<Uint8Array>;
  /** @throws BerthError where it is not what clients would believe */
  read(chain: string, key: string, now: number): Issued;
  /** Whether routers answer these challenges; `some`: others have not said so yet. */
  answered(tokens: readonly string[]): 'all' | 'some' | 'none';
}>;

/** How long routers have to say that they answer. */
const ROUTERS_MS = 60_000;
/** How long a CA has to look at the answers, or to make a certificate: after that it is a matter of the next attempt. */
const CA_MS = 180_000;
const LOOK_MS = { first: 500, most: 10_000 };
/** What a CA asks for between two looks is followed up to here. */
const MOST_LOOK_MS = 60_000;
/** A CA that found nothing at its first look may be asked to look again, so often. */
const MOST_ASKS = 3;

/**
 * Brings one certificate home: goes on with the order that is written down, or begins one. Each step is on the disk
 * before the next one begins, so that a manager that is killed anywhere goes on where it was.
 * @throws AcmeError, BerthError
 */
export async function issueCertificate(
  deps: OrderDeps,
  ca: AcmeCa,
  wanted: Readonly<{ name: string; directory: string }>,
  signal: AbortSignal,
): Promise<void> {
  const order = await orderOf(deps, wanted);
  let state = await currentState(deps, ca, wanted.name, order);
  if (state.status === 'pending') {
    const { url } = state;
    await prove(deps, ca, wanted.name, state, signal);
    state = await settled(
      deps,
      signal,
      () => ca.readOrder(url),
      ({ status }) => status !== 'pending',
    );
  }
  const key = deps.vault.open(order.sealed, orderPurpose(wanted)).toString('utf8');
  if (state.status === 'ready') state = await ca.finalize(state, await deps.requestFor(key, order.domains));
  const { url } = state;
  const isOver = ({ status }: OrderState) => status === 'valid' || status === 'invalid';
  if (!isOver(state)) state = await settled(deps, signal, () => ca.readOrder(url), isOver);
  if (state.status !== 'valid' || state.certificate === undefined) throw invalid(state);
  await keep(deps, wanted.name, order, await ca.certificate(state.certificate), key);
}

const isGone = () => new AcmeError({ scope: 'order', what: 'it is wanted no more', hint: '' });

/** The one under way, or a new one that is written down before the CA hears of it. */
async function orderOf(
  { store, vault, clock, newKey }: OrderDeps,
  { name, directory }: Readonly<{ name: string; directory: string }>,
): Promise<AcmeOrder> {
  const record = store.view((tx) => tx.get('acmeCertificates', name));
  if (record === undefined) throw isGone();
  const { order, domains } = record;
  const goesOn =
    order !== undefined && order.directory === directory && order.domains.join() === domains.join();
  if (goesOn) return order;
  const fresh: AcmeOrder = {
    ...{ directory, domains: [...domains], askedAt: clock.now(), challenges: [] },
    sealed: vault.seal(await newKey(), orderPurpose({ name })),
  };
  await change(store, name, (one) => ({ ...one, order: fresh }));
  return fresh;
}

/**
 * Of the CA. One whose URL was never heard is made again: the list of an account's orders is no help, as it is optional, and
 * smallstep's server (in Caddy 2.6.2) that is asked for it while none is open answers each order of the account with 500
 * from then on.
 */
async function currentState(
  { store }: OrderDeps,
  ca: AcmeCa,
  name: string,
  order: AcmeOrder,
): Promise<OrderState> {
  if (order.url !== undefined) return ca.readOrder(order.url);
  const state = await ca.order(order.domains);
  await changeOrder(store, name, (one) => ({ ...one, url: state.url }));
  return state;
}

/** Has the answers to the order's challenges served, and the CA look at them. */
async function prove(
  deps: OrderDeps,
  ca: AcmeCa,
  name: string,
  { authorizations }: OrderState,
  signal: AbortSignal,
): Promise<void> {
  const urls = new Map<string, Authorization>();
  for (const url of authorizations) {
    const found = await ca.authorization(url);
    if (found.status === 'pending') urls.set(url, found);
    else if (found.status !== 'valid') throw refused(found);
  }
  const challenges = [...urls.values()].map((one) => {
    if (one.challenge === undefined) throw refused(one);
    const { token } = one.challenge;
    return { token, answer: `${token}.${ca.thumbprint}` };
  });
  await changeOrder(deps.store, name, (order) => ({ ...order, challenges }));
  await served(
    deps,
    challenges.map(({ token }) => token),
    signal,
  );
  await Promise.all([...urls].map(([url, one]) => looked(deps, ca, url, one, signal)));
}

/** Until all routers answer, or some do and the others have had their time. */
async function served(
  { store, clock, answered }: OrderDeps,
  tokens: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (tokens.length === 0) return;
  const over = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => answered(tokens) === 'all' && resolve();
      const unwatch = store.watch(() => look());
      over.signal.addEventListener('abort', unwatch);
      clock.sleep(ROUTERS_MS, AbortSignal.any([signal, over.signal])).then(resolve, reject);
      look();
    });
  } finally {
    over.abort(new Error('over'));
  }
  if (answered(tokens) !== 'none') return;
  throw new AcmeError({
    scope: 'ca',
    what: say('hosts.cert.routers'),
    hint: say('hosts.cert.routers.hint'),
  });
}

/** Has a CA look at one answer, until it has seen it. */
async function looked(
  deps: OrderDeps,
  ca: AcmeCa,
  url: string,
  { challenge, ...first }: Authorization,
  signal: AbortSignal,
): Promise<void> {
  if (challenge?.status === 'pending') await ca.ready(challenge.url);
  let asks = 1;
  const last = await settled(
    deps,
    signal,
    async () => {
      const now = await ca.authorization(url);
      // Some CAs look once, say what they found, and wait to be asked again.
      const again = now.status === 'pending' && now.challenge?.status === 'pending' && now.challenge.failure;
      if (again !== undefined && again !== false && asks < MOST_ASKS) {
        asks++;
        await ca.ready(now.challenge?.url ?? '');
      }
      return now;
    },
    (now) => now.status !== 'pending' || (asks >= MOST_ASKS && now.challenge?.failure !== undefined),
  );
  if (last.status !== 'valid') throw refused({ ...first, ...last });
}

/** Looks again and again, as often as the CA says, until it is so. */
async function settled<T extends Readonly<{ retryAfterMs?: number }>>(
  { clock }: OrderDeps,
  signal: AbortSignal,
  look: () => Promise<T>,
  isSo: (state: T) => boolean,
): Promise<T> {
  const until = clock.now() + CA_MS;
  for (let waitMs = LOOK_MS.first; ; waitMs = Math.min(LOOK_MS.most, waitMs * 1.5)) {
    const state = await look();
    if (isSo(state)) return state;
    if (clock.now() > until)
      throw new AcmeError({
        ...{ scope: 'names', what: say('hosts.cert.slow', { n: CA_MS / 1000 }) },
        hint: say('hosts.cert.looks'),
      });
    await clock.sleep(Math.min(MOST_LOOK_MS, Math.max(waitMs, state.retryAfterMs ?? 0)), signal);
  }
}

function refused({ domain, status, challenge }: Authorization): AcmeError {
  if (challenge?.failure !== undefined) return over(challenge.failure);
  const what =
    challenge === undefined && status === 'pending'
      ? `${domain}: the CA takes no proof by HTTP for it`
      : `${domain}: the CA's authorization is ${status}`;
  return new AcmeError({ scope: 'order', what, hint: say('hosts.cert.order') });
}

function invalid({ status, failure }: OrderState): AcmeError {
  const hint = say('hosts.cert.order');
  return failure === undefined
    ? new AcmeError({ scope: 'order', what: `the order is ${status}`, hint })
    : over(failure);
}

/** Whatever it was: an order that has failed cannot be gone on with (RFC 8555, section 7.1.6). */
const over = ({ failure }: AcmeError) => new AcmeError({ ...failure, scope: 'order' });

/** Of its life: so long no other one is ordered, whatever a clock that was set wrong says. */
const REST_SHARE = 1 / 4;

/** In one step with the end of the order: there is never one without the other. */
async function keep(
  { store, vault, clock, read }: OrderDeps,
  name: string,
  order: AcmeOrder,
  chain: string,
  key: string,
): Promise<void> {
  const now = clock.now();
  const { pem, ...known } = read(chain, key, now);
  const missing = order.domains.filter((domain) => !known.domains.includes(domain));
  if (missing.length > 0)
    throw new AcmeError({
      ...{ scope: 'order', what: say('hosts.cert.left', { names: missing.join(', ') }) },
      hint: say('hosts.cert.allows'),
    });
  const sealed = vault.seal(pem, certificatePurpose({ name }));
  await store.update((tx) => {
    const record = tx.get('acmeCertificates', name);
    if (record === undefined) throw isGone();
    const { order: _, ...rest } = record;
    const retryAt = now + (known.notAfter - known.notBefore) * REST_SHARE;
    tx.put('acmeCertificates', { ...rest, failures: 0, error: '', retryAt, limited: false });
    tx.put('certificates', {
      ...{ kind: 'certificate', name, source: 'acme', ...known, sealed },
      ...{ createdAt: now, createdBy: record.createdBy },
    });
  });
}

/** @throws AcmeError where it is gone meanwhile */
function change(
  store: Store,
  name: string,
  next: (record: AcmeCertificate) => AcmeCertificate,
): Promise<void> {
  return store.update((tx) => {
    const record = tx.get('acmeCertificates', name);
    if (record === undefined) throw isGone();
    tx.put('acmeCertificates', next(record));
  });
}

function changeOrder(store: Store, name: string, next: (order: AcmeOrder) => AcmeOrder): Promise<void> {
  return change(store, name, (record) => {
    if (record.order === undefined) throw isGone();
    return { ...record, order: next(record.order) };
  });
}
