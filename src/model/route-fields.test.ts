import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROUTE_FIELDS, routeOptionsOf } from './route-fields.ts';
import { routeOptionsSchema, rulesOf, wayOf } from './route-options.ts';
import { poolSchema, routeRulesSchema } from './router.ts';

const read = (field: string, text: string) => routeOptionsOf((one) => (one === field ? text : undefined));
const options = (field: string, text: string) => {
  const { options: made, problems } = read(field, text);
  expect(problems).toEqual([]);
  return made;
};
const problem = (field: string, text: string) => read(field, text).problems[0]?.message;

describe('options of a route', () => {
  it.each(Object.entries(ROUTE_FIELDS))(
    '%s takes its example, and makes rules that a router takes',
    (name, { example }) => {
      const made = options(name, example);
      expect(Object.keys(made)).not.toEqual([]);
      routeRulesSchema.parse(rulesOf(made, 8443));
      poolSchema.parse({ id: 'r1', weight: 1, servers: [], ...wayOf(made) });
      // Without it a route is another one: nothing is read and then forgotten.
      expect([rulesOf(made, 443), wayOf(made), made.certificate]).not.toEqual([
        rulesOf({}, 443),
        wayOf({}),
        undefined,
      ]);
    },
  );

  it.each([
    ['rewrite', '/api /', { rewrite: { strip: '/api', prefix: '/' } }],
    ['redirect', 'https', { redirect: { kind: 'https', code: 308, port: 443 } }],
    ['redirect', '301 https', { redirect: { kind: 'https', code: 301, port: 443 } }],
    [
      'redirect',
      'http://x.com/a',
      { redirect: { kind: 'url', code: 302, url: 'http://x.com/a', keepPath: false } },
    ],
    [
      'redirect',
      '301 https://x.com/*',
      { redirect: { kind: 'url', code: 301, url: 'https://x.com', keepPath: true } },
    ],
    [
      'request_headers',
      'A: b: c|-D\nE:',
      {
        request: {
          set: [
            { name: 'A', value: 'b: c' },
            { name: 'E', value: '' },
          ],
          remove: ['D'],
        },
      },
    ],
    ['allow', '10.0.0.0/8,192.0.2.1  2001:db8::/32', { allow: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'] }],
    ['rate_limit', '5/s', { rateLimit: { requests: 5, seconds: 1 } }],
    ['rate_limit', '50/10m', { rateLimit: { requests: 50, seconds: 600 } }],
    ['body_limit', '10m', { bodyLimit: 10 * 1024 ** 2 }],
    ['timeout', '5m', { responseSeconds: 300 }],
    ['gzip', 'false', { gzip: false }],
    ['backend', 'https a.internal', { protocol: 'http1', tls: { kind: 'verified', name: 'a.internal' } }],
    ['backend', 'h2', { protocol: 'h2', tls: { kind: 'unverified' } }],
  ])('%s reads %j', (field, text, expected) => {
    expect(options(field, text)).toEqual(expected);
  });

  it.each([
    ['rewrite', '/api', 'is not two paths'],
    ['rewrite', '/api/../x /', 'no part . or ..'],
    ['redirect', 'javascript:x', 'is no redirect'],
    ['redirect', '200 https://x.com/', 'is refused'],
    ['request_headers', 'X-A: ok|Bad Name: x', 'neither NAME: VALUE nor -NAME'],
    ['response_headers', 'X-A: ü', 'printable ASCII'],
    ['basic_auth', 'ann:secret', 'has no user'],
    ['allow', '10.0.0.1/8', 'without host bits'],
    ['rate_limit', '10', 'is no rate'],
    ['rate_limit', '0/s', 'is refused'],
    ['rate_limit', '5/2h', 'is refused'],
    ['body_limit', '-1', 'is no size'],
    ['timeout', '0', 'is refused'],
    ['gzip', 'yes', 'must be true or false'],
    ['backend', 'https *.x.com', 'without *'],
    ['backend', 'http x', 'is none of'],
  ])('%s refuses %j', (field, text, expected) => {
    expect(problem(field, text)).toContain(expected);
  });

  it('repeats no hash of a password, and no key in a header', () => {
    for (const text of ['X-Key: s3cret|x', 'X-Key: s3cret ü'])
      expect(problem('request_headers', text)).not.toContain('s3cret');
    expect(problem('basic_auth', `q83vEjRWeJCrze8SNFZ4kA== ann:${'0a'.repeat(31)}`)).not.toContain('0a0a');
  });

  it('leads a redirect to the port of the cluster', () => {
    expect(rulesOf(options('redirect', 'https'), 8443).redirect).toEqual({
      kind: 'https',
      code: 308,
      port: 8443,
    });
    expect(rulesOf({ tunnelSeconds: 9 }, 443).timeouts).toEqual({ responseSeconds: 60, tunnelSeconds: 9 });
  });

  it('are as the schema says, whatever the text is', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        'x\n  server evil 192.0.2.1:80',
        '"; } # %[src] $HOME',
        "' \\\n acl x",
        '/a\tb /',
        'X: \r\nY: z',
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(ROUTE_FIELDS)), hostile, (field, text) => {
        const { options: made, problems } = read(field, text);
        routeOptionsSchema.parse(made);
        expect(problems.length === 0 || Object.keys(made).length === 0).toBe(true);
        for (const { set = [] } of [made.request ?? {}, made.response ?? {}])
          for (const { name, value } of set) expect(name + value).not.toMatch(/[\r\n\0]/);
      }),
      { numRuns: 2000 },
    );
  });
});
