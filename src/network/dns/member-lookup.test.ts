import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Member } from '../../model/span.ts';
import { MemberIndex, type NamedNetwork } from './member-index.ts';
import { lookUp } from './member-lookup.ts';
import { queryOf } from './query.fixture.ts';

const x1: NamedNetwork = { id: 'n1', name: 'x1', internal: false };
const x2: NamedNetwork = { id: 'n2', name: 'Back', internal: false };

function member(id: string, more: Partial<Member> = {}): Member {
  const last = id.charCodeAt(0) % 250;
  return {
    ...{ id, hostId: 'h1', via: '192.0.2.1', mac: '02:be:0a:00:00:01', ipv4: `10.0.0.${last}` },
    ...{ names: [id], up: true, ...more },
  };
}

function indexOf(...members: readonly [NamedNetwork, Member][]): MemberIndex {
  const index = new MemberIndex();
  for (const [network, one] of members) index.change(network, { whole: false, put: [one], drop: [] });
  return index;
}

/** What a member of these networks hears: addresses or other data, or the kind of nothing. */
function ask(
  index: MemberIndex,
  networks: readonly NamedNetwork[],
  name: string,
  type: Parameters<typeof queryOf>[1] = 'A',
): unknown {
  const found = lookUp(index, networks, queryOf(name, type).question, () => 0);
  return found.kind === 'records'
    ? found.answers.map((answer) => ('data' in answer ? answer.data : undefined))
    : found.kind;
}

describe('names', () => {
  const index = indexOf(
    [x1, member('web', { names: ['web', 'web.shop', 'www'], ipv6: 'fd00::a', ports: ['80/tcp', '53/udp'] })],
    [x1, member('off', { up: false })],
    [x2, member('db', { names: ['db', 'Store'], ipv4: '10.9.0.2', ports: ['5432/tcp'] })],
  );

  it.each([
    'web',
    'WEB',
    'www',
    'web.shop',
    'web.shop.internal',
    'web.internal',
    'web.x1',
    'web.x1.internal',
  ])('leads by %s to the member', (name) => {
    expect(ask(index, [x1], name)).toEqual(['10.0.0.119']);
    expect(ask(index, [x1], name, 'AAAA')).toEqual(['fd00::a']);
  });

  it('are those of the networks that the asker is on', () => {
    expect(ask(index, [x1], 'db')).toBe('elsewhere');
    expect(ask(index, [x2], 'web')).toBe('elsewhere');
    expect(ask(index, [], 'web')).toBe('elsewhere');
    expect(ask(index, [x1, x2], 'store')).toEqual(['10.9.0.2']);
    expect(ask(index, [x1, x2], 'db.back')).toEqual(['10.9.0.2']);
    expect(ask(index, [x1, x2], 'db.x1')).toBe('elsewhere');
  });

  it('tell a name without such a record from no name', () => {
    expect(ask(index, [x2], 'db', 'AAAA')).toBe('no-data');
    expect(ask(index, [x1], 'web', 'MX')).toBe('no-data');
    expect(ask(index, [x1], 'off')).toBe('no-name');
    expect(ask(index, [x1], 'off.internal', 'AAAA')).toBe('no-name');
    expect(ask(index, [x1], 'metadata.google.internal')).toBe('elsewhere');
  });

  it('have SRV records by number and by service', () => {
    const expected = [{ priority: 0, weight: 1, port: 80, target: 'web.internal' }];
    for (const name of ['_http._tcp.web', '_80._tcp.www', '_http._tcp.web.shop.internal'])
      expect(ask(index, [x1], name, 'SRV')).toEqual(expected);
    expect(ask(index, [x2], '_postgresql._tcp.db', 'SRV')).toMatchObject([{ port: 5432 }]);
    expect(ask(index, [x1], '_domain._udp.web', 'SRV')).toMatchObject([{ port: 53 }]);
    expect(ask(index, [x1], '_http._tcp.web', 'A')).toBe('no-data');
    expect(ask(index, [x1], '_https._tcp.web', 'SRV')).toBe('no-name');
    expect(ask(index, [x1], '_constructor._tcp.web', 'SRV')).toBe('no-name');
    expect(ask(index, [x1], '_tcp.web', 'SRV')).toBe('no-data');
    expect(ask(index, [x2], '_udp.db', 'SRV')).toBe('no-name');
    expect(ask(index, [x1], '_ldap._tcp.company.example', 'SRV')).toBe('elsewhere');
    const found = lookUp(index, [x1], queryOf('_http._tcp.web', 'SRV').question, () => 0);
    expect(found).toMatchObject({ additionals: [{ type: 'A', name: 'web.internal' }, { type: 'AAAA' }] });
  });

  it('are found by address', () => {
    expect(ask(index, [x1], '119.0.0.10.in-addr.arpa', 'PTR')).toEqual(['web.internal']);
    expect(ask(index, [x1], `a.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`, 'PTR')).toEqual(['web.internal']);
    expect(ask(index, [x2], '119.0.0.10.in-addr.arpa', 'PTR')).toBe('elsewhere');
    expect(ask(index, [x1], '119.0.0.10.in-addr.arpa', 'TXT')).toBe('no-data');
    expect(ask(index, [x1], '1.2.0.192.in-addr.arpa', 'PTR')).toBe('elsewhere');
  });
});

describe('a service', () => {
  const names = ['web'];
  const index = indexOf(
    [x1, member('a', { names, ipv4: '10.0.0.1' })],
    [x1, member('b', { names, ipv4: '10.0.0.2' })],
    [x1, member('c', { names, ipv4: '10.0.0.3', up: false })],
    [x1, member('d', { names, ipv4: '10.0.0.4' })],
  );

  it('is all members that are up, in another order each time', () => {
    const orders = new Set<string>();
    for (let n = 0; n < 200; n++) {
      const found = lookUp(index, [x1], queryOf('web', 'A').question, Math.random);
      const data =
        found.kind === 'records' ? found.answers.map((one) => ('data' in one ? one.data : '')) : [];
      expect([...data].sort()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.4']);
      orders.add(data.join());
    }
    expect(orders.size).toBe(6);
  });
});

it('names that no message can carry lead nowhere', () => {
  const index = indexOf([
    x1,
    member('a'.repeat(64), { names: ['a'.repeat(64), 'ok', 'x y'], ports: ['80/tcp'] }),
  ]);
  expect(ask(index, [x1], 'ok')).toHaveLength(1);
  expect(ask(index, [x1], '_80._tcp.ok', 'SRV')).toBe('no-data');
  expect(ask(index, [x1], '97.0.0.10.in-addr.arpa', 'PTR')).toBe('no-name');
});

const words = ['web', 'db', 'api', 'web.shop', 'cache'] as const;
const anyMember = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  names: fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }),
  up: fc.boolean(),
  ipv4: fc.integer({ min: 1, max: 6 }).map((n) => `10.0.0.${n}`),
});
const anyChange = fc.record({
  network: fc.constantFrom(x1, x2),
  whole: fc.boolean(),
  put: fc.uniqueArray(anyMember, { selector: ({ id }) => id, maxLength: 4 }),
  drop: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 2 }),
  forget: fc.boolean(),
});

it('is what a list of all members says, after any changes', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 12 }), fc.constantFrom(...words), (changes, name) => {
      const index = new MemberIndex();
      const model = new Map<string, Map<string, Member>>([
        ['n1', new Map()],
        ['n2', new Map()],
      ]);
      for (const { network, whole, put, drop, forget } of changes) {
        const all = model.get(network.id) ?? new Map();
        if (forget && whole) {
          index.forget(network.id);
          all.clear();
          continue;
        }
        const members = put.map((one) => member(one.id, one));
        index.change(network, { whole, put: members, drop });
        if (whole) all.clear();
        for (const id of drop) all.delete(id);
        for (const one of members) all.set(one.id, one);
      }
      for (const networks of [[x1], [x2], [x1, x2]]) {
        const named = networks.flatMap(({ id }) =>
          [...(model.get(id)?.values() ?? [])].filter(({ names }) => names.includes(name)),
        );
        const up = named.flatMap((one) => (one.up ? [one.ipv4] : []));
        const answer = ask(index, networks, name);
        if (named.length === 0) expect(answer).toBe('elsewhere');
        else if (up.length === 0) expect(answer).toBe('no-name');
        else expect([...(answer as string[])].sort()).toEqual(up.sort());
      }
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        const on = [x1, x2].filter((network) => model.get(network.id)?.has(id)).map((network) => network.id);
        expect(
          index
            .networksOfMember(id)
            .map((network) => network.id)
            .sort(),
        ).toEqual(on);
      }
      for (const ipv4 of ['10.0.0.1', '10.0.0.2']) {
        const holders = [...(model.get('n1')?.values() ?? [])].filter((one) => one.ipv4 === ipv4);
        expect(index.holder('n1', ipv4)).toBe(holders.length === 1 ? holders[0]?.id : undefined);
      }
    }),
    { numRuns: 500 },
  );
});

it('is quick with ten thousand members', () => {
  const index = new MemberIndex();
  const put = Array.from({ length: 10_000 }, (_, n) =>
    member(`m${n}`, { names: [`m${n}`, 'all'], ipv4: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` }),
  );
  index.change(x1, { whole: true, put, drop: [] });
  const started = performance.now();
  for (let n = 0; n < 10_000; n++) {
    index.change(x1, { whole: false, put: [put[n] as Member], drop: [] });
    expect(lookUp(index, [x1], queryOf('m77', 'A').question, () => 0).kind).toBe('records');
  }
  // Some 0.01 ms each on a quiet machine; a walk over all members would be a hundred times as much.
  expect(performance.now() - started).toBeLessThan(3_000);
});
