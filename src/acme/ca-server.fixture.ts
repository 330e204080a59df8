import { createHash, createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Reply = Readonly<{ status?: number; headers?: Record<string, string>; body?: unknown }>;
/** Instead of an answer: one of somebody else's, none, or none after the request was carried out. */
export type Fault = Reply | 'cut' | 'cut-after' | 'silent';

type Order = {
  id: number;
  status: string;
  domains: string[];
  seen: Map<string, string>;
  chain?: string;
  error?: object;
};

type ServerOptions = Readonly<{
  /** A chain for that request (DER), PEM. */
  sign(csr: Buffer, domains: readonly string[]): string | Promise<string>;
  /** What is served at `http://DOMAIN/.well-known/acme-challenge/TOKEN`. */
  fetch(domain: string, token: string): string | undefined | Promise<string | undefined>;
  /** It looks at a challenge only when it is asked for its state so many more times. */
  lazy?: number;
}>;

const PROBLEM = 'urn:ietf:params:acme:error:';
export const problem = (status: number, type: string, detail: string, headers = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: { type: `${PROBLEM}${type}`, detail },
});

/** A CA that speaks ACME (RFC 8555) as strictly as it takes for tests: signatures, nonces and states are checked. */
export class CaServer {
  /** Of each request, as `POST /order`. */
  readonly seen: string[] = [];
  readonly orders: Order[] = [];
  readonly accounts = new Map<string, { id: number; jwk: JsonWebKey; thumbprint: string }>();
  /** Whether the next request of that kind goes another way. */
  fault: (what: string) => Fault | undefined = () => undefined;
  private readonly nonces = new Set<string>();
  private readonly server: Server;
  private waits = 0;

  constructor(private readonly options: ServerOptions) {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get directory(): string {
    return `${this.origin}/directory`;
  }

  count(what: string): number {
    return this.seen.filter((one) => one === what).length;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request) body += part;
    const path = request.url ?? '';
    const what = `${request.method} ${path.replace(/\/\d+.*$/, '')}`;
    this.seen.push(what);
    const fault = this.fault(what);
    if (fault === 'silent') return;
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    const reply = typeof fault === 'object' ? fault : await this.answer(what, path, body);
    if (fault === 'cut-after') {
      request.socket.destroy();
      return;
    }
    const nonce = randomBytes(16).toString('base64url');
    this.nonces.add(nonce);
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/json',
      'replay-nonce': nonce,
      ...reply.headers,
    });
    response.end(text);
  }

  private async answer(what: string, path: string, body: string): Promise<Reply> {
    const at = (name: string) => `${this.origin}/${name}`;
    if (what === 'GET /directory')
      return { body: { newNonce: at('nonce'), newAccount: at('account'), newOrder: at('order') } };
    if (what === 'HEAD /nonce') return {};
    const signed = this.read(body, `${this.origin}${path}`);
    if (!('account' in signed)) return signed;
    const { payload, account } = signed;
    const id = Number(/\/(\d+)/.exec(path)?.[1] ?? 0);
    const order = this.orders.find((one) => one.id === id);
    if (what === 'POST /account')
      return { status: 201, headers: { location: at(`acct/${account}`) }, body: { status: 'valid' } };
    if (what === 'POST /acct') return { body: { status: 'valid' } };
    if (path === '/order') return { status: 201, ...this.newOrder(payload) };
    if (order === undefined) return problem(404, 'malformed', 'there is no such order');
    if (what === 'POST /order') return this.show(order);
    const [, , , domain = ''] = path.split('/');
    if (what === 'POST /authz') return this.authorization(order, domain);
    if (what === 'POST /challenge') return this.look(order, domain);
    if (what === 'POST /finalize') return this.finalize(order, String((payload as { csr?: string }).csr));
    if (what === 'POST /certificate') return { body: order.chain ?? '' };
    return problem(404, 'malformed', `there is no ${what}`);
  }

  /** Checks signature, URL and nonce (section 6). */
  private read(body: string, url: string): Reply | { payload: unknown; account: number } {
    const { protected: head = '', payload = '', signature = '' } = JSON.parse(body) as Record<string, string>;
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, never>;
    if (!this.nonces.delete(String(header.nonce)))
      return problem(400, 'badNonce', 'that nonce is none of ours');
    if (header.url !== url || header.alg !== 'ES256') return problem(400, 'malformed', 'url or alg');
    const kid = Number(/\/acct\/(\d+)$/.exec(String(header.kid ?? ''))?.[1] ?? 0);
    const known = [...this.accounts.values()].find(({ id }) => id === kid);
    const jwk = (header.jwk as JsonWebKey | undefined) ?? known?.jwk;
    if (jwk === undefined) return problem(400, 'accountDoesNotExist', 'there is no such account');
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const good = verify(
      'sha256',
      Buffer.from(`${head}.${payload}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    if (!good) return problem(400, 'malformed', 'the signature does not hold');
    const { crv, kty, x, y } = jwk;
    const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    const account = this.accounts.get(thumbprint) ?? { id: this.accounts.size + 1, jwk, thumbprint };
    this.accounts.set(thumbprint, account);
    const text = Buffer.from(payload, 'base64url').toString();
    return { payload: text === '' ? '' : JSON.parse(text), account: account.id };
  }

  private newOrder(payload: unknown): Reply {
    const { identifiers } = payload as { identifiers: { value: string }[] };
    const order: Order = {
      ...{ id: this.orders.length + 1, status: 'pending', seen: new Map() },
      domains: identifiers.map(({ value }) => value),
    };
    this.orders.push(order);
    return { ...this.show(order), headers: { location: `${this.origin}/order/${order.id}` } };
  }

  private show({ id, status, domains, error, chain }: Order): Reply {
    return {
      body: {
        status,
        identifiers: domains.map((value) => ({ type: 'dns', value })),
        authorizations: domains.map((domain) => `${this.origin}/authz/${id}/${domain}`),
        finalize: `${this.origin}/finalize/${id}`,
        ...(chain === undefined ? {} : { certificate: `${this.origin}/certificate/${id}` }),
        ...(error === undefined ? {} : { error }),
      },
    };
  }

  private async authorization(order: Order, domain: string): Promise<Reply> {
    if (order.seen.get(domain) === 'processing' && --this.waits <= 0) await this.fetched(order, domain);
    const status = order.seen.get(domain) ?? 'pending';
    const token = `token-${order.id}-${createHash('sha256').update(domain).digest('hex').slice(0, 20)}`;
    return {
      body: {
        status: status === 'processing' ? 'pending' : status,
        identifier: { type: 'dns', value: domain },
        challenges: [
          { type: 'dns-01', url: `${this.origin}/none`, status: 'pending', token },
          {
            ...{ type: 'http-01', url: `${this.origin}/challenge/${order.id}/${domain}`, status, token },
            ...(order.error === undefined ? {} : { error: order.error }),
          },
        ],
      },
    };
  }

  private async look(order: Order, domain: string): Promise<Reply> {
    order.seen.set(domain, 'processing');
    this.waits = this.options.lazy ?? 0;
    if (this.waits === 0) await this.fetched(order, domain);
    return { body: { status: 'processing' } };
  }

  private async fetched(order: Order, domain: string): Promise<void> {
    const { body } = (await this.authorization({ ...order, seen: new Map() }, domain)) as {
      body: { challenges: { token: string }[] };
    };
    const token = body.challenges[0]?.token ?? '';
    const [account] = this.accounts.values();
    const got = await this.options.fetch(domain, token);
    const good = got === `${token}.${account?.thumbprint}`;
    order.seen.set(domain, good ? 'valid' : 'invalid');
    if (!good) {
      order.status = 'invalid';
      order.error = { type: `${PROBLEM}unauthorized`, detail: `${domain} answers ${got}` };
    } else if (order.domains.every((one) => order.seen.get(one) === 'valid')) order.status = 'ready';
  }

  private async finalize(order: Order, csr: string): Promise<Reply> {
    if (order.status !== 'ready') return problem(403, 'orderNotReady', `it is ${order.status}`);
    order.chain = await this.options.sign(Buffer.from(csr, 'base64url'), order.domains);
    order.status = 'valid';
    return this.show(order);
  }
}
