import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  basicAuthSchema,
  certificateSchema,
  domainSchema,
  headerNameSchema,
  headerValueSchema,
  pathSchema,
  redirectSchema,
  routerNameSchema,
  routerStateSchema,
} from './router.ts';

const entry = { address: '0.0.0.0', port: 80, tls: false, proxyFrom: [], trust: [] };
const rules = { allow: [], deny: [], gzip: false };
const route = (id: string, domain: string, path = '/') => ({
  ...{ kind: 'http-route', id, names: [{ domain, path }], rules, pools: [], canary: [] },
});
const tcp = (id: string, port: number, names: string[] = []) => ({
  kind: 'tcp-route',
  id,
  port,
  names,
  pools: [],
});
const state = (more: object) => ({
  ...{ kind: 'router', entries: [entry], routes: [], tcpRoutes: [], certificates: [], pages: {} },
  ...{ cookieKey: '0123456789abcdef', drainSeconds: 60, ...more },
});
const problems = (more: object) =>
  routerStateSchema.safeParse(state(more)).error?.issues.map((one) => one.message);

describe('what the router is given', () => {
  it('takes domains in lower case and Punycode, and a * as the first label only', () => {
    for (const good of ['a', 'example.com', '*.example.com', 'xn--bcher-kva.example', '_x.example.com'])
      expect(domainSchema.safeParse(good).success, good).toBe(true);
    for (const bad of [
      '',
      'Example.com',
      'bücher.example',
      'a.*.com',
      '*',
      '*example.com',
      'a..b',
      '-a.com',
      'a.com.',
    ])
      expect(domainSchema.safeParse(bad).success, bad).toBe(false);
    expect(domainSchema.safeParse('a b').error?.issues[0]?.message).toContain('"a b" is not a domain');
  });

  it('takes paths that begin with /, end with none and do not go up', () => {
    for (const good of ['/', '/api', '/a/b.c', "/it's"])
      expect(pathSchema.safeParse(good).success, good).toBe(true);
    for (const bad of [
      '',
      'api',
      '/api/',
      '//',
      '/a//b',
      '/a/../b',
      '/.',
      '/a b',
      '/%61',
      '/a#b',
      '/a?b',
      '/"',
    ])
      expect(pathSchema.safeParse(bad).success, bad).toBe(false);
  });

  it('takes nothing that HAProxy reads as the end of a word or of a line', () => {
    const schemas = { '/a': pathSchema, b: domainSchema, c: headerNameSchema, d: routerNameSchema };
    const hostile = fc.constantFrom('\n', '\r', '\0', ' ', '"', '\\', '{', '}', '[', ']', '\t', 'é');
    fc.assert(
      fc.property(fc.string(), hostile, fc.string(), (before, character, after) => {
        for (const [first, schema] of Object.entries(schemas))
          expect(schema.safeParse(`${first}${before}${character}${after}`).success, first).toBe(false);
      }),
    );
    for (const text of ['a\nb', 'a\rb', 'a\0b', 'é'])
      expect(headerValueSchema.safeParse(text).success).toBe(false);
    for (const url of ['https://a/\n', 'https://a/ b', 'javascript:alert(1)', '//a', 'https://a/"'])
      expect(redirectSchema.safeParse({ kind: 'url', code: 302, url, keepPath: false }).success, url).toBe(
        false,
      );
    const auth = { realm: 'x', salt: 'AAAAAAAAAAAAAAAAAAAAAA==', users: [] };
    expect(basicAuthSchema.safeParse(auth).success).toBe(true);
    expect(basicAuthSchema.safeParse({ ...auth, realm: 'x"y' }).success).toBe(false);
  });

  it('says who has a domain and path already', () => {
    expect(
      problems({ routes: [route('a', 'x.com'), route('b', 'x.com', '/api'), route('c', '*.x.com')] }),
    ).toBe(undefined);
    expect(problems({ routes: [route('a', 'x.com'), route('b', 'x.com')] })).toEqual([
      'x.com/ is taken: route a and route b both have it',
    ]);
    expect(problems({ routes: [route('a', 'x.com'), route('a', 'y.com')] })).toEqual([
      'the id a is taken: route a and route a both have it',
    ]);
  });

  it('gives a cookie to one route of a domain', () => {
    const sticky = { cookie: 'S', idleSeconds: 60, lifeSeconds: 60 };
    const both = (other: string) =>
      problems({
        routes: [route('a', 'x.com'), route('b', 'x.com', '/b')].map((one, i) => ({
          ...one,
          rules: { ...rules, sticky: i === 0 ? sticky : { ...sticky, cookie: other } },
        })),
      });
    expect(both('T')).toBe(undefined);
    expect(both('S')).toEqual(['the cookie S at x.com is taken: route a and route b both have it']);
  });

  it('gives a port to one route, or to several by name', () => {
    expect(
      problems({ tcpRoutes: [tcp('a', 5432), tcp('b', 8443, ['x.com']), tcp('c', 8443, ['y.com'])] }),
    ).toBe(undefined);
    expect(problems({ tcpRoutes: [tcp('a', 80)] })).toEqual([
      'port 80 is taken: an entry and route a both have it',
    ]);
    expect(problems({ tcpRoutes: [tcp('a', 81), tcp('b', 81)] })).toHaveLength(1);
    expect(problems({ tcpRoutes: [tcp('a', 81, ['x.com']), tcp('b', 81)] })).toHaveLength(1);
    expect(problems({ tcpRoutes: [tcp('a', 81), tcp('b', 81, ['x.com'])] })).toHaveLength(1);
    expect(problems({ tcpRoutes: [tcp('a', 81, ['x.com']), tcp('b', 81, ['x.com'])] })).toEqual([
      'port 81 for x.com is taken: route a and route b both have it',
    ]);
  });

  it('refuses weight 101, a pool twice, a canary to nowhere, and TLS without a certificate', () => {
    const pool = {
      id: 'v1',
      weight: 100,
      servers: [],
      proxyProtocol: false,
      protocol: 'http1',
      tls: { kind: 'none' },
    };
    const of = (more: object) => ({ routes: [{ ...route('a', 'x.com'), pools: [pool], ...more }] });
    expect(problems(of({}))).toBe(undefined);
    expect(problems(of({ pools: [{ ...pool, weight: 101 }] }))).toHaveLength(1);
    expect(problems(of({ pools: [pool, pool] }))).toEqual(['two pools of one route have the same id']);
    expect(problems(of({ canary: [{ in: 'header', name: 'x', value: 'y', pool: 'v2' }] }))).toEqual([
      'a canary rule names the pool v2, which the route has not',
    ]);
    expect(problems({ entries: [{ ...entry, tls: true }] })).toHaveLength(1);
    expect(problems({ defaultCertificate: 'shop' })).toHaveLength(1);
  });

  it('shows nothing of a certificate that it refuses', () => {
    const text = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n\n\nadd server\n-----END PRIVATE KEY-----\n';
    const error = certificateSchema.safeParse({ name: 'a', pem: text }).error;
    expect(error?.issues).toHaveLength(1);
    expect(JSON.stringify(error)).not.toContain('c2VjcmV0');
  });
});
