import { afterEach, beforeEach, expect, it } from 'vitest';
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
  return (path: string, question: unknown, signal = AbortSignal.timeout(10_000)) =>
    server.ask(host.hostId, path, question, signal);
}

it('an agent answers what it knows, in JSON, with its own errors', async () => {
  const ask = await linked({
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
  const ask = await linked();
  const old = { code: 'unsupported', message: expect.stringContaining('is of an earlier version') };
  await expect(ask('/look', {})).rejects.toMatchObject(old);
  await expect(ask('/constructor', {})).rejects.toMatchObject(old);
});

it('an agent that hangs is given up, and hears of it', async () => {
  let heard = false;
  const ask = await linked({
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
