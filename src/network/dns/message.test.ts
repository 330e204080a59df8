import { describe, expect, it } from 'vitest';
import {
  encodeEmpty,
  encodeRefusal,
  encodeReply,
  MAX_UDP,
  type ResourceRecord,
  sizeLimit,
} from './message.ts';
import { dataOf, decoded, queryOf } from './query.fixture.ts';

const a = (n: number): ResourceRecord => ({
  name: 'web.shop',
  type: 'A',
  ttl: 5,
  data: `10.0.${n >> 8}.${n & 255}`,
});
const reply = { rcode: 0, authoritative: true, recursionAvailable: true };

describe('encodeReply', () => {
  it('repeats the question as it was asked, and points to it', () => {
    const query = queryOf('Web.Shop', 'A', { id: 5 });
    const bytes = encodeReply(query, { ...reply, answers: [a(1), a(2)] }, 512);
    expect(decoded(bytes)).toMatchObject({
      id: 5,
      flag_qr: true,
      flag_aa: true,
      flag_ra: true,
      flag_rd: true,
      flag_tc: false,
      questions: [{ name: 'Web.Shop', type: 'A' }],
    });
    expect(dataOf(bytes)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(bytes.length).toBe(12 + 14 + 2 * 16);
  });

  it('writes names of other owners, and of the root, out', () => {
    const srv: ResourceRecord = { name: 'w', type: 'SRV', ttl: 5, data: { port: 80, target: 'x.internal' } };
    const bytes = encodeReply(queryOf('w', 'SRV'), { ...reply, answers: [srv], additionals: [a(1)] }, 512);
    expect(decoded(bytes).additionals).toMatchObject([{ name: 'web.shop', data: '10.0.0.1' }]);
    const ns: ResourceRecord = { name: '.', type: 'NS', ttl: 5, data: 'ns.internal' };
    expect(decoded(encodeReply(queryOf('.', 'NS'), { ...reply, answers: [ns] }, 512)).answers).toMatchObject([
      { name: '.', data: 'ns.internal' },
    ]);
  });

  it('gives as many answers as fit, and says that there are more', () => {
    const answers = Array.from({ length: 200 }, (_, n) => a(n));
    for (const limit of [512, 513, MAX_UDP]) {
      const bytes = encodeReply(queryOf('web.shop', 'A', { udpSize: 4096 }), { ...reply, answers }, limit);
      expect(bytes.length).toBeLessThanOrEqual(limit);
      expect(bytes.length).toBeGreaterThan(limit - 16);
      const { flag_tc, additionals } = decoded(bytes);
      expect(flag_tc).toBe(true);
      expect(additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: MAX_UDP }]);
    }
    const whole = encodeReply(queryOf('web.shop', 'A'), { ...reply, answers }, 65_535);
    expect(dataOf(whole)).toHaveLength(200);
    expect(decoded(whole).flag_tc).toBe(false);
  });

  it('leaves additional records out without a word', () => {
    const bytes = encodeReply(
      queryOf('web.shop', 'A'),
      { ...reply, answers: [a(1)], additionals: Array.from({ length: 100 }, (_, n) => a(n)) },
      512,
    );
    expect(decoded(bytes)).toMatchObject({ flag_tc: false });
    expect(bytes.length).toBeLessThanOrEqual(512);
  });
});

it('knows how much an asker takes', () => {
  expect(sizeLimit(queryOf('a', 'A'), 'udp')).toBe(512);
  expect(sizeLimit(queryOf('a', 'A', { udpSize: 100 }), 'udp')).toBe(512);
  expect(sizeLimit(queryOf('a', 'A', { udpSize: 1000 }), 'udp')).toBe(1000);
  expect(sizeLimit(queryOf('a', 'A', { udpSize: 65_535 }), 'udp')).toBe(1232);
  expect(sizeLimit(queryOf('a', 'A'), 'tcp')).toBe(65_535);
});

it('refuses in twelve bytes what could not be read', () => {
  expect(decoded(encodeRefusal(77, 0x0100, 1))).toMatchObject({ id: 77, rcode: 'FORMERR', flag_qr: true });
});

it('puts the upper bits of a code into the OPT record', () => {
  const answer = decoded(encodeEmpty(queryOf('a', 'A', { udpSize: 1232 }), 16));
  expect(answer).toMatchObject({ rcode: 'NOERROR', additionals: [{ type: 'OPT', extendedRcode: 1 }] });
});
