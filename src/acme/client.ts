import { z } from 'zod';
import { type AcmeCa, AcmeError, type Authorization, type OrderState } from '../model/acme.ts';
import { challengeSchema } from '../model/router.ts';
import { newSigner } from './jws.ts';
import { isBadNonce, type Problem, problemSchema, refusal, retryAfterOf } from './problem.ts';
import { type Reply, Transport } from './transport.ts';

const url = z
  .string()
  .max(2_000)
  .regex(/^https?:\/\/[!-~]+$/);
const directorySchema = z.object({ newNonce: url, newAccount: url, newOrder: url });
const accountSchema = z.object({ status: z.string() });
const orderSchema = z.object({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  identifiers: z.array(z.object({ type: z.string(), value: z.string().max(300) })).max(200),
  authorizations: z.array(url).max(200),
  finalize: url,
  certificate: url.optional(),
  error: problemSchema.optional().catch(undefined),
});
const authorizationSchema = z.object({
  status: z.enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  identifier: z.object({ value: z.string().max(300) }),
  challenges: z
    .array(
      z.object({
        type: z.string(),
        url,
        status: z.enum(['pending', 'processing', 'valid', 'invalid']),
        token: z.string().optional(),
        error: problemSchema.optional().catch(undefined),
      }),
    )
    .max(50),
});

const MOST_NONCES_REFUSED = 5;

export type ClientOptions = Readonly<{
  /** URL of the CA's directory (RFC 8555, section 7.1.1). */
  directory: string;
  /** Of the account, PEM. */
  key: string;
  /** The account's URL, where the CA has said it before. */
  account?: string | undefined;
  /** See `TransportOptions`. */
  root?: string;
  timeoutMs?: number;
  /** Ends what is under way. */
  signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  now?(): number;
}>;

/** A CA that speaks ACME (RFC 8555), as one account. */
export function newAcmeClient(options: ClientOptions): AcmeCa {
  return new AcmeClient(options);
}

class AcmeClient implements AcmeCa {
  readonly thumbprint: string;
  private readonly transport: Transport;
  private readonly signer;
  private accountUrl: string | undefined;
  private directory: Promise<z.infer<typeof directorySchema>> | undefined;
  private nonce: string | undefined;

  constructor(private readonly options: ClientOptions) {
    this.transport = new Transport(options.directory, options);
    this.signer = newSigner(options.key);
    this.thumbprint = this.signer.thumbprint;
    this.accountUrl = options.account;
  }

  async account(mail: string): Promise<string> {
    const contact = mail === '' ? [] : [`mailto:${mail}`];
    if (this.accountUrl !== undefined) {
      await this.post('the account', this.accountUrl, { contact });
      return this.accountUrl;
    }
    const { newAccount } = await this.endpoints();
    const reply = await this.post('the account', newAccount, {
      termsOfServiceAgreed: true,
      ...(contact.length === 0 ? {} : { contact }),
    });
    this.read('the account', reply, accountSchema);
    this.accountUrl = this.location('the account', reply);
    return this.accountUrl;
  }

  async order(domains: readonly string[]): Promise<OrderState> {
    const what = `an order for ${domains.join(', ')}`;
    const { newOrder } = await this.endpoints();
    const reply = await this.post(what, newOrder, {
      identifiers: domains.map((value) => ({ type: 'dns', value })),
    });
    return this.orderOf(what, reply, this.location(what, reply));
  }

  async readOrder(order: string): Promise<OrderState> {
    return this.orderOf('the order', await this.post('the order', order, ''), order);
  }

  async authorization(at: string): Promise<Authorization> {
    const what = 'an authorization';
    const reply = await this.post(what, at, '');
    const { status, identifier, challenges } = this.read(what, reply, authorizationSchema);
    const found = challenges.find(({ type }) => type === 'http-01');
    const token = challengeSchema.shape.token.safeParse(found?.token);
    // One that failed in another way says so there.
    const error = found?.error ?? challenges.find(({ error: one }) => one !== undefined)?.error;
    const failure = error === undefined ? undefined : refusal(identifier.value, error);
    return {
      ...{ domain: identifier.value, status, ...this.waiting(reply) },
      ...(found === undefined || !token.success
        ? {}
        : {
            challenge: {
              ...{ url: found.url, token: token.data, status: found.status },
              ...(failure === undefined ? {} : { failure }),
            },
          }),
    };
  }

  async ready(challenge: string): Promise<void> {
    await this.post('a challenge', challenge, {});
  }

  async finalize({ finalize, url: at }: OrderState, csr: Uint8Array): Promise<OrderState> {
    const what = 'the request for a certificate';
    const reply = await this.post(what, finalize, { csr: Buffer.from(csr).toString('base64url') });
    return this.orderOf(what, reply, at);
  }

  async certificate(at: string): Promise<string> {
    return (await this.post('the certificate', at, '')).body;
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  private orderOf(what: string, reply: Reply, at: string): OrderState {
    const { identifiers, error, certificate, ...order } = this.read(what, reply, orderSchema);
    return {
      ...{ ...order, url: at, domains: identifiers.map(({ value }) => value), ...this.waiting(reply) },
      ...(certificate === undefined ? {} : { certificate }),
      ...(error === undefined ? {} : { failure: refusal('the order', error) }),
    };
  }

  private waiting(reply: Reply): Readonly<{ retryAfterMs?: number }> {
    const retryAfterMs = retryAfterOf(reply.header('retry-after'), this.now());
    return retryAfterMs === undefined ? {} : { retryAfterMs };
  }

  private endpoints(): Promise<z.infer<typeof directorySchema>> {
    this.directory ??= this.readDirectory();
    return this.directory;
  }

  private async readDirectory() {
    const { directory } = this.options;
    const reply = await this.transport.send('GET', directory, undefined, this.options.signal);
    if (reply.status !== 200) throw this.refused('the directory', reply);
    return this.read('the directory', reply, directorySchema);
  }

  /** Signed, with a nonce; `''` reads (POST-as-GET, section 6.3). */
  private async post(what: string, to: string, payload: object | ''): Promise<Reply> {
    for (let refused = 0; ; refused++) {
      const { jwk } = this.signer;
      const { newAccount } = await this.endpoints();
      const who = to === newAccount ? { jwk } : { kid: this.accountUrl ?? '' };
      const signed = this.signer.sign({ ...who, nonce: await this.takeNonce(), url: to }, payload);
      const reply = await this.transport.send('POST', to, JSON.stringify(signed), this.options.signal);
      this.nonce = nonceOf(reply);
      if (reply.status < 300) return reply;
      const again = isBadNonce(problemOf(reply)) && refused < MOST_NONCES_REFUSED;
      if (!again) throw this.refused(what, reply);
    }
  }

  private async takeNonce(): Promise<string> {
    const { nonce } = this;
    this.nonce = undefined;
    if (nonce !== undefined) return nonce;
    const { newNonce } = await this.endpoints();
    const reply = await this.transport.send('HEAD', newNonce, undefined, this.options.signal);
    const fresh = nonceOf(reply);
    if (fresh !== undefined) return fresh;
    throw reply.status >= 400 ? this.refused('a nonce', reply) : this.strange('a nonce');
  }

  private location(what: string, reply: Reply): string {
    const found = url.safeParse(reply.header('location'));
    if (!found.success) throw this.strange(what);
    return found.data;
  }

  private read<S extends z.ZodType>(what: string, { body }: Reply, schema: S): z.infer<S> {
    const found = schema.safeParse(parsed(body));
    if (!found.success) throw this.strange(what);
    return found.data;
  }

  private refused(what: string, reply: Reply): AcmeError {
    const { status } = reply;
    const retryAfterMs = retryAfterOf(reply.header('retry-after'), this.now());
    return refusal(`${this.host}, ${what}`, problemOf(reply), { status, retryAfterMs });
  }

  /** The words of whoever answers are not repeated: it may be anybody. */
  private strange(what: string): AcmeError {
    return new AcmeError({
      scope: 'ca',
      what: `${this.host} answers with what is no ACME (${what})`,
      hint: 'acmeDirectory is to be the URL of the directory of an ACME server',
    });
  }

  private get host(): string {
    return new URL(this.options.directory).host;
  }

  private now(): number {
    return this.options.now?.() ?? Date.now();
  }
}

/** Section 6.5.1: base64url, and an invalid one is no nonce. */
function nonceOf(reply: Reply): string | undefined {
  const nonce = reply.header('replay-nonce');
  return nonce !== undefined && /^[A-Za-z0-9_-]{1,500}$/.test(nonce) ? nonce : undefined;
}

function problemOf({ header, body }: Reply): Problem | undefined {
  if (header('content-type')?.startsWith('application/problem+json') !== true) return undefined;
  const found = problemSchema.safeParse(parsed(body));
  return found.success ? found.data : undefined;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
