import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type HttpRoute,
  headerValueSchema,
  type RouterState,
  routerStateSchema,
  SERVICE_STICKY,
} from '../model/router.ts';
import { layoutOf } from './layout.ts';
import { Renderer } from './render.ts';
import { readKept } from './spares.ts';

const routeOf = (id: string, more: object = {}) => ({
  ...{ kind: 'http-route', id, names: [{ domain: `${id}.com`, path: '/' }], canary: [] },
  rules: { allow: [], deny: [], gzip: false },
  pools: [
    {
      ...{ id: 'v1', weight: 100, proxyProtocol: false, protocol: 'http1', tls: { kind: 'none' } },
      servers: [{ address: '10.0.0.1', port: 80, weight: 1, state: 'ready' }],
    },
  ],
  ...more,
});

function stateOf(routes: readonly object[], more: object = {}): RouterState {
  return routerStateSchema.parse({
    ...{
      kind: 'router',
      entries: [{ address: '::', port: 80, tls: false, proxyFrom: [], trust: [] }],
      routes,
    },
    ...{
      tcpRoutes: [],
      certificates: [],
      pages: {},
      cookieKey: '0123456789abcdef',
      drainSeconds: 5,
      ...more,
    },
  });
}

/** All lines of the configuration. */
const linesOf = (state: RouterState) =>
  [...new Renderer(layoutOf('/r')).render(state).files]
    .filter(([name]) => name.startsWith('conf.d/'))
    .flatMap(([, text]) => text.split('\n'));

describe('a configuration', () => {
  it('is another one for what needs a reload, and for nothing else', () => {
    const digest = (routes: readonly object[], more: object = {}) =>
      new Renderer(layoutOf('/r')).render(stateOf([...routes, all], more)).digest;
    const all = routeOf('all', { names: [{ domain: '*.com', path: '/all' }] });
    const [pool] = routeOf('a').pools;
    const before = digest([routeOf('a'), routeOf('b')]);
    expect(digest([routeOf('a', { names: [{ domain: 'z.com', path: '/z' }] }), routeOf('b')])).toBe(before);
    expect(digest([routeOf('a', { pools: [] }), routeOf('b')])).toBe(before);
    expect(digest([routeOf('a', { pools: [{ ...pool, weight: 3 }] }), routeOf('b')])).toBe(before);
    const gzip = { rules: { allow: [], deny: [], gzip: true } };
    expect(digest([routeOf('a', gzip), routeOf('b')])).not.toBe(before);
    expect(digest([routeOf('a')])).not.toBe(before);
    const many = Array.from({ length: 200 }, (_, i) => routeOf(`r${i}`, gzip));
    expect(digest(many.toReversed())).toBe(digest(many));
    expect(digest([routeOf('a'), routeOf('b')], { pages: { nobody: 'x' } })).not.toBe(before);
    expect(digest([routeOf('a'), routeOf('b')], { drainSeconds: 6 })).toBe(before);
    const challenge = { token: 'one', answer: `one.${'t'.repeat(43)}` };
    const asked = digest([routeOf('a'), routeOf('b')], { challenges: [] });
    expect(asked).not.toBe(before);
    expect(digest([routeOf('a'), routeOf('b')], { challenges: [challenge] })).toBe(asked);
  });

  it('looks up paths and wildcards where a route has some', () => {
    const lines = (domain: string, path: string) =>
      linesOf(stateOf([routeOf('a', { names: [{ domain, path }] })])).filter((line) =>
        /url_dec|str\(\*\.\)/.test(line),
      );
    expect(lines('x.com', '/')).toEqual([]);
    expect(lines('x.com', '/a')).toHaveLength(1);
    expect(lines('*.x.com', '/')).toHaveLength(6);
  });

  it('leads to a name at once, wherever the route’s backend is by then', () => {
    const renderer = new Renderer(layoutOf('/r'));
    const gzip = { rules: { allow: [], deny: [], gzip: true } };
    const names = (state: RouterState) =>
      Object.fromEntries(renderer.render(state).tables.maps.get('/r/routes.map') ?? []);
    expect(names(stateOf([routeOf('a')]))).toEqual({ 'a.com': 'http:a' });
    expect(names(stateOf([routeOf('a', { names: [{ domain: 'z.com', path: '/' }] })]))).toEqual({
      'z.com': 'http:a',
    });
    const two = stateOf([routeOf('a'), routeOf('b')]);
    expect(names(two)).toEqual({ 'a.com': 'http:a', 'b.com': 'spare:0' });
    const ruled = { ...two.routes[0], rules: gzip.rules } as HttpRoute;
    expect(names({ ...two, routes: two.routes.with(0, ruled) })).toEqual({
      ...{ 'a.com': 'http:a', 'b.com': 'http:b' },
    });
  });

  it('has a path behind the domain, and names of ports by name alone', () => {
    const paths = ['/', '/api'].map((path) => ({ domain: 'a.com', path }));
    const tcp = (id: string, port: number, names: string[]) => ({
      kind: 'tcp-route',
      id,
      port,
      names,
      pools: [],
    });
    const tcpRoutes = [tcp('db', 5432, []), tcp('m', 8443, ['m.com']), tcp('n', 8443, ['n.com'])];
    const state = stateOf([routeOf('a', { names: paths })], { tcpRoutes });
    const { maps } = new Renderer(layoutOf('/r')).render(state).tables;
    expect([...maps].map(([file, map]) => [file, Object.fromEntries(map)])).toEqual([
      ['/r/routes.map', { 'a.com/': 'http:a', 'a.com/api/': 'http:a' }],
      ['/r/names-8443.map', { 'm.com': 'tcp:m', 'n.com': 'tcp:n' }],
    ]);
  });

  it('leads who asks for a pool to it, whatever its share is', () => {
    const renderer = new Renderer(layoutOf('/r'));
    const [pool] = routeOf('a').pools;
    const canary = [{ in: 'cookie', name: 'x', value: 'y', pool: 'v2' }];
    const asked = routeOf('b', { pools: [pool, { ...pool, id: 'v2', weight: 0 }], canary });
    const first = renderer.render(stateOf([routeOf('a')]));
    const more = renderer.render(stateOf([routeOf('a'), asked]));
    const weightIn = (backend: string) =>
      [...(more.tables.backends.get(backend)?.servers ?? [])].find(([name]) => name.startsWith('v2'))?.[1]
        .weight;
    expect(weightIn('http:b')).toBe(0);
    expect(weightIn('http:b:v2')).toBeGreaterThan(0);
    // No spare backend has the rule.
    expect(more.digest).not.toBe(first.digest);
  });

  it('shows the default certificate to who asks for none, and knows how many are behind one', async () => {
    const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const made = async (domain: string) => {
      const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
      const name = `CN=${domain}`;
      const own = await X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm });
      const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
      return { certificate: own.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
    };
    const signer = await made('CA');
    const pem = async (domain: string, ...chain: string[]) => {
      const { certificate, key } = await made(domain);
      return [certificate, ...chain, key].map((one) => one.trim()).join('\n');
    };
    const certificates = [
      { name: 'a', pem: await pem('a.com', signer.certificate) },
      { name: 'b', pem: await pem('b.com') },
    ];
    const rendered = (more: object) =>
      new Renderer(layoutOf('/r')).render(stateOf([], { certificates, ...more }));
    const list = (more: object) =>
      rendered(more)
        .files.get('certificates.list')
        ?.match(/[ab](?=\.pem)/g);
    expect([list({}), list({ defaultCertificate: 'b' })]).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    expect([...rendered({}).tables.certificates.values()].map(({ chain }) => chain)).toEqual([1, 0]);
  });

  it('keeps the domain in a variable where it is asked for again', () => {
    const kept = (more: object) =>
      linesOf(stateOf([routeOf('a', more)])).some((line) => line.includes('set-var(txn.host)'));
    const host = { set: [{ name: 'host', value: 'inside' }], remove: [] };
    expect(kept({})).toBe(false);
    expect(kept({ names: [{ domain: 'a.com', path: '/a' }] })).toBe(true);
    expect(kept({ names: [{ domain: '*.a.com', path: '/' }] })).toBe(true);
    expect(kept({ rules: { allow: [], deny: [], gzip: false, request: host } })).toBe(true);
    expect(kept({ canary: [{ in: 'cookie', name: 'x', value: 'y', pool: 'v1' }] })).toBe(true);
  });

  it('keeps what has not changed', () => {
    const renderer = new Renderer(layoutOf('/r'));
    const state = stateOf(Array.from({ length: 500 }, (_, i) => routeOf(`r${i}`)));
    const first = renderer.render(state);
    const changed = {
      ...state,
      routes: state.routes.with(7, routeOf('r7', { pools: [] }) as unknown as HttpRoute),
    };
    // Names are the same objects where they are the same.
    const second = renderer.render({
      ...changed,
      routes: changed.routes.map((one, i) =>
        i === 7 ? { ...one, names: state.routes[7]?.names ?? [] } : one,
      ),
    });
    const other = [...second.files]
      .filter(([name, text]) => first.files.get(name) !== text)
      .map(([name]) => name);
    expect(other).toHaveLength(1);
    expect(second.tables.maps).toBe(first.tables.maps);
    expect(second.tables.backends.get('http:r8')).toBe(first.tables.backends.get('http:r8'));
    expect(second.tables.backends.get('http:r7')?.servers.size).toBe(0);
  });

  it('is the same one with a plain route more, which is in a spare backend, until something else is new', () => {
    const renderer = new Renderer(layoutOf('/r'));
    const first = renderer.render(stateOf([routeOf('a')]));
    const more = renderer.render(stateOf([routeOf('a'), routeOf('b')]));
    expect(more.digest).toBe(first.digest);
    expect([...(more.tables.maps.get('/r/routes.map') ?? [])]).toEqual([
      ['a.com', 'http:a'],
      ['b.com', 'spare:0'],
    ]);
    expect([...more.spares]).toEqual([['spare:0', 'b']]);
    expect(more.tables.backends.get('spare:0')?.servers.size).toBe(1);
    expect(more.files.get('conf.d/20-spares.cfg')).toContain(
      'backend spare:0 from apps\n  server v1:10.0.0.1:80 10.0.0.1:80 weight',
    );
    // An HAProxy that starts by itself, and a process of ours that does, go on with it.
    const later = new Renderer(layoutOf('/r'), readKept(more.files.get('spares.json') ?? ''));
    expect(later.render(stateOf([routeOf('a'), routeOf('b')])).files).toEqual(more.files);
    // It has gone, and its backend is nobody's: its servers leave, and the next one is in another.
    const gone = renderer.render(stateOf([routeOf('a')]));
    expect(gone.digest).toBe(first.digest);
    expect(gone.tables.backends.get('spare:0')?.servers.size).toBe(0);
    const next = renderer.render(stateOf([routeOf('a'), routeOf('c')]));
    expect([...next.spares]).toEqual([['spare:1', 'c']]);
    // With something that is not plain all of them have a backend of their own.
    const gzip = { rules: { allow: [], deny: [], gzip: true } };
    const anew = renderer.render(stateOf([routeOf('a'), routeOf('c'), routeOf('d', gzip)]));
    expect(anew.digest).not.toBe(first.digest);
    expect(anew.spares.size).toBe(0);
    expect([...anew.tables.backends.keys()]).toEqual(['http:a', 'http:c', 'http:d']);
  });

  it('is the same one with a route of a service more that is sticky, in a backend with the same cookie', () => {
    const renderer = new Renderer(layoutOf('/r'));
    const sticky = { rules: { allow: [], deny: [], gzip: false, sticky: SERVICE_STICKY } };
    const first = renderer.render(stateOf([routeOf('a')]));
    const more = renderer.render(stateOf([routeOf('a'), routeOf('b', sticky)]));
    expect(more.digest).toBe(first.digest);
    expect([...more.spares]).toEqual([['spare:32', 'b']]);
    expect(more.tables.backends.get('spare:32')).toMatchObject({ sticky: true });
    expect(more.files.get('conf.d/20-spares.cfg')).toContain(
      'backend spare:32 from apps\n  cookie berth-sticky insert indirect nocache httponly dynamic maxidle 1800s maxlife 28800s\n  server v1:10.0.0.1:80',
    );
  });

  it('is the same one where routes with backends of their own go and come back', () => {
    const renderer = new Renderer(layoutOf('/r'));
    const gzip = { rules: { allow: [], deny: [], gzip: true } };
    const first = renderer.render(stateOf([routeOf('a', gzip), routeOf('b', gzip), routeOf('c')]));
    const gone = renderer.render(stateOf([routeOf('b', gzip)]));
    expect(gone.digest).toBe(first.digest);
    expect([...(gone.tables.maps.get('/r/routes.map') ?? [])]).toEqual([['b.com', 'http:b']]);
    for (const id of ['a', 'c']) expect(gone.tables.backends.get(`http:${id}`)?.servers.size).toBe(0);
    // To a process that begins then, too.
    const later = new Renderer(layoutOf('/r'), readKept(gone.files.get('spares.json') ?? ''));
    expect(later.render(stateOf([routeOf('b', gzip)])).digest).toBe(first.digest);
    expect(later.render(stateOf([routeOf('b', gzip), routeOf('a', gzip)])).digest).toBe(first.digest);
    const back = renderer.render(stateOf([routeOf('c'), routeOf('b', gzip), routeOf('a', gzip)]));
    expect(back.digest).toBe(first.digest);
    expect(back.tables.backends.get('http:a')?.servers.size).toBe(1);
    const other = renderer.render(stateOf([routeOf('b', gzip), routeOf('c', gzip)]));
    expect(other.digest).not.toBe(first.digest);
    expect([...other.tables.backends.keys()]).toEqual(['http:b', 'http:c']);
    // What has gone is out of the configuration with the next one, which is another anyway.
    renderer.render(stateOf([routeOf('b', gzip)]));
    const anew = renderer.render(stateOf([routeOf('b', gzip), routeOf('d', gzip)]));
    expect([...anew.tables.backends.keys()]).toEqual(['http:b', 'http:d']);
  });

  it('has a line for a header, whatever its value is', () => {
    const values = fc
      .stringMatching(/^[\x20-\x7e\t]*$/)
      .filter((text) => headerValueSchema.safeParse(text).success);
    const plain = linesOf(stateOf([withHeader('x')]));
    fc.assert(
      fc.property(values, (value) => {
        const lines = linesOf(stateOf([withHeader(value)]));
        expect(lines.length).toBe(plain.length);
        const own = lines.filter((line, i) => line !== plain[i] && !line.startsWith('  description '));
        expect(own.every((line) => line.startsWith('  http-request set-header X-Any "'))).toBe(true);
      }),
    );
    function withHeader(value: string) {
      const request = { set: [{ name: 'X-Any', value }], remove: [] };
      return routeOf('a', { rules: { allow: [], deny: [], gzip: false, request } });
    }
  });
});
