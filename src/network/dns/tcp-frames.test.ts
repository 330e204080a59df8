import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TcpFrames, withLength } from './tcp-frames.ts';

it('finds the messages again, however the stream was cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map((message) => withLength(Buffer.from(message))));
        const frames = new TcpFrames();
        const found: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n++) {
          const next = at + (cuts[n % cuts.length] ?? 1);
          found.push(...frames.push(stream.subarray(at, next)));
          at = next;
        }
        expect(found.map((one) => [...one])).toEqual(messages.map((one) => [...one]));
        expect(frames.pending).toBe(false);
      },
    ),
  );
});
