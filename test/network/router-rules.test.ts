import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashCredentials } from '../../src/kit/credentials.ts';
import { ROUTE_FIELDS, routeOptionsOf } from '../../src/model/route-fields.ts';
import { rulesOf, wayOf } from '../../src/model/route-options.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { ADDRESS, ask, PORT, pool, route, startContainer, stateOf, TestRouter } from './haproxy.ts';

/** What a route does to requests, seen through a real HAProxy. */
const haproxy = new TestRouter();
const containers = new Map<string, Awaited<ReturnType<typeof startContainer>>>();

beforeAll(async () => {
  await ensureRequirements([['haproxy', 'haproxy']]);
  for (const name of ['a', 'b']) containers.set(name, await startContainer(name));
  await haproxy.start(stateOf([]));
});

afterAll(async () => {
  await haproxy.stop();
  for (const { server } of containers.values()) server.close();
});

const port = (name: string) => containers.get(name)?.port ?? 0;
const to = (name: string) => [pool(`pool-${name}`, [port(name)])];
const apply = (...routes: ReturnType<typeof route>[]) => haproxy.router.apply(stateOf(routes));
const by = async (host: string, path: string) => (await ask(host, path)).seen?.by;

describe('a route', () => {
  it('is the exact domain before the wildcard, and the longest path first', async () => {
    await apply(
      route('root', 'x.com', to('a')),
      route('api', ['x.com/api', 'x.com/v1/deep'], to('b')),
      route('wild', '*.x.com', to('b')),
      route('below', ['*.eu.x.com', 'exact.x.com'], to('a')),
    );
    for (const [host, path, expected] of [
      ['x.com', '/', 'a'],
      ['X.com:8080', '/any?x=1', 'a'],
      ['x.com.', '/', 'a'],
      ['x.com', '/api', 'b'],
      ['x.com', '/api/', 'b'],
      ['x.com', '/api/x?y', 'b'],
      ['x.com', '/api?y', 'b'],
      ['x.com', '/apis', 'a'],
      ['x.com', '/%61pi/x', 'b'],
      ['x.com', '//api', 'b'],
      ['x.com', '/v1', 'a'],
      ['x.com', '/v1/deep/er', 'b'],
      ['one.x.com', '/', 'b'],
      ['a.b.c.d.x.com', '/', 'b'],
      ['eu.x.com', '/', 'b'],
      ['a.eu.x.com', '/', 'a'],
      ['b.a.eu.x.com', '/', 'a'],
      ['exact.x.com', '/', 'a'],
    ] as const)
      expect(await by(host, path), `${host}${path}`).toBe(expected);
  });

  it('is none for a domain that nobody has, nor for one that is made up', async () => {
    for (const host of ['y.com', 'com', 'xx.com', 'x.com.y.com', '%[src]', '"', 'a b', 'nobody']) {
      const { status, text, headers } = await ask(host);
      expect([host, status]).toEqual([host, 404]);
      expect(text).toContain(`Nothing is served here for ${host}.`);
      expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    }
    for (const [host, path] of [
      ['x.com/api', '/'],
      ['x.com', '/a/../api'],
      ['x.com', '/a/%2e%2e/api'],
      ['x.com', '/api/..'],
      ['x.com', '/./api'],
    ] as const)
      expect([host, path, (await ask(host, path)).status]).toEqual([host, path, 400]);
  });

  it('tells containers who asks, whatever the client says', async () => {
    const forged = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', forwarded: 'for=1.2.3.4' };
    const { seen } = await ask('x.com', '/', { headers: { ...forged, 'x-forwarded-host': 'evil' } });
    expect(seen?.headers).toMatchObject({
      ...{
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'x.com',
        host: 'x.com',
      },
    });
    expect(seen?.headers.forwarded).toBe(undefined);
  });

  it('has the last word on what its containers are told of who asks', async () => {
    const forged = { headers: { 'x-forwarded-for': '1.2.3.4' } };
    const told = async (host: string) => (await ask(host, '/', forged)).seen?.headers['x-forwarded-for'];
    const without = route('without', 'x.com', to('a'), {
      rules: { request: { set: [], remove: ['X-Forwarded-For'] } },
    });
    const set = [{ name: 'x-forwarded-for', value: 'nobody' }];
    const other = route('other', 'y.com', to('a'), { rules: { request: { set, remove: [] } } });
    const plain = route('plain', 'z.com', to('a'));
    await apply(without, other, plain);
    expect([await told('x.com'), await told('y.com'), await told('z.com')]).toEqual([
      ...[undefined, 'nobody', '127.0.0.1'],
    ]);
    // a canary by that header goes by who asks as well, not by what is forged
    const pools = [pool('old', [port('a')]), pool('new', [port('b')], { weight: 0 })];
    const canary = (value: string) => [{ in: 'header', name: 'X-Forwarded-For', value, pool: 'new' }];
    for (const [value, expected] of [
      ['127.0.0.1', 'b'],
      ['1.2.3.4', 'a'],
    ] as const) {
      await apply(route('canary', 'c.com', pools, { canary: canary(value) }), plain);
      const { seen } = await ask('c.com', '/', forged);
      expect([seen?.by, seen?.headers['x-forwarded-for']]).toEqual([expected, '127.0.0.1']);
      expect(await told('z.com')).toBe('127.0.0.1');
    }
  });

  it('keeps sessions of the manager from apps, and no other cookie', async () => {
    const session = '__Host-berth=berth_ses_secret';
    await apply(route('root', 'x.com', to('a')));
    for (const [sent, expected] of [
      [undefined, undefined],
      [session, ''],
      [`${session}; a=1; b=2`, 'a=1; b=2'],
      [`a=1; ${session}; b=2`, 'a=1; b=2'],
      [`a=1;${session}`, 'a=1'],
      [`a=1; __Host-berth-oidc=sealed; ${session}`, 'a=1'],
      [`__Host-berth-oidc=sealed; ${session}`, ''],
      [`${session};`, ''],
      [`${session}; a=1; ${session}; b=2`, 'a=1; b=2'],
      ['a=1; x__Host-berth=2; __Host-other=3', 'a=1; x__Host-berth=2; __Host-other=3'],
      ['a="x, y"; b=2', 'a="x, y"; b=2'],
    ] as const) {
      const { seen } = await ask('x.com', '/', { headers: sent === undefined ? {} : { cookie: sent } });
      expect(seen?.headers.cookie, sent).toBe(expected);
    }
  });

  it('believes a balancer in front that it is told to believe', async () => {
    const entry = { address: ADDRESS, port: PORT, tls: false, proxyFrom: [], trust: ['127.0.0.0/8'] };
    await haproxy.router.apply(
      stateOf([route('root', 'x.com', to('a'), { rules: { deny: ['192.0.2.7'] } })], { entries: [entry] }),
    );
    const asked = (client: string) =>
      ask('x.com', '/', {
        headers: { 'x-forwarded-for': `9.9.9.9, ${client}`, 'x-forwarded-proto': 'https' },
      });
    const { seen } = await asked('192.0.2.8');
    expect(seen?.headers).toMatchObject({ 'x-forwarded-for': '192.0.2.8', 'x-forwarded-proto': 'https' });
    expect((await asked('192.0.2.7')).status).toBe(403);
    expect((await ask('x.com')).seen?.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  it('rewrites paths, and changes headers to what was written, whatever that is', async () => {
    const value = `"quotes" 'too' \\ $HOME \${HOME} %[src] %% # } { if { src 1.1.1.1 }`;
    const headers = [
      { name: 'X-Text', value },
      { name: 'X-Empty', value: '' },
      { name: 'Host', value: 'inside' },
    ];
    await apply(
      route('strip', 'strip.com/api', to('a'), { rules: { rewrite: { strip: '/api', prefix: '/' } } }),
      route('odd', "odd.com/a.b+(c)$'", to('a'), {
        rules: { rewrite: { strip: "/a.b+(c)$'", prefix: '/x&$1' } },
      }),
      route('put', 'put.com', to('a'), { rules: { rewrite: { strip: '/', prefix: '/base' } } }),
      route('headers', 'headers.com', to('a'), {
        rules: {
          request: { set: headers, remove: ['X-Gone'] },
          response: { set: [{ name: 'X-Answer', value }], remove: ['X-Powered-By'] },
        },
      }),
    );
    expect((await ask('strip.com', '/api/x/y?z=1')).seen?.url).toBe('/x/y?z=1');
    expect((await ask('strip.com', '/api')).seen?.url).toBe('/');
    expect((await ask('strip.com', '/api?q')).seen?.url).toBe('/?q');
    expect((await ask('odd.com', "/a.b+(c)$'/z")).seen?.url).toBe('/x&$1/z');
    expect((await ask('odd.com', '/aXb+(c)')).status).toBe(404);
    expect((await ask('put.com', '/x')).seen?.url).toBe('/base/x');
    const { seen, headers: answered } = await ask('headers.com', '/', { headers: { 'x-gone': '1' } });
    expect(seen?.headers).toMatchObject({ 'x-text': value, 'x-empty': '', host: 'inside' });
    expect(seen?.headers['x-gone']).toBe(undefined);
    expect(answered['x-answer']).toBe(value);
    expect(answered['x-powered-by']).toBe(undefined);
  });

  it('redirects', async () => {
    await apply(
      route('tls', 'tls.com', [], { rules: { redirect: { kind: 'https', code: 308, port: 443 } } }),
      route('tls8', 'tls8.com', [], { rules: { redirect: { kind: 'https', code: 301, port: 8443 } } }),
      route('to', 'to.com', [], {
        rules: { redirect: { kind: 'url', code: 302, url: 'https://z.com/%20$x', keepPath: false } },
      }),
      route('keep', 'keep.com', [], {
        rules: { redirect: { kind: 'url', code: 307, url: 'https://z.com/p', keepPath: true } },
      }),
    );
    for (const [host, status, location] of [
      ['TLS.com:8080', 308, 'https://tls.com/a?b=%20'],
      ['tls8.com', 301, 'https://tls8.com:8443/a?b=%20'],
      ['to.com', 302, 'https://z.com/%20$x'],
      ['keep.com', 307, 'https://z.com/p/a?b=%20'],
    ] as const) {
      const answer = await ask(host, '/a?b=%20');
      expect([answer.status, answer.headers.location]).toEqual([status, location]);
    }
  });

  it('asks for a password, and keeps it from the container', async () => {
    const salt = Buffer.alloc(16, 7).toString('base64');
    const auth = { realm: 'Shop staging', salt, users: [hashCredentials('ann', 'p:w "ü', salt)] };
    await apply(
      route('auth', 'auth.com', to('a'), { rules: { auth } }),
      route('shut', 'shut.com', to('a'), { rules: { auth: { ...auth, users: [] } } }),
    );
    const as = (text: string) => ({
      headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
    });
    const none = await ask('auth.com');
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Basic realm="Shop staging"']);
    expect((await ask('auth.com', '/', as('ann:wrong'))).status).toBe(401);
    expect((await ask('auth.com', '/', as('bob:p:w "ü'))).status).toBe(401);
    const { seen } = await ask('auth.com', '/', as('ann:p:w "ü'));
    expect(seen?.by).toBe('a');
    expect(seen?.headers.authorization).toBe(undefined);
    expect((await ask('shut.com', '/', as('ann:p:w "ü'))).status).toBe(401);
  });

  it('lets in who may come in', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
    await apply(
      route('deny', 'deny.com', to('a'), { rules: { deny: [...many, '127.0.0.0/8'] } }),
      route('allow', 'allow.com', to('a'), { rules: { allow: [...many, '127.0.0.1'] } }),
      route('other', 'other.com', to('a'), { rules: { allow: many } }),
    );
    const refused = await ask('deny.com');
    expect([refused.status, refused.text]).toEqual([403, 'Your address may not use deny.com.\n']);
    expect((await ask('allow.com')).status).toBe(200);
    expect((await ask('other.com')).status).toBe(403);
  });

  it('limits requests of a client, and bodies', async () => {
    await apply(
      route('rate', 'rate.com', to('a'), { rules: { rateLimit: { requests: 5, seconds: 600 } } }),
      route('body', 'body.com', to('a'), { rules: { bodyLimit: 10 } }),
      route('free', 'free.com', to('a')),
    );
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await ask('rate.com')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const post = (host: string, body: string, headers = {}) =>
      ask(host, '/', { method: 'POST', body, headers });
    expect((await post('body.com', '1234567890')).seen?.body).toBe('1234567890');
    const large = await post('body.com', '12345678901');
    expect([large.status, large.text]).toEqual([413, 'The request is larger than body.com takes.\n']);
    expect((await post('body.com', '123', { 'transfer-encoding': 'chunked' })).status).toBe(411);
    expect((await post('free.com', '123', { 'transfer-encoding': 'chunked' })).seen?.body).toBe('123');
    // By HTTP/2 a body needs no header that says so.
    expect(await byHttp2('POST', ['1234567890'], { 'content-length': 10 })).toBe(200);
    expect(await byHttp2('POST', ['12345678901'], { 'content-length': 11 })).toBe(413);
    for (const method of ['GET', 'POST']) {
      expect(await byHttp2(method, []), method).toBe(200);
      expect(await byHttp2(method, ['1', '2'.repeat(100_000)]), method).toBe(411);
    }
    expect(await byHttp2('POST', [], {}, false)).toBe(408);
  });

  /** @returns the status; without `ends` it never says that this was all */
  async function byHttp2(
    method: string,
    body: readonly string[],
    headers = {},
    ends = true,
  ): Promise<number> {
    const session = connectHttp2(`http://${ADDRESS}:${PORT}`);
    try {
      const asked = { ':method': method, ':path': '/', ':authority': 'body.com', ...headers };
      const stream = session.request(asked, { endStream: ends && body.length === 0 });
      const status = new Promise<number>((resolve, reject) => {
        stream.once('response', (answer) => resolve(Number(answer[':status'])));
        stream.once('error', reject);
      });
      for (const part of body) stream.write(part);
      if (ends) stream.end();
      return await status;
    } finally {
      session.destroy();
    }
  }

  it('limits the time that a container takes to answer', async () => {
    const never = createServer(() => {});
    await new Promise<void>((resolve) => never.listen(0, ADDRESS, resolve));
    const pools = [pool('v1', [(never.address() as AddressInfo).port])];
    try {
      await apply(
        route('slow', 'slow.com', pools, { rules: { timeouts: { responseSeconds: 1, tunnelSeconds: 60 } } }),
      );
      const began = performance.now();
      const { status, text } = await ask('slow.com');
      expect([status, text]).toEqual([504, 'The container took too long to answer.\n']);
      // Without the rule it is a minute.
      expect(performance.now() - began).toBeLessThan(40_000);
    } finally {
      never.closeAllConnections();
      never.close();
    }
  });

  it('compresses where it is told to', async () => {
    await apply(
      route('zip', 'zip.com', to('a'), { rules: { gzip: true } }),
      route('plain', 'plain.com', to('a')),
    );
    const accept = { headers: { 'accept-encoding': 'gzip' } };
    expect((await ask('plain.com', '/', accept)).headers['content-encoding']).toBe(undefined);
    const zipped = await new Promise<Buffer>((resolve) => {
      void import('node:http').then(({ get }) =>
        get({ host: ADDRESS, port: PORT, headers: { host: 'zip.com', ...accept.headers } }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (bytes) => chunks.push(bytes));
          answer.on('end', () => resolve(Buffer.concat(chunks)));
        }),
      );
    });
    expect(JSON.parse(gunzipSync(zipped).toString()).by).toBe('a');
  });

  it('has rules as users write them, each by itself, and whatever is in them', async () => {
    const text = `a"b\\c 'd' #e $HOME %[src] } { if x`;
    const hostile = { request_headers: `X-Evil: ${text}`, response_headers: `X-Evil: ${text}` };
    const routes = [
      ...Object.entries(ROUTE_FIELDS).map(
        ([field, { example }]) => [field.replaceAll('_', '-'), { [field]: example }] as const,
      ),
      ['hostile', hostile] as const,
    ].map(([id, texts]) => {
      const { options, problems } = routeOptionsOf((field) => (texts as Record<string, string>)[field]);
      expect(problems).toEqual([]);
      return route(id, `${id}.com`, [pool('v1', [port('a')], wayOf(options))], {
        rules: rulesOf(options, 8443),
      });
    });
    await apply(...routes);
    const { seen, headers } = await ask('hostile.com');
    expect([seen?.headers['x-evil'], headers['x-evil']]).toEqual([text, text]);
    expect((await ask('rewrite.com', '/api/x')).seen?.url).toBe('/v2/x');
    expect((await ask('redirect.com', '/x?y')).headers.location).toBe('https://www.example.com/x?y');
    expect((await ask('basic-auth.com')).status).toBe(401);
    expect((await ask('allow.com')).status).toBe(403);
  });

  it('answers the health check of a balancer in front, for any domain', async () => {
    for (const host of ['127.0.0.1', 'hostile.com']) {
      const { status, seen } = await ask(host, '/.berth/health');
      expect([status, seen]).toEqual([200, undefined]);
    }
    expect((await ask('127.0.0.1', '/.berth/health/x')).status).toBe(404);
  });

  it('says that no container can answer, in the words of who runs it', async () => {
    const routes = [route('empty', 'empty.com', []), route('gone', 'gone.com', [pool('v1', [1])])];
    await haproxy.router.apply(stateOf(routes));
    for (const host of ['empty.com', 'gone.com']) {
      const { status, text } = await ask(host);
      expect([status, text.split('\n')[0]]).toEqual([503, `No healthy container for ${host}.`]);
    }
    const request = { set: [{ name: 'Host', value: 'inside' }], remove: [] };
    await apply(route('hosted', 'hosted.com', [], { rules: { request } }));
    expect((await ask('hosted.com')).text).toContain('No healthy container for hosted.com.');
    await haproxy.router.apply(
      stateOf(routes, { pages: { unavailable: 'Bitte "später": {domain} 100 % $x\n' } }),
    );
    expect((await ask('empty.com')).text).toBe('Bitte "später": empty.com 100 % $x\n');
  });

  it('has canaries by header and by cookie, beside a weight of 0', async () => {
    const pools = [pool('old', [port('a')]), pool('new', [port('b')], { weight: 0 })];
    const value = '} if "x" , \\ -i';
    const canary = [
      { in: 'header', name: 'X-Canary', value, pool: 'new' },
      { in: 'cookie', name: 'beta', value: 'yes', pool: 'new' },
      { in: 'header', name: 'X-Option', value: '-i', pool: 'new' },
    ];
    await apply(route('shop', 'shop.com', pools, { canary }), route('other', 'other.com', to('a')));
    const asked = async (host: string, headers: Record<string, string>) =>
      (await ask(host, '/', { headers })).seen?.by;
    expect(await asked('shop.com', {})).toBe('a');
    expect(await asked('shop.com', { 'x-canary': value })).toBe('b');
    expect(await asked('shop.com', { 'x-canary': 'x' })).toBe('a');
    expect(await asked('shop.com', { cookie: 'a=1; beta=yes' })).toBe('b');
    expect(await asked('shop.com', { cookie: 'beta=no' })).toBe('a');
    expect(await asked('shop.com', { 'x-option': '-i' })).toBe('b');
    expect(await asked('other.com', { 'x-canary': value })).toBe('a');
  });
});
