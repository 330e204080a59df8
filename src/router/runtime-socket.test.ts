import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { perform } from './perform.ts';
import { RuntimeSocket } from './runtime-socket.ts';

/** HAProxy's side, as the test has it. */
let folder: string;
let path: string;
let server: Server;
let onData: (text: string, socket: Socket) => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-runtime-'));
  path = join(folder, 'runtime.sock');
  onData = (text, socket) => {
    for (const _ of text.trimEnd().split('\n')) socket.write('\n> ');
  };
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => onData(String(bytes), socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One that has been answered once: whatever comes next is the test's. */
async function opened(limits?: Parameters<typeof RuntimeSocket.open>[1]): Promise<RuntimeSocket> {
  const socket = RuntimeSocket.open(path, limits);
  await socket.ask('show version');
  return socket;
}

const plan = (some: Partial<Parameters<typeof perform>[1]>) =>
  ({
    kind: 'commands',
    enter: [],
    entries: [],
    leave: [],
    replace: new Map(),
    leaving: [],
    ...some,
  }) as const;

describe('a runtime socket', () => {
  it('puts an answer together, however it is cut', async () => {
    const socket = await opened();
    onData = (_text, peer) => {
      let rest = 'one\ntwo > three\n\n> ';
      const timer = setInterval(() => {
        peer.write(rest.slice(0, 3));
        rest = rest.slice(3);
        if (rest === '') clearInterval(timer);
      }, 2);
    };
    expect(await socket.ask('show info')).toBe('one\ntwo > three');
    socket.close();
  });

  it('does not wait for its connection before it asks', async () => {
    let got = '';
    onData = (text, peer) => {
      got += text;
      if (got.endsWith('show info\n')) peer.write('\n> one\n\n> ');
    };
    const socket = RuntimeSocket.open(path);
    expect(await socket.ask('show info')).toBe('one');
    expect(got).toBe('prompt\nshow info\n');
    socket.close();
  });

  it('gives up on an answer that does not come, without saying what is secret', async () => {
    const socket = await opened({ timeoutMs: 1_000 });
    onData = () => {};
    const asked = socket.ask('set dynamic-cookie-key backend http:x SECRET');
    await expect(asked).rejects.toMatchObject({
      code: 'timeout',
      message: expect.not.stringContaining('SECRET'),
    });
    await expect(socket.ask('show info')).rejects.toMatchObject({ code: 'timeout' });
  });

  it('gives up on an answer without an end', async () => {
    const socket = await opened({ mostBytes: 1000 });
    onData = (_text, peer) => peer.write('x'.repeat(2000));
    await expect(socket.ask('show stat')).rejects.toThrow('over 1000 bytes');
  });

  it('says what HAProxy answered where it is not what was expected', async () => {
    const socket = await opened();
    onData = (_text, peer) => peer.write('No such backend.\n\n> ');
    const commands = [{ line: 'set dynamic-cookie-key backend http:x SECRET', expect: /^$/ }];
    const done = perform(socket, plan({ enter: commands }));
    await expect(done).rejects.toMatchObject({
      message: 'HAProxy answers "set dynamic-cookie-key backend http:x" with: No such backend.',
    });
    socket.close();
  });

  it('sends in one go what may be done together, and nothing behind what was not done', async () => {
    const socket = await opened();
    const got: string[] = [];
    onData = (text, peer) => {
      got.push(text);
      // As HAProxy does, and in pieces.
      const answers = text.split('\n').filter((line) => line !== '');
      const said = answers.map((line) => (line === 'three' ? 'No.\n\n> ' : '\n> ')).join('');
      peer.write(said.slice(0, 4));
      setTimeout(() => peer.write(said.slice(4)), 5);
    };
    const commands = (...lines: string[]) => lines.map((line) => ({ line, expect: /^$/ }));
    await perform(socket, plan({ enter: commands('one', 'two'), leave: commands('five') }));
    expect(got).toEqual(['one\ntwo\n', 'five\n']);
    got.length = 0;
    const refused = plan({ enter: commands('two', 'three', 'four'), leave: commands('five') });
    await expect(perform(socket, refused)).rejects.toThrow('HAProxy answers "three" with: No.');
    expect(got).toEqual(['two\nthree\nfour\n']);
    socket.close();
  });

  it('says that HAProxy has gone', async () => {
    const socket = await opened();
    onData = (_text, peer) => peer.destroy();
    await expect(socket.ask('show info')).rejects.toMatchObject({ code: 'unavailable' });
    const nobody = RuntimeSocket.open(join(folder, 'nobody'));
    await expect(nobody.ask('show info')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(nobody.ask('show info')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('sends one command, and never what ends it', async () => {
    const socket = await opened();
    for (const command of ['show info; shutdown', 'show\ninfo'])
      await expect(socket.ask(command)).rejects.toThrow('not one command');
    await expect(socket.ask('set ssl cert x', 'a\n\nshutdown frontend x')).rejects.toThrow('not one command');
    let got = '';
    onData = (text, peer) => {
      got += text;
      if (got.endsWith('\n\n')) peer.write('+ + Done\n\n> ');
    };
    expect(await socket.ask('set ssl cert x', 'a\nb\n')).toBe('Done');
    expect(got).toBe('set ssl cert x <<\na\nb\n\n');
    socket.close();
  });
});
