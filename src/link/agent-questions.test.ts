import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BerthError } from '../kit/errors.ts';
import { CleanUp, newCluster, newHost, startAgent, startManager, until } from './link.suite.ts';
import type { AgentAnswers } from './ports.ts';

let clean: CleanUp;
beforeEach(() => {
  clean = new CleanUp();
});
afterEach(() => clean.run());

/** A manager that can ask a host's agent. */
async function linked(answers?: AgentAnswers) {
  const cluster = await newCluster();
  const manager = await startManager(cluster, clean);
  const { server } = manager;
  const host = await newHost(cluster, 'h1');
  startAgent(host, manager.port, clean, answers === undefined ? {} : { answers });
  await until('connected', () => server.connected(host.hostId));
  const ask = (path: string, question: unknown, signal = AbortSignal.timeout(10_000)) =>
    server.ask(host.hostId, path, question, signal);
  const send = (path: string, question: unknown, sent: Readable, signal = AbortSignal.timeout(20_000)) =>
    server.send(host.hostId, path, question, sent, signal);
  return { ask, send };
}

/** Bytes without end; `count` of them were asked for. */
function endless() {
  const part = Buffer.alloc(64 * 1024);
  const sent = new Readable({
    read() {
      count += part.length;
      this.push(part);
    },
  });
  let count = 0;
  return { sent, count: () => count };
}

it('an agent answers what it knows, in JSON, with its own errors', async () => {
  const { ask } = await linked({
    '/look': async (question) => ({ heard: question }),
    '/no': () =>
      Promise.reject(new BerthError('conflict', 'container web does not run', { hint: 'start it' })),
  });
  expect(await ask('/look', { name: 'ü' })).toEqual({ heard: { name: 'ü' } });
  await expect(ask('/no', {})).rejects.toMatchObject({
    ...{ code: 'conflict', message: 'container web does not run', hint: 'start it' },
  });
});

it('an agent of an earlier version is told from one that is broken', async () => {
  const { ask } = await linked();
  const old = { code: 'unsupported', message: expect.stringContaining('is of an earlier version') };
  await expect(ask('/look', {})).rejects.toMatchObject(old);
  await expect(ask('/constructor', {})).rejects.toMatchObject(old);
});

it('an agent that hangs is given up, and hears of it', async () => {
  let heard = false;
  const { ask } = await linked({
    '/look': (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          heard = true;
          resolve(heard);
        });
      }),
  });
  const end = new AbortController();
  const asked = ask('/look', {}, end.signal);
  setTimeout(() => end.abort(new BerthError('timeout', 'long enough')), 50);
  await expect(asked).rejects.toMatchObject({ code: 'timeout' });
  await until('heard', () => heard);
});

describe('bytes behind a question', () => {
  it('come as they were sent, with a question of any length that a path may have', async () => {
    const question = { path: `/${'名'.repeat(4095)}`, name: 'ü ?&#=%' };
    const { send } = await linked({
      '/put': async (asked, _signal, sent) => ({ asked, sha: await digest(sent) }),
    });
    const bytes = randomBytes(5_000_000);
    const expected = { asked: question, sha: await digest(Readable.from([bytes])) };
    expect(await send('/put', question, Readable.from([bytes]))).toEqual(expected);
    const nothing = { asked: {}, sha: await digest(Readable.from([])) };
    expect(await send('/put', {}, Readable.from([]))).toEqual(nothing);
  });

  it('are waited with where the agent is slow, and ended where it wants no more', async () => {
    let refuse: () => void = () => undefined;
    const { send } = await linked({
      '/put': async (_question, _signal, sent) => {
        sent.once('readable', () => undefined);
        await new Promise<void>((resolve) => (refuse = resolve));
        throw new BerthError('conflict', 'the disk is full');
      },
    });
    const { sent, count } = endless();
    const asked = send('/put', {}, sent).catch((thrown: unknown) => thrown);
    let before = -1;
    // Until no more is taken.
    await expect
      .poll(
        () => {
          const isStill = count() === before && before > 0;
          before = count();
          return isStill;
        },
        { interval: 500, timeout: 20_000 },
      )
      .toBe(true);
    expect(count()).toBeLessThan(16 * 1024 * 1024);
    refuse();
    expect(await asked).toMatchObject({ code: 'conflict', message: 'the disk is full' });
    await until('ended', () => sent.destroyed);
  });

  it('that break off are no whole ones to the agent, whoever has broken off', async () => {
    const heard: string[] = [];
    const { send } = await linked({
      '/put': async (_question, _signal, sent) => {
        try {
          for await (const part of sent) heard.push(`part ${part.length > 0}`);
          heard.push('end');
        } catch {
          heard.push('broken');
        }
      },
    });
    const broken = new PassThrough();
    broken.write('half');
    const asked = send('/put', {}, broken).catch(() => 'refused');
    await until('heard', () => heard.length === 1);
    broken.destroy(new Error('the client has gone'));
    expect(await asked).toBe('refused');
    await until('broken', () => heard.at(-1) === 'broken');

    const stop = new AbortController();
    const open = new PassThrough();
    open.write('half');
    const stopped = send('/put', {}, open, stop.signal).catch((thrown: unknown) => thrown);
    await until('heard', () => heard.length === 3);
    stop.abort(new BerthError('forbidden', 'your session has ended'));
    expect(await stopped).toMatchObject({ code: 'forbidden' });
    await until('broken', () => heard.length === 4);
    expect(heard).toEqual(['part true', 'broken', 'part true', 'broken']);
  });

  it('are refused by an agent of an earlier version', async () => {
    const { send } = await linked();
    await expect(send('/put', {}, Readable.from(['x']))).rejects.toMatchObject({ code: 'unsupported' });
  });
});

async function digest(sent: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of sent) hash.update(part);
  return hash.digest('hex');
}
