import { encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPE } from './numbers.ts';
import { queryOf, questionBytes } from './query.fixture.ts';
import { readQuery, readResponse } from './wire.ts';

const answer = encode({
  type: 'response',
  id: 7,
  questions: [{ name: 'web.example', type: 'A' }],
  answers: [
    { name: 'web.example', type: 'CNAME', ttl: 30, data: 'www.example' },
    { name: 'www.example', type: 'A', ttl: 60, data: '192.0.2.1' },
  ],
  authorities: [{ name: 'example', type: 'NS', ttl: 90, data: 'ns.example' }],
});

describe('readQuery', () => {
  it('reads name, type and EDNS; case is kept in what is repeated only', () => {
    const query = queryOf('WeB.Shop', 'AAAA', { id: 99, udpSize: 4096 });
    expect(query).toMatchObject({
      id: 99,
      recursionDesired: true,
      question: { name: 'web.shop', type: TYPE.AAAA, class: 1 },
      edns: { udpSize: 4096, version: 0, dnssecOk: false },
    });
    expect(query.question.raw.toString('latin1')).toContain('WeB');
    expect(queryOf('.', 'NS').question.name).toBe('');
  });

  it('tells a dot within a label from one between two', () => {
    const bytes = questionBytes('a-b', 'A');
    bytes[14] = 0x2e;
    expect(readQuery(bytes)).toMatchObject({ query: { question: { name: 'a\\046b' } } });
  });

  it.each([
    ['no question', (b: Buffer) => b.writeUInt16BE(0, 4)],
    ['two questions', (b: Buffer) => b.writeUInt16BE(2, 4)],
    ['65,535 questions', (b: Buffer) => b.writeUInt16BE(65_535, 4)],
    ['65,535 additional records', (b: Buffer) => b.writeUInt16BE(65_535, 10)],
    ['an answer within', (b: Buffer) => b.writeUInt16BE(1, 6)],
    ['a pointer to itself', (b: Buffer) => b.writeUInt16BE(0xc00c, 12)],
    ['a pointer forward', (b: Buffer) => b.writeUInt16BE(0xc020, 12)],
    ['a label that leaves the message', (b: Buffer) => b.writeUInt8(63, 12)],
    ['a reserved kind of label', (b: Buffer) => b.writeUInt8(0x80, 12)],
  ])('refuses %s (FORMERR)', (_, spoil) => {
    const bytes = questionBytes('web.shop', 'A');
    spoil(bytes);
    expect(readQuery(bytes)).toMatchObject({ kind: 'refuse', rcode: 1, id: 4242 });
  });

  it('refuses bytes behind the end, two OPT records, other kinds of request', () => {
    const bytes = questionBytes('web', 'A', { udpSize: 1232 });
    expect(readQuery(Buffer.concat([bytes, Buffer.from([0])]))).toMatchObject({ rcode: 1 });
    const twice = Buffer.concat([bytes, bytes.subarray(-11)]);
    twice.writeUInt16BE(2, 10);
    expect(readQuery(twice)).toMatchObject({ rcode: 1 });
    bytes.writeUInt16BE(5 << 11, 2);
    expect(readQuery(bytes)).toMatchObject({ kind: 'refuse', rcode: 4 });
  });

  it('drops what is no question at all', () => {
    expect(readQuery(Buffer.alloc(11))).toEqual({ kind: 'drop' });
    expect(readQuery(answer)).toEqual({ kind: 'drop' });
  });

  it('refuses a name of more than 255 bytes', () => {
    const label = 'a'.repeat(63);
    expect(readQuery(questionBytes([label, label, label, 'a'.repeat(61)].join('.'), 'A')).kind).toBe('query');
    expect(readQuery(questionBytes([label, label, label, 'a'.repeat(62)].join('.'), 'A'))).toMatchObject({
      rcode: 1,
    });
  });
});

describe('readResponse', () => {
  it('finds the records', () => {
    const response = readResponse(answer);
    expect(response).toMatchObject({ id: 7, rcode: 0, truncated: false, question: { name: 'web.example' } });
    expect(response?.records.map(({ section, type, ttl }) => [section, type, ttl])).toEqual([
      ['answer', TYPE.CNAME, 30],
      ['answer', TYPE.A, 60],
      ['authority', TYPE.NS, 90],
    ]);
  });

  it('follows pointers backward only, so that none goes round', () => {
    const record = Buffer.from('c00c00010001000000050004c0000201', 'hex');
    const make = (pointer: number) => {
      const bytes = Buffer.concat([answer.subarray(0, 12 + 13 + 4), record]);
      bytes.writeUInt16BE(1, 6);
      bytes.writeUInt16BE(0, 8);
      bytes.writeUInt16BE(pointer, 29);
      return readResponse(bytes);
    };
    expect(make(0xc00c)?.records).toHaveLength(1);
    expect(make(0xc01d)).toBeUndefined();
    expect(make(0xc01e)).toBeUndefined();
    expect(make(0xc002)).toBeUndefined();
  });

  it('takes of a truncated answer what is whole', () => {
    const cut = Buffer.from(answer.subarray(0, answer.length - 3));
    expect(readResponse(cut)).toBeUndefined();
    cut.writeUInt16BE(cut.readUInt16BE(2) | 0x200, 2);
    expect(readResponse(cut)?.records).toHaveLength(2);
  });
});

describe('whatever comes in', () => {
  it('is read without a throw, and in no time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        readQuery(Buffer.from(bytes));
        readResponse(Buffer.from(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is read without a throw where a good message was changed', () => {
    const good = [answer, questionBytes('web.shop.internal', 'SRV', { udpSize: 1232 })];
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...good), changes, fc.nat(), (message, bytes, cut) => {
        const changed = Buffer.from(message);
        for (const [at, value] of bytes) changed[at % changed.length] = value;
        const part = changed.subarray(0, cut % (changed.length + 1));
        for (const each of [changed, part]) {
          const incoming = readQuery(each);
          if (incoming.kind === 'query') expect(incoming.query.question.name.length).toBeLessThan(1021);
          const response = readResponse(each);
          for (const { end } of response?.records ?? []) expect(end).toBeLessThanOrEqual(each.length);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
