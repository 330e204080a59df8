import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Engine, RawRequest } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import type { CheckContext } from './check.ts';
import { execCheck } from './exec-check.ts';
import { OwnExecs } from './own-execs.ts';

const ID = 'a'.repeat(64);
const frame = (text: string) =>
  Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);

type Fake = Readonly<{
  create?(): unknown;
  start?(): { status?: number; body: Readable };
  inspect?(): unknown;
}>;

/** An engine that knows nothing but exec. */
function engineOf({ create, start, inspect }: Fake) {
  const asked: unknown[] = [];
  const engine = {
    json: async (method: string, path: string, body: unknown) => {
      asked.push(`${method} ${path}`, ...(body === undefined ? [] : [body]));
      if (method === 'POST') return create === undefined ? { Id: ID } : create();
      return inspect === undefined ? { Running: false, ExitCode: 0, Pid: 0 } : inspect();
    },
    request: async ({ path }: RawRequest) => {
      asked.push(path);
      const { status = 200, body } = start?.() ?? { body: Readable.from([frame('fine\n')]) };
      return { status, headers: {}, body };
    },
  } as unknown as Engine;
  return { engine, asked };
}

function run(
  fake: Fake,
  timeoutMs = 2_000,
  kill = async (_: number, __: string) => {},
  execs = new OwnExecs(),
) {
  const { engine, asked } = engineOf(fake);
  const context: CheckContext = {
    target: { engineId: 'e1', address: async () => undefined },
    ...{ timeoutMs, signal: new AbortController().signal, stops: new Set(), engine },
  };
  const argv = ['test', '$(id)', 'a b'];
  return { asked, result: execCheck(execs, kill)({ kind: 'exec', argv }, context) };
}

describe('a command', () => {
  it('is given to the engine as it is, and is healthy where it exits with 0', async () => {
    const { asked, result } = run({});
    expect(await result).toEqual({ kind: 'ok', said: 'exit 0: fine' });
    expect(asked[1]).toEqual({ AttachStdout: true, AttachStderr: true, Cmd: ['test', '$(id)', 'a b'] });
  });

  it('fails with any other code, in one line of its words, not many of them', async () => {
    const noise = Array.from({ length: 100 }, () => frame(`no\u0007 ${'x'.repeat(200)}\n`));
    const fake = {
      inspect: () => ({ Running: false, ExitCode: 3 }),
      start: () => ({ body: Readable.from(noise) }),
    };
    const { kind, said } = await run(fake).result;
    expect(kind).toBe('failed');
    expect(said).toMatch(/^exit 3: no x+…$/);
    expect(said).toHaveLength(200);
  });

  it('that does not end in time is killed', async () => {
    const killed: unknown[] = [];
    const fake = {
      start: () => ({ body: new Readable({ read() {} }) }),
      inspect: () => ({ Running: true, ExitCode: null, Pid: 4711 }),
    };
    const { result } = run(fake, 50, async (pid, engineId) => void killed.push(pid, engineId));
    expect(await result).toEqual({ kind: 'failed', said: 'no answer within 0.05 s' });
    expect(killed).toEqual([4711, 'e1']);
  });

  it('that has ended meanwhile is not killed, be its number another one’s by now', async () => {
    const killed: unknown[] = [];
    const start = () => ({ body: new Readable({ read() {} }) });
    for (const found of [
      { Running: false, ExitCode: 0, Pid: 4711 },
      { Running: true, ExitCode: null, Pid: 0 },
    ]) {
      const { result } = run({ start, inspect: () => found }, 50, async (pid) => void killed.push(pid));
      expect((await result).kind).toBe('failed');
    }
    expect(killed).toEqual([]);
  });

  it('says nothing where its engine takes it for running though its words have ended', async () => {
    expect((await run({ inspect: () => ({ Running: true, ExitCode: 0 }) }).result).kind).toBe('unknown');
  });

  it('that was refused is nobody’s: the same one of somebody else is told of', async () => {
    const execs = new OwnExecs();
    const create = () => Promise.reject(new BerthError('engine', 'not running', { status: 409 }));
    await run({ create }, undefined, undefined, execs).result;
    const Actor = { ID: 'e1', Attributes: { execID: ID } };
    const Action = 'exec_create: test $(id) a b';
    expect(execs.isOwn({ Type: 'container', Action, Actor, time: 0, timeNano: 0 })).toBe(false);
  });

  it.each([
    ['not running', new BerthError('engine', 'Container e1 is not running', { status: 409 }), 'unknown'],
    ['gone', new BerthError('engine', 'No such container: e1', { status: 404 }), 'unknown'],
    ['an engine that is down', new BerthError('host_down', 'the Docker Engine does not answer'), 'unknown'],
    ['garbage', new BerthError('engine', 'not JSON', { status: 502 }), 'unknown'],
    [
      'not there',
      new BerthError('engine', 'exec: "test": executable file not found', { status: 400 }),
      'failed',
    ],
  ])('refused, %s', async (_, thrown, kind) => {
    expect((await run({ create: () => Promise.reject(thrown) }).result).kind).toBe(kind);
  });

  it('refused at its start', async () => {
    const body = () => Readable.from([Buffer.from('{"message":"OCI runtime exec failed"}')]);
    const result = await run({ start: () => ({ status: 400, body: body() }) }).result;
    expect(result).toEqual({ kind: 'failed', said: 'OCI runtime exec failed' });
    expect((await run({ start: () => ({ status: 500, body: body() }) }).result).kind).toBe('failed');
    expect((await run({ start: () => ({ status: 409, body: body() }) }).result).kind).toBe('unknown');
    expect((await run({ create: () => ({ Id: '../x' }) }).result).kind).toBe('unknown');
  });
});
