import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsRecord } from '../../../model/dns.ts';
import { queryOf } from '../query.fixture.ts';
import { a, record, zone } from './zone.fixture.ts';
import { zoneData } from './zone.ts';
import { answerFrom, zoneFor } from './zone-lookup.ts';

const records = [
  a('*', '192.0.2.1'),
  a('www', '192.0.2.2'),
  record('www', { type: 'AAAA', address: '2001:db8::2' }),
  a('ns', '192.0.2.53'),
  record('mail', { type: 'MX', preference: 10, exchange: 'www.apps.example' }),
  record('_sip._tcp', { type: 'SRV', priority: 1, weight: 2, port: 5060, target: 'www.apps.example' }),
  record('alias', { type: 'CNAME', target: 'www.apps.example' }),
  record('out', { type: 'CNAME', target: 'elsewhere.example.org' }),
  record('circle', { type: 'CNAME', target: 'circle.apps.example' }),
  record('note', { type: 'TXT', text: 'x'.repeat(300) }),
  a('deep.below', '192.0.2.9'),
];
const data = zoneData(zone, records, () => true);

function ask(name: string, type: Parameters<typeof queryOf>[1] = 'A', from = data, random = () => 0) {
  const found = answerFrom(from, queryOf(name, type).question, random);
  const said = found.answers.map((one) => ('data' in one ? one.data : undefined));
  return {
    ...found,
    said,
    kind: found.rcode === 3 ? 'no-name' : found.answers.length === 0 ? 'no-data' : 'data',
  };
}

describe('a zone', () => {
  it('answers with its records, and addresses beside them', () => {
    expect(ask('www.apps.example')).toMatchObject({ said: ['192.0.2.2'], answers: [{ ttl: 300 }] });
    expect(ask('www.apps.example', 'AAAA').said).toEqual(['2001:db8::2']);
    expect(ask('www.apps.example', 255).answers).toHaveLength(2);
    for (const [name, type] of [
      ['mail', 'MX'],
      ['_sip._tcp', 'SRV'],
    ] as const)
      expect(ask(`${name}.apps.example`, type).additionals).toMatchObject([{ type: 'A' }, { type: 'AAAA' }]);
    expect(ask('note.apps.example', 'TXT').said).toEqual([
      [Buffer.from('x'.repeat(255)), Buffer.from('x'.repeat(45))],
    ]);
  });

  it('has SOA and NS at its name', () => {
    expect(ask('apps.example', 'SOA').said).toMatchObject([{ serial: 7, mname: 'ns.apps.example' }]);
    const ns = ask('apps.example', 'NS');
    expect(ns.said.sort()).toEqual(['ns.apps.example', 'ns2.other.example']);
    expect(ns.additionals).toMatchObject([{ name: 'ns.apps.example', data: '192.0.2.53' }]);
  });

  it('tells no data from no name, and says for how long', () => {
    expect(ask('www.apps.example', 'MX')).toMatchObject({
      kind: 'no-data',
      authorities: [{ type: 'SOA', ttl: 60 }],
    });
    expect(ask('below.apps.example')).toMatchObject({ kind: 'no-data' });
    expect(ask('apps.example')).toMatchObject({ kind: 'no-data' });
    expect(ask('x.below.apps.example')).toMatchObject({ kind: 'no-name', authorities: [{ type: 'SOA' }] });
    expect(ask('x.www.apps.example')).toMatchObject({ kind: 'no-name' });
  });

  it('answers by its wildcard for all names that are not there', () => {
    for (const name of ['shop', 'a.b.c']) {
      const found = ask(`${name}.apps.example`);
      expect(found.answers).toMatchObject([{ name: `${name}.apps.example`, data: '192.0.2.1' }]);
    }
    expect(ask('shop.apps.example', 'AAAA').kind).toBe('no-data');
  });

  it('follows aliases, but not in circles and not out of the zone', () => {
    expect(ask('alias.apps.example').said).toEqual(['www.apps.example', '192.0.2.2']);
    expect(ask('alias.apps.example', 'CNAME').said).toEqual(['www.apps.example']);
    expect(ask('alias.apps.example', 'MX')).toMatchObject({ rcode: 0, said: ['www.apps.example'] });
    expect(ask('out.apps.example').said).toEqual(['elsewhere.example.org']);
    expect(ask('circle.apps.example').answers.length).toBeLessThan(10);
  });
});

it('the longest zone answers', () => {
  const zones = new Map([
    ['example', zoneData({ ...zone, name: 'example' }, [], () => true)],
    ['apps.example', data],
  ]);
  expect(zoneFor(zones, 'x.apps.example')?.zone.name).toBe('apps.example');
  expect(zoneFor(zones, 'apps.example')?.zone.name).toBe('apps.example');
  expect(zoneFor(zones, 'xapps.example')?.zone.name).toBe('example');
  expect(zoneFor(zones, 'example.org')).toBeUndefined();
  expect(zoneFor(zones, '')).toBeUndefined();
});

describe('a set', () => {
  const check = { kind: 'tcp', port: 80 } as const;
  const three = (more: Partial<DnsRecord>[]) =>
    more.map((one, n) => a('eu', `192.0.2.${n + 1}`, { check, ...one, id: `s${n}` }));
  const told = (set: DnsRecord[], sick: string[], random = Math.random) =>
    ask(
      'eu.apps.example',
      'A',
      zoneData(zone, set, (id) => !sick.includes(id)),
      random,
    ).said;

  it('leaves out who is unhealthy, unless all are', () => {
    const set = three([{}, {}, {}]);
    expect(told(set, []).sort()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(told(set, ['s1']).sort()).toEqual(['192.0.2.1', '192.0.2.3']);
    expect(told(set, ['s0', 's1', 's2'])).toHaveLength(3);
  });

  it('with weights is one of them each time, as often as its weight says', () => {
    const set = three([{ weight: 3 }, { weight: 1 }, { weight: 0 }]);
    const counts = new Map<unknown, number>();
    for (let n = 0; n < 4_000; n++) {
      const said = told(set, [], () => n / 4_000);
      expect(said).toHaveLength(1);
      counts.set(said[0], (counts.get(said[0]) ?? 0) + 1);
    }
    expect([...counts.values()].sort()).toEqual([1_000, 3_000]);
    expect(told(set, ['s0'])).toEqual(['192.0.2.2']);
    expect(told(set, ['s0', 's1'])).toEqual(['192.0.2.3']);
  });
});

const labels = fc.array(fc.constantFrom('a', 'b', '*', '_x'), { minLength: 1, maxLength: 3 });

it('never throws, and finds exactly the names that are there', () => {
  const owners = fc.uniqueArray(
    labels.map((parts) => parts.join('.')),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(owners, labels, (all, asked) => {
      const set = zoneData(
        zone,
        all.map((name) => a(name, '192.0.2.1')),
        () => true,
      );
      const name = asked.join('.');
      const { kind } = ask(`${name}.apps.example`, 'A', set);
      const isThere = all.includes(name);
      const isAbove = all.some((one) => one.endsWith(`.${name}`));
      // RFC 4592: the wildcard below the nearest name that is there.
      let encloser = asked.slice(1);
      while (
        encloser.length > 0 &&
        !all.some((one) => one === encloser.join('.') || one.endsWith(`.${encloser.join('.')}`))
      )
        encloser = encloser.slice(1);
      const star = all.includes(['*', ...encloser].join('.'));
      expect(kind).toBe(isThere ? 'data' : isAbove ? 'no-data' : star ? 'data' : 'no-name');
    }),
    { numRuns: 1_000 },
  );
});
