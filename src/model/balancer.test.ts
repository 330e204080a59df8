import { expect, it } from 'vitest';
import { type Balancer, type BalancerTarget, balancerRoutes, balancerSchema } from './balancer.ts';
import { routerStateSchema } from './router.ts';

const target = (name: string, weight: number): BalancerTarget => ({
  kind: 'container',
  name,
  port: 80,
  weight,
});
const balancer = (more: object): Balancer =>
  balancerSchema.parse({
    ...{ kind: 'balancer', name: 'crm', targets: [], listens: [], rules: {}, sticky: false },
    ...{ createdAt: 0, createdBy: 'root', ...more },
  });
const served = (one: Balancer) =>
  balancerRoutes(
    one,
    (each) =>
      each.kind === 'address' || each.name === 'away'
        ? undefined
        : {
            address: '192.0.2.1',
            port: 30_000 + each.name.length,
            state: each.name === 'leaves' ? 'maint' : 'ready',
          },
    { routerPort: 80, routerTlsPort: 443 },
  );

it('is one route for all its domains and one for each port, with the same targets', () => {
  const one = balancer({
    targets: [
      target('web', 30),
      target('dbx2', 50),
      target('db22', 0),
      target('zero5', 0),
      target('away', 9),
      target('leaves', 7),
    ],
    listens: [
      { kind: 'http', domain: 'crm.example.com', path: '/' },
      { kind: 'http', domain: '*.crm.example.com', path: '/a' },
      { kind: 'tcp', port: 5432, names: [] },
      { kind: 'tcp', port: 8443, names: ['vault.example.com'] },
    ],
    rules: { redirect: 'https', backend: 'h2c' },
    ...{ sticky: true, check: { kind: 'http', path: '/up' } },
  });
  const { http, tcp } = served(one);
  expect(http.map(({ names }) => names.length)).toEqual([2]);
  expect(http[0]?.rules).toMatchObject({
    redirect: { port: 443 },
    sticky: { idleSeconds: 1800, lifeSeconds: 28_800 },
  });
  expect(http[0]?.pools).toMatchObject([
    {
      ...{ protocol: 'h2', check: { kind: 'http', path: '/up' } },
      servers: [
        { port: 30_003, weight: 30, state: 'ready' },
        // two names of one way in: the one that takes requests
        { port: 30_004, weight: 50, state: 'ready' },
        { port: 30_005, weight: 1, state: 'drain' },
        { port: 30_006, weight: 7, state: 'maint' },
      ],
    },
  ]);
  expect(tcp.map(({ port, names }) => [port, names])).toEqual([
    [5432, []],
    [8443, ['vault.example.com']],
  ]);
  const state = { kind: 'router', entries: [], routes: http, tcpRoutes: tcp, certificates: [], pages: {} };
  routerStateSchema.parse({ ...state, cookieKey: '0123456789abcdef', drainSeconds: 10 });
});

it('has no route without a domain or port', () => {
  expect(served(balancer({ targets: [target('web', 1)] }))).toEqual({ http: [], tcp: [] });
});

it('leaves names to the ingress hosts', () => {
  const name = (host: string, weight: number): BalancerTarget => ({ kind: 'name', host, port: 443, weight });
  const { http } = served(
    balancer({
      targets: [name('crm.internal', 30), name('old.internal', 0), target('web', 5)],
      listens: [{ kind: 'http', domain: 'crm.com', path: '/' }],
    }),
  );
  expect(http[0]?.pools).toMatchObject([
    {
      servers: [{ port: 30_003 }],
      named: [
        { host: 'crm.internal', port: 443, weight: 30, state: 'ready' },
        { host: 'old.internal', port: 443, weight: 1, state: 'drain' },
      ],
    },
  ]);
  const refused = balancerSchema.shape.targets.safeParse([name('*.internal', 1)]);
  expect(refused.success).toBe(false);
});
