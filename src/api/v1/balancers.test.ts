import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessBook } from '../routing/access-book.ts';
import { balancerServed } from '../routing/route-owners.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await startApi();
  await api.root.call('settings.patch', { routerPort: 80 });
});
afterAll(() => api.close());

const at = (address: string, weight = 100) => ({ kind: 'address' as const, address, port: 8080, weight });
const http = (domain: string, path = '/') => ({ kind: 'http' as const, domain, path });
const tcp = (port: number, ...names: string[]) => ({ kind: 'tcp' as const, port, names });
const make = (name: string) => api.root.call('balancer.create', { name });
const change = (balancer: string, body: object) => api.root.call('balancer.change', { balancer, ...body });

describe('a balancer', () => {
  it('is made, changed in one step, listed and removed', async () => {
    await make('crm');
    await expect(make('crm')).rejects.toMatchObject({ code: 'conflict' });
    const changed = await change('crm', {
      attach: [at('192.0.2.1'), at('2001:DB8::1', 5)],
      listen: [http('crm.example.com', '/a'), tcp(5432)],
      rules: { gzip: 'true', rate_limit: '5/s' },
      ...{ sticky: true, check: { kind: 'http', path: '/up' } },
    });
    expect(changed).toMatchObject({
      targets: [
        { name: '192.0.2.1:8080', weight: 100, address: '192.0.2.1:8080' },
        { name: '[2001:db8::1]:8080', weight: 5 },
      ],
      listens: ['crm.example.com/a', ':5432'],
      ...{ rules: { gzip: 'true', rate_limit: '5/s' }, sticky: true, check: 'http:/up', createdBy: 'root' },
    });
    const less = await change('crm', {
      ...{ detach: ['192.0.2.1:8080'], weights: { '[2001:db8::1]:8080': 0 }, unlisten: [':5432'] },
      ...{ rules: { gzip: null }, check: null },
    });
    expect(less).toMatchObject({
      targets: [{ name: '[2001:db8::1]:8080', weight: 0 }],
      ...{ listens: ['crm.example.com/a'], rules: { rate_limit: '5/s' }, sticky: true, check: 'none' },
    });
    expect((await api.root.call('balancer.list')).balancers.map(({ name }) => name)).toEqual(['crm']);
    await api.root.call('balancer.delete', { balancer: 'crm' });
    await expect(change('crm', {})).rejects.toMatchObject({ code: 'not_found' });
  });

  it('tells the second of two who change the same of it what the first has made of it', async () => {
    await make('both');
    await change('both', { attach: [at('192.0.2.1', 50), at('192.0.2.2')], rules: { gzip: 'true' } });
    const target = '192.0.2.1:8080';
    const seen = { weights: { [target]: 50 }, rules: { gzip: 'true', rate_limit: null }, check: 'tcp' };
    await change('both', { weights: { [target]: 40 }, rules: { rate_limit: '5/s' }, check: null });
    const refused = (was: object, message: string) =>
      expect(change('both', { weights: { [target]: 30 }, was })).rejects.toMatchObject({
        ...{ code: 'conflict', message: expect.stringContaining(message) },
      });
    await refused({ weights: seen.weights }, `weights["${target}"]: 50 -> 40`);
    await refused({ rules: seen.rules }, 'rules.rate_limit: none -> "5/s"');
    await refused({ check: seen.check }, 'check: "tcp" -> "none"');
    await refused({ weights: { '192.0.2.9:80': 1 } }, 'weights["192.0.2.9:80"]: 1 -> none');
    await change('both', { sticky: true });
    await refused({ sticky: false }, 'sticky: false -> true');
    // Of hashes of passwords it says no more than that they are others.
    const hash = `${'A'.repeat(22)}== ann:${'b'.repeat(64)}`;
    await change('both', { rules: { basic_auth: hash } });
    await refused({ rules: { basic_auth: null } }, 'than was seen: rules.basic_auth');
    // Nor of headers, in which keys may stand.
    await change('both', { rules: { request_headers: 'X-Key: s3cret' } });
    await refused({ rules: { request_headers: 'X-Key: old' } }, 'than was seen: rules.request_headers');
    const told = (await api.root.call('audit.list', {})).entries.map(({ outcome }) => outcome).join();
    expect([told.includes('rules.request_headers'), told.includes('s3cret')]).toEqual([true, false]);
    // What the first has changed beside it is none of the second's business.
    const done = await change('both', { weights: { [target]: 30 }, was: { weights: { [target]: 40 } } });
    expect(done.targets).toMatchObject([{ weight: 30 }, { weight: 100 }]);
  });

  it('is refused what another one has, by its name, and nothing of a change is done then', async () => {
    await make('one');
    await make('two');
    await change('one', { listen: [http('x.example.com'), tcp(7000, 'a.example.com'), tcp(7001)] });
    const refused = (body: object) => expect(change('two', { attach: [at('192.0.2.1')], ...body })).rejects;
    await refused({ listen: [http('x.example.com')] }).toMatchObject({
      code: 'conflict',
      message: 'x.example.com is taken by balancer one',
    });
    await refused({ listen: [tcp(7000, 'a.example.com')] }).toMatchObject({ code: 'conflict' });
    await refused({ listen: [tcp(7000)] }).toMatchObject({ code: 'conflict' });
    await refused({ listen: [tcp(7001)] }).toMatchObject({ code: 'conflict' });
    await refused({ listen: [tcp(80)] }).toMatchObject({ message: /taken by the router/ });
    const { balancers } = await api.root.call('balancer.list');
    expect(balancers.find(({ name }) => name === 'two')?.targets).toEqual([]);
    await change('two', { listen: [http('x.example.com', '/below'), tcp(7000, 'b.example.com')] });
  });

  it.each([
    [{ attach: [{ kind: 'address', address: 'example.com', port: 1, weight: 1 }] }, /not an IP address/],
    [{ attach: [at('192.0.2.1', 101)] }, /weight/],
    [{ attach: [{ kind: 'container', name: 'a b', port: 1, weight: 1 }] }, /no name of a container/],
    [
      { attach: [{ kind: 'container', name: 'nobody', port: 1, weight: 1 }] },
      /there is no container "nobody"/,
    ],
    [{ detach: ['192.0.2.99:1'] }, /has no target/],
    [{ weights: { 'x:1': 1 } }, /has no target/],
    [{ unlisten: ['x'] }, /has no listener/],
    [{ listen: [http('a b\n')] }, /not a domain/],
    [{ listen: [http('x.com', '/a b')] }, /not a path/],
    [{ listen: [tcp(0)] }, /port/],
    [{ rules: { gzip: 'maybe' } }, /gzip: "maybe" must be true or false/],
    [{ rules: { nothing: 'x' } }, /"nothing" is no rule/],
    [{ rules: { request_headers: 'X-A: b\n  server evil 192.0.2.1:80' } }, /request_headers/],
    [{ check: { kind: 'http', path: '/x\nserver' } }, /not a path/],
  ])('refuses %j', async (body, message) => {
    await api.root.call('balancer.create', { name: 'bad' }).catch(() => undefined);
    await expect(change('bad', body)).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  it('leads to names, and says which ingress hosts get no answer', async () => {
    const books = new AccessBook({
      ...{ clock: api.deps.clock, routesOf: () => [] },
      serving: () => [{ id: 'h1', name: 'edge' }],
    });
    const other = await startApi({ access: books });
    try {
      const { call } = other.root;
      await call('balancer.create', { name: 'crm' });
      const name = { kind: 'name' as const, host: 'crm.internal', port: 443, weight: 7 };
      const listen = [http('crm.com'), tcp(5432)];
      await call('balancer.change', { balancer: 'crm', attach: [name, at('192.0.2.1')], listen });
      const targets = async () => (await call('balancer.list')).balancers[0]?.targets;
      expect(await targets()).toEqual([
        { name: 'dns:crm.internal:443', weight: 7, failing: [] },
        { name: '192.0.2.1:8080', weight: 100, address: '192.0.2.1:8080', failing: [] },
      ]);
      const routes = (await call('route.list', {})).routes;
      expect(routes.map(({ name: one, balancer, ready }) => [one, balancer, ready])).toEqual([
        [':5432', 'crm', 2],
        ['crm.com', 'crm', 2],
      ]);
      const [route = ''] = other.store.view((tx) => {
        const balancer = tx.get('balancers', 'crm');
        return balancer === undefined ? [] : balancerServed(tx, balancer).http.map(({ id }) => id);
      });
      const server = { kind: 'http' as const, route, port: 8080, address: '192.0.2.1', why: 'HTTP 500' };
      const lost = { ...server, port: 443, address: 'crm.internal', why: 'no such name' };
      books.take('h1', { t: 'traffic', ms: 2_000, traffic: [], failing: [server, lost] });
      expect(await targets()).toMatchObject([
        { problem: 'it fails its check: host edge says: no such name' },
        { failing: [{ host: 'edge', why: 'HTTP 500' }] },
      ]);
      const told = (await call('route.list', {})).routes;
      expect(told.map(({ name: one, ready }) => [one, ready])).toEqual([
        [':5432', 0],
        ['crm.com', 0],
      ]);
    } finally {
      await other.close();
    }
  });
});
