import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { BerthError } from '../kit/errors.ts';
import { silentLogger } from '../kit/logger.ts';
import { HangUps } from './hang-up.ts';

const EXEC = 'a'.repeat(64);
const start = { method: 'POST', path: `/v1.41/exec/${EXEC}/start` };

/** @param runs how often the engine says that the command still runs */
function hangUps(runs: number, upgrade = async () => opened(new PassThrough())) {
  const signals: string[] = [];
  const asked: string[] = [];
  const made = new HangUps({
    calls: { request: () => Promise.reject(new Error('not asked')), upgrade },
    engine: {
      json: async <T>(_method: string, path: string) => {
        asked.push(path);
        return { Running: asked.length <= runs, Pid: 4711, ContainerID: 'c1' } as T;
      },
    },
    logger: silentLogger,
    signal: async (pid, container, name) => void signals.push(`${name} ${pid} ${container}`),
    graceMs: 1,
  });
  return { made, signals, asked };
}

const opened = (stream: PassThrough) => ({ kind: 'upgraded' as const, headers: {}, stream });

it('ends a terminal’s command when nobody is there any more, with force where it stays', async () => {
  const stream = new PassThrough();
  const { made, signals } = hangUps(9, async () => opened(stream));
  await made.upgrade({ ...start, hangUp: true });
  expect(signals).toEqual([]);
  stream.destroy();
  await expect.poll(() => signals.slice(0, 2)).toEqual(['SIGHUP 4711 c1', 'SIGKILL 4711 c1']);
});

it('leaves alone what a hang-up has ended, and what has ended by itself', async () => {
  for (const runs of [0, 1]) {
    const stream = new PassThrough();
    const { made, signals, asked } = hangUps(runs, async () => opened(stream));
    await made.upgrade({ ...start, hangUp: true });
    stream.destroy();
    await expect.poll(() => asked).toHaveLength(runs + 1);
    expect(signals).toHaveLength(runs);
  }
});

it('ends what was given up while it began', async () => {
  const { made, signals } = hangUps(1, () => Promise.reject(new Error('given up')));
  await expect(made.upgrade({ ...start, hangUp: true })).rejects.toThrow('given up');
  await expect.poll(() => signals).toEqual(['SIGHUP 4711 c1']);
});

it('tries again where the engine does not answer, and does not where the container is gone', async () => {
  const stream = new PassThrough();
  const says = [
    new BerthError('timeout', 'slow'),
    { Running: true, Pid: 0, ContainerID: 'c1' },
    { Running: true, Pid: 4711, ContainerID: 'c1' },
    new BerthError('engine', 'No such exec instance', { status: 404 }),
  ];
  const signals: string[] = [];
  const made = new HangUps({
    calls: { request: () => Promise.reject(new Error('not asked')), upgrade: async () => opened(stream) },
    engine: {
      json: async <T>() => {
        const said = says.shift();
        if (said === undefined || said instanceof Error) throw said ?? new Error('asked too often');
        return said as T;
      },
    },
    logger: silentLogger,
    signal: async (pid, _container, name) => void signals.push(`${name} ${pid}`),
    graceMs: 1,
  });
  await made.upgrade({ ...start, hangUp: true });
  stream.destroy();
  await expect.poll(() => says).toEqual([]);
  expect(signals).toEqual(['SIGKILL 4711']);
});

it('leaves other connections to the engine', async () => {
  const stream = new PassThrough();
  const { made, asked } = hangUps(9, async () => opened(stream));
  await made.upgrade(start);
  await made.upgrade({ method: 'POST', path: '/v1.41/containers/x/attach', hangUp: true });
  stream.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toEqual([]);
});
