import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NetworkMembers } from '../../contract/link.ts';
import { memberFrames } from './member-frames.ts';

const span = { driver: 'xoverlay', pools: [{ subnet: '10.1.0.0/16' }], mtu: 1450, internal: false };
const member = (i: number) => ({
  ...{ id: `c${i}`, mac: '02:be:0a:01:00:02', hostId: 'h1', via: '192.0.2.1' },
  ...{ names: [`name-${i}`], up: true },
});
const network = (id: string, count: number, whole = true): NetworkMembers => ({
  ...{ id, name: id, span, whole, drop: [] },
  put: Array.from({ length: count }, (_, i) => member(i)),
});
const frame = (...networks: NetworkMembers[]) => ({
  t: 'members' as const,
  networks,
  gone: ['g'],
  all: true,
});

it('few members are one frame, as it is', () => {
  const small = frame(network('x1', 10));
  expect(memberFrames(small)).toEqual([small]);
});

it('many are several, of which the first names every network and each fits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 6 }),
      fc.integer({ min: 300, max: 9000 }),
      (counts, limit) => {
        const whole = frame(...counts.map((count, i) => network(`x${i}`, count)));
        const frames = memberFrames(whole, limit, 0);
        expect(frames[0]?.networks.map(({ id, whole: all }) => [id, all])).toEqual(
          counts.map((_, i) => [`x${i}`, true]),
        );
        expect(frames.map(({ all, gone }) => [all, gone.length])).toEqual(
          frames.map((_, i) => (i === 0 ? [true, 1] : [undefined, 0])),
        );
        const put = new Map<string, string[]>();
        for (const { networks } of frames) {
          expect(networks.reduce((sum, one) => sum + JSON.stringify(one.put).length, 0)).toBeLessThan(
            limit * 1.2 + 300,
          );
          for (const one of networks)
            put.set(one.id, [...(put.get(one.id) ?? []), ...one.put.map(({ id }) => id)]);
        }
        for (const [i, count] of counts.entries())
          expect(put.get(`x${i}`)).toEqual(Array.from({ length: count }, (_, n) => `c${n}`));
      },
    ),
  );
});
