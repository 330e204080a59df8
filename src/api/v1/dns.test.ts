import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
const sick = new Set<string>();
beforeAll(async () => {
  api = await startApi({ dns: { isHealthy: (id) => !sick.has(id), listens: '127.0.0.1:53' } });
});
afterAll(() => api.close());

const a = (address: string) => ({ type: 'A' as const, address });
const serial = async (name: string) =>
  (await api.root.call('dns.zone.list')).zones.find((one) => one.name === name)?.serial ?? 0;

describe('zones', () => {
  it('are made with the manager as their name server, and a wildcard', async () => {
    const made = await api.root.call('dns.zone.create', {
      name: 'Apps.Example.com.',
      wildcard: ['192.0.2.1', '2001:db8::1'],
    });
    expect(made).toMatchObject({
      ...{
        name: 'apps.example.com',
        nameservers: ['ns.apps.example.com'],
        contact: 'hostmaster.apps.example.com',
      },
      ...{ ttl: 300, transfer: [], notify: [], records: 3, createdBy: 'root' },
    });
    const { records } = await api.root.call('dns.record.list', { zone: 'apps.example.com' });
    expect(records.map(({ name, data }) => [name, data.type])).toEqual([
      ['*', 'A'],
      ['*', 'AAAA'],
      ['ns', 'A'],
    ]);
    expect((await api.root.call('dns.zone.list')).listens).toBe('127.0.0.1:53');
    await expect(api.root.call('dns.zone.create', { name: 'apps.example.com' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('raise their serial with each change, over the time and never back', async () => {
    const before = await serial('apps.example.com');
    expect(before).toBeGreaterThanOrEqual(Math.floor(api.clock.time / 1000));
    const notify = [{ address: '192.0.2.53', port: 53 }];
    await api.root.call('dns.zone.change', { zone: 'apps.example.com', transfer: ['192.0.2.0/24'], notify });
    expect(await serial('apps.example.com')).toBe(before + 1);
    api.clock.time -= 3_600_000;
    const { id } = await api.root.call('dns.record.create', {
      zone: 'apps.example.com',
      name: 'x',
      data: a('192.0.2.9'),
    });
    await api.root.call('dns.record.delete', { id });
    expect(await serial('apps.example.com')).toBe(before + 3);
    api.clock.time += 10 * 3_600_000;
    await api.root.call('dns.zone.change', { zone: 'apps.example.com', ttl: 60 });
    // Of a field that is another by now whoever asks is told; what others have done to the rest is theirs.
    const change = { zone: 'apps.example.com', ttl: 90 };
    await expect(api.root.call('dns.zone.change', { ...change, was: { ttl: 300 } })).rejects.toMatchObject({
      code: 'conflict',
      message: 'zone apps.example.com is another by now than was seen: ttl: 300 -> 60',
    });
    await api.root.call('dns.zone.change', { ...change, was: { ttl: 60 } });
    await api.root.call('dns.zone.change', { ...change, ttl: 60, was: {} });
    expect(await serial('apps.example.com')).toBeGreaterThan(before + 1_000);
  });

  it('go with their records', async () => {
    await api.root.call('dns.zone.create', { name: 'gone.example', wildcard: ['192.0.2.1'] });
    await api.root.call('dns.zone.delete', { zone: 'gone.example' });
    expect(api.store.view((tx) => [...tx.by('dnsRecords', 'zone', 'gone.example')])).toEqual([]);
    await expect(api.root.call('dns.record.list', { zone: 'gone.example' })).rejects.toMatchObject({
      code: 'not_found',
      hint: 'there are: apps.example.com',
    });
  });

  it.each([
    [{ name: 'a..b' }, 'not a domain name'],
    [{ name: 'a b' }, 'not a domain name'],
    [{ name: 'z.example', transfer: ['192.0.2.0/33'] }, 'neither an IP address nor a network'],
    [{ name: 'z.example', transfer: ['all'] }, 'neither an IP address nor a network'],
    [{ name: 'z.example', notify: [{ address: 'ns.example', port: 53 }] }, 'not an IP address'],
    [{ name: 'z.example', wildcard: ['here'] }, 'not an IP address'],
  ])('refuses %j', async (body, message) => {
    await expect(api.root.call('dns.zone.create', body)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining(message),
    });
  });
});

describe('records', () => {
  const zone = 'set.example';
  beforeAll(() => api.root.call('dns.zone.create', { name: zone, nameservers: ['ns.example.com'] }));
  const add = (name: string, data: Parameters<typeof a>[0] | object, more: object = {}) =>
    api.root.call('dns.record.create', {
      zone,
      name,
      data: typeof data === 'string' ? a(data) : (data as never),
      ...more,
    });

  it('tell nothing of their health where nobody looks', async () => {
    const other = await startApi();
    try {
      await other.root.call('dns.zone.create', { name: 'other.example' });
      const check = { kind: 'http' as const, port: 80, path: '/up' };
      const record = { zone: 'other.example', name: 'eu', data: a('192.0.2.1'), check };
      expect((await other.root.call('dns.record.create', record)).healthy).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  it('tell whether they are healthy', async () => {
    const made = await add('eu', '192.0.2.1', { weight: 3, check: { kind: 'http', port: 80, path: '/up' } });
    expect(made).toMatchObject({ ttl: 300, weight: 3, healthy: true });
    sick.add(made.id);
    expect((await api.root.call('dns.record.list', { zone })).records).toMatchObject([{ healthy: false }]);
  });

  it('are refused where they cannot stand together', async () => {
    await add('www', '192.0.2.1');
    const alias = { type: 'CNAME', target: 'elsewhere.example' };
    await expect(add('www', '192.0.2.1')).rejects.toMatchObject({ code: 'conflict' });
    await expect(add('www', alias)).rejects.toMatchObject({ message: expect.stringContaining('RFC 1034') });
    await expect(add('@', alias)).rejects.toMatchObject({ message: expect.stringContaining('SOA and NS') });
    await add('alias', alias);
    await expect(add('alias', '192.0.2.1')).rejects.toMatchObject({ code: 'conflict' });
    await expect(add('www', '192.0.2.2', { ttl: 5 })).rejects.toMatchObject({
      message: expect.stringContaining('2181'),
    });
    await expect(add('txt', { type: 'TXT', text: 'x' }, { weight: 1 })).rejects.toMatchObject({
      code: 'bad_request',
    });
  });

  it.each([
    ['a b', a('192.0.2.1')],
    ['www.', a('192.0.2.1')],
    ['a.*', a('192.0.2.1')],
    ['www', a('2001:db8::1')],
    ['www', a('1.2.3')],
    ['www', { type: 'NS', target: 'a.example' }],
    ['www', { type: 'SRV', priority: 1, weight: 1, port: 70_000, target: 'a.example' }],
    [`${'a'.repeat(60)}.`.repeat(4).slice(0, -1), a('192.0.2.1')],
  ])('refuses %s %j', async (name, data) => {
    await expect(add(name, data)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('are changed by operators, zones by admins, and read by all', async () => {
    const viewer = api.client(api.tokens.viewer);
    const operator = api.client(api.tokens.operator);
    expect((await viewer.call('dns.record.list', { zone })).records.length).toBeGreaterThan(0);
    const put = { zone, name: 'op', data: a('192.0.2.7') };
    await expect(viewer.call('dns.record.create', put)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await operator.call('dns.record.create', put)).toMatchObject({ name: 'op' });
    await expect(operator.call('dns.zone.delete', { zone })).rejects.toMatchObject({ code: 'forbidden' });
  });
});
