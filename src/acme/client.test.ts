import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AcmeCa, AcmeError, type AcmeFailure } from '../model/acme.ts';
import { CaServer, type Fault, problem } from './ca-server.fixture.ts';
import { newAccountKey, newAcmeClient } from './index.ts';

const KEY = newAccountKey();
const clients: AcmeCa[] = [];
let server: CaServer;
let served: Map<string, string>;

beforeEach(async () => {
  served = new Map();
  server = await new CaServer({
    sign: (csr, domains) => `${csr.toString()} for ${domains.join()}`,
    fetch: (_, token) => served.get(token),
  }).start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.close();
});

function connect(more: { account?: string; timeoutMs?: number; directory?: string } = {}): AcmeCa {
  const client = newAcmeClient({ directory: server.directory, key: KEY, ...more });
  clients.push(client);
  return client;
}

async function failureOf(task: Promise<unknown>): Promise<AcmeFailure> {
  const thrown = await task.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AcmeError)) throw new Error(`that is no failure of ACME: ${String(thrown)}`);
  return thrown.failure;
}

/** Once, at requests of that kind. */
function once(what: string, fault: Fault): void {
  let done = false;
  server.fault = (one) => {
    if (done || one !== what) return undefined;
    done = true;
    return fault;
  };
}

describe('a certificate', () => {
  it('is had in the steps of RFC 8555, with one nonce for each of them', async () => {
    const ca = connect();
    const account = await ca.account('ops@example.com');
    expect(await connect().account('')).toBe(account);
    let order = await ca.order(['a.com', 'b.com']);
    expect(order).toMatchObject({ status: 'pending', domains: ['a.com', 'b.com'] });
    for (const url of order.authorizations) {
      const { challenge, status } = await ca.authorization(url);
      expect(status).toBe('pending');
      served.set(challenge?.token ?? '', `${challenge?.token}.${ca.thumbprint}`);
      await ca.ready(challenge?.url ?? '');
      expect(await ca.authorization(url)).toMatchObject({ status: 'valid' });
    }
    order = await ca.readOrder(order.url);
    expect(order.status).toBe('ready');
    order = await ca.finalize(order, Buffer.from('a request'));
    expect(await ca.certificate(order.certificate ?? '')).toBe('a request for a.com,b.com');
    // each answer brings the next one along
    expect(server.count('HEAD /nonce')).toBe(2);
  });

  it('is refused with the words of the CA where what it reads is another text', async () => {
    const ca = connect();
    await ca.account('');
    const order = await ca.order(['a.com']);
    const [url = ''] = order.authorizations;
    const { challenge } = await ca.authorization(url);
    await ca.ready(challenge?.url ?? '');
    const now = await ca.authorization(url);
    expect(now.status).toBe('invalid');
    expect(now.challenge?.failure?.failure).toMatchObject({
      scope: 'order',
      what: 'a.com: a.com answers undefined',
      hint: expect.stringContaining('port 80'),
    });
  });
});

describe('a CA', () => {
  it('that refuses a nonce is asked again with the one that it gives', async () => {
    const ca = connect();
    once('POST /account', problem(400, 'badNonce', 'an old one'));
    await ca.account('');
    expect(server.count('POST /account')).toBe(2);
    server.fault = (what) => (what === 'POST /order' ? problem(400, 'badNonce', 'never') : undefined);
    expect(await failureOf(ca.order(['a.com']))).toMatchObject({ what: expect.stringContaining('never') });
    expect(server.count('POST /order')).toBe(6);
  });

  it.each([
    ['limits', problem(429, 'rateLimited', 'too many', { 'retry-after': '3600' }), 'names', 3_600_000],
    ['is busy', { status: 503, headers: { 'retry-after': '120' }, body: 'busy' }, 'ca', 120_000],
    [
      'asks for a month',
      problem(429, 'rateLimited', 'x', { 'retry-after': '2592000' }),
      'names',
      604_800_000,
    ],
    [
      'says nonsense of the time',
      problem(429, 'rateLimited', 'x', { 'retry-after': 'soon' }),
      'names',
      undefined,
    ],
    ['has forgotten the account', problem(400, 'accountDoesNotExist', 'who?'), 'ca', undefined],
    ['does not take the name', problem(400, 'rejectedIdentifier', 'no'), 'names', undefined],
    ['answers with a page', { status: 200, body: '<html>hello</html>' }, 'ca', undefined],
    ['answers with other JSON', { status: 201, body: [1, 2] }, 'ca', undefined],
    ['leads elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'names', undefined],
    ['answers without end', { status: 201, body: 'x'.repeat(300_000) }, 'ca', undefined],
    ['cuts the line', 'cut', 'ca', undefined],
    ['says nothing', 'silent', 'ca', undefined],
  ] as const)('that %s is told so by what it is', async (_, fault, scope, retryAfterMs) => {
    const ca = connect({ timeoutMs: 1_000 });
    await ca.account('');
    server.fault = (what) => (what === 'POST /order' ? (fault as Fault) : undefined);
    const failure = await failureOf(ca.order(['a.com']));
    expect(failure.scope).toBe(scope);
    expect(failure.retryAfterMs).toBe(retryAfterMs);
    expect(failure.what).toMatch(/^127\.0\.0\.1:\d+/);
    expect(failure.hint).not.toBe('');
    expect(failure.what).not.toContain('<html>');
  });

  it('that does not listen, or is none, is named', async () => {
    const gone = await failureOf(connect({ directory: 'http://127.0.0.1:1/directory' }).account(''));
    expect(gone).toMatchObject({ scope: 'ca', what: expect.stringMatching(/^127\.0\.0\.1:1: /) });
    server.fault = () => ({ status: 200, body: '{"newNonce":"file:///etc/passwd"}' });
    expect(await failureOf(connect().account(''))).toMatchObject({
      what: expect.stringContaining('answers with what is no ACME (the directory)'),
    });
  });

  it('leads nowhere without TLS where its directory has it', async () => {
    const ca = connect();
    await ca.account('');
    const order = await ca.order(['a.com']);
    const failure = await failureOf(ca.readOrder(order.url.replace('http:', 'https:')));
    expect(failure.what).toContain('a URL that is not of its kind');
  });

  it('is not waited for once the manager stops', async () => {
    const stop = new AbortController();
    const ca = newAcmeClient({ directory: server.directory, key: KEY, signal: stop.signal });
    clients.push(ca);
    server.fault = () => 'silent';
    const asked = ca.account('');
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });
});
