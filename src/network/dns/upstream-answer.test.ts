import { type Answer, encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerCache } from './answer-cache.ts';
import { dataOf, decoded, queryOf } from './query.fixture.ts';
import { answerFor, upstreamAnswer } from './upstream-answer.ts';
import { readResponse } from './wire.ts';

const opt: Answer = {
  ...{ type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0 },
  ...{ flag_do: false, options: [] },
};

function taken(answers: Answer[], more: { authorities?: Answer[]; rcode?: number; id?: number } = {}) {
  const bytes = encode({
    type: 'response',
    id: more.id ?? 9,
    flags: 0x180 | (more.rcode ?? 0),
    questions: [{ name: 'web.example', type: 'A' }],
    answers,
    authorities: more.authorities ?? [],
    additionals: [opt],
  });
  const response = readResponse(bytes);
  if (response === undefined) throw new Error('not readable');
  return upstreamAnswer(bytes, response);
}

const a = (ttl: number, n = 1): Answer => ({ name: 'web.example', type: 'A', ttl, data: `192.0.2.${n}` });
const soa = (ttl: number, minimum: number): Answer => ({
  ...{ name: 'example', type: 'SOA', ttl },
  data: { mname: 'ns.example', rname: 'root.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});

describe('how long an answer holds', () => {
  it.each([
    ['the shortest TTL', taken([a(300), a(60, 2)]), 60],
    ['an hour at most', taken([a(86_400)]), 3600],
    ['not at all with TTL 0', taken([a(0), a(60)]), 0],
    ['not at all with a TTL beyond 2^31', taken([a(0xffff_ffff)]), 0],
    ['NXDOMAIN: as the SOA says', taken([], { rcode: 3, authorities: [soa(120, 30)] }), 30],
    ['NODATA: as the SOA lives', taken([], { authorities: [soa(20, 30)] }), 20],
    ['nothing: five minutes at most', taken([], { rcode: 3, authorities: [soa(86_400, 86_400)] }), 300],
    ['nothing without SOA: not at all', taken([], { rcode: 3 }), 0],
    ['a failure: not at all', taken([], { rcode: 2, authorities: [soa(60, 60)] }), 0],
  ])('%s', (_, { lifetime }, expected) => {
    expect(lifetime).toBe(expected);
  });
});

describe('the answer that an asker gets', () => {
  it('has its ID, its spelling, and what is left of the TTLs', () => {
    const bytes = answerFor(queryOf('WEB.example', 'A', { id: 1 }), taken([a(300), a(60, 2)]), 45, 512);
    expect(decoded(bytes)).toMatchObject({
      id: 1,
      flag_ra: true,
      flag_tc: false,
      questions: [{ name: 'WEB.example' }],
      answers: [{ ttl: 255 }, { ttl: 15 }],
      additionals: [],
    });
  });

  it('speaks EDNS with who does', () => {
    const bytes = answerFor(queryOf('web.example', 'A', { udpSize: 4096 }), taken([a(300)]), 0, 1232);
    expect(decoded(bytes)).toMatchObject({ additionals: [{ type: 'OPT', udpPayloadSize: 1232 }] });
  });

  it('is cut between two records', () => {
    const answer = taken(Array.from({ length: 100 }, (_, n) => a(60, n)));
    const bytes = answerFor(queryOf('web.example', 'A'), answer, 0, 512);
    expect(bytes.length).toBeLessThanOrEqual(512);
    expect(decoded(bytes)).toMatchObject({ flag_tc: true, authorities: [], additionals: [] });
    expect(dataOf(bytes).length).toBe(Math.floor((512 - 29) / 27));
    const large = taken([
      { name: 'web.example', type: 'TXT', ttl: 5, data: ['x'.repeat(250), 'y'.repeat(250)] },
    ]);
    expect(decoded(answerFor(queryOf('web.example', 'A'), large, 0, 512))).toMatchObject({
      flag_tc: true,
      answers: [],
    });
  });

  it('leaves what is kept as it was', () => {
    const answer = taken([a(300)]);
    const before = Buffer.from(answer.bytes);
    answerFor(queryOf('WEB.example', 'A', { id: 1, udpSize: 999 }), answer, 100, 512);
    expect(answer.bytes.equals(before)).toBe(true);
  });
});

describe('AnswerCache', () => {
  it('gives an answer back until it has lived', () => {
    const cache = new AnswerCache(100_000);
    cache.put('k', taken([a(60)]), 1_000);
    expect(cache.get('k', 60_999)).toMatchObject({ age: 59 });
    expect(cache.get('k', 61_000)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  it('keeps nothing that does not hold', () => {
    const cache = new AnswerCache(100_000);
    cache.put('k', taken([], { rcode: 2 }), 0);
    expect(cache.get('k', 0)).toBeUndefined();
  });

  it('never grows beyond its size, and a flood does not push out what is asked for again', () => {
    const cache = new AnswerCache(50_000);
    cache.put('loved', taken([a(600)]), 0);
    cache.get('loved', 1);
    for (let n = 0; n < 10_000; n++) {
      cache.put(`random-${n}`, taken([a(600)]), 1);
      expect(cache.bytes).toBeLessThanOrEqual(50_000);
    }
    expect(cache.get('loved', 2)).toBeDefined();
    expect(cache.get('random-1', 2)).toBeUndefined();
  });

  it('agrees with a plain map, but for what it had no room for', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({
      put: fc.boolean(),
      key,
      ttl: fc.integer({ min: 0, max: 5 }),
      wait: fc.nat(2_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = new AnswerCache(1_000_000);
        const model = new Map<string, { at: number; ttl: number }>();
        let now = 0;
        for (const { put, key: name, ttl, wait } of steps) {
          now += wait;
          if (put) {
            cache.put(name, taken([a(ttl)]), now);
            model.set(name, { at: now, ttl });
            continue;
          }
          const known = model.get(name);
          const fresh = known !== undefined && Math.floor((now - known.at) / 1000) < known.ttl;
          expect(cache.get(name, now) !== undefined).toBe(fresh);
          if (!fresh) model.delete(name);
        }
      }),
    );
  });
});
