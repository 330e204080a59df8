import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FlowingBody, limitBody } from './body.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A request as a server gives it, whose body the test sends. */
function incoming() {
  const stream = new PassThrough({ highWaterMark: 100 });
  const headers = { 'transfer-encoding': 'chunked' };
  const req = Object.assign(stream, { headers, complete: false }) as unknown as IncomingMessage & PassThrough;
  req.on('error', () => undefined);
  const finish = () => {
    Object.assign(req, { complete: true });
    req.end();
  };
  return { req, finish };
}

/** The stream's own turns are no timers. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('a body that nobody takes as it comes is cut off after a minute, and a little', async () => {
  const { req } = incoming();
  limitBody(req);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(req.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(req.destroyed).toBe(true);
});

it('one that is taken as it comes may take as long as it likes, and is whole then', async () => {
  const { req, finish } = incoming();
  limitBody(req);
  const body = new FlowingBody(req);
  const parts: string[] = [];
  body.on('data', (part) => parts.push(String(part)));
  for (let i = 0; i < 5; i++) {
    await vi.advanceTimersByTimeAsync(50_000);
    req.write(String(i));
    await settled();
  }
  finish();
  await settled();
  await settled();
  expect([parts.join(''), body.size, body.failure]).toEqual(['01234', 5, undefined]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(body.failure).toBeUndefined();
});

it('one of which nothing comes any more is given up, by whose fault it is, and can still be answered', async () => {
  const { req } = incoming();
  const silent = new FlowingBody(req);
  silent.resume();
  req.write('half');
  await settled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(silent.failure).toMatchObject({
    code: 'bad_request',
    message: 'nothing more came for 60 s, after 4 bytes',
  });
  expect([silent.destroyed, req.destroyed]).toEqual([true, false]);

  const other = incoming().req;
  const stuck = new FlowingBody(other);
  // Nobody takes it.
  other.write('half');
  await settled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stuck.failure).toMatchObject({ code: 'timeout' });
});

it('one whose connection is closed is no whole one', async () => {
  const { req } = incoming();
  const body = new FlowingBody(req);
  const ends: string[] = [];
  body.on('end', () => ends.push('end')).on('error', () => ends.push('error'));
  body.resume();
  req.write('half');
  await settled();
  req.destroy();
  await settled();
  expect([body.failure?.code, ends]).toEqual(['bad_request', ['error']]);
  expect(new FlowingBody(req).failure?.code).toBe('bad_request');
});
