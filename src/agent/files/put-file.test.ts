import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ENGINE_ID, PID, procOfContainer } from './proc.fixture.ts';
import { type FileToPut, putFile } from './put-file.ts';

let proc: string;
let root: string;
let data: string;

beforeEach(() => {
  const made = procOfContainer();
  ({ proc, root } = made);
  data = join(root, 'data');
  mkdirSync(data);
  return made.remove;
});

const never = new AbortController().signal;
const at = <R>(task: () => Promise<R>) => task();
const bytes = (...parts: string[]) =>
  (async function* () {
    for (const part of parts) yield Buffer.from(part);
  })();
const put = (more: Partial<FileToPut>, sent: AsyncIterable<Uint8Array> = bytes('new'), signal = never) => {
  const file = { pid: PID, engineId: ENGINE_ID, folder: '/data', name: 'x', replace: false, proc, ...more };
  return putFile(file, sent, at, signal);
};
const conflict = (message: string | RegExp) => ({
  code: 'conflict',
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});

it('puts a file into a folder, with a mode that others can read', async () => {
  const parts = Array.from({ length: 100 }, (_, i) => String(i % 10).repeat(7_001));
  expect(await put({}, bytes(...parts))).toEqual({ path: '/data/x', size: 700_100 });
  expect(readFileSync(join(data, 'x'), 'utf8')).toBe(parts.join(''));
  expect(statSync(join(data, 'x')).mode & 0o7777).toBe(0o644);
  expect(await put({ folder: '/', name: 'empty' }, bytes())).toEqual({ path: '/empty', size: 0 });
  expect(readdirSync(data)).toEqual(['x']);
});

it('takes names as they are', async () => {
  const odd = ['-rf', 'a b', ' ', '名 <b>.txt', '🚢', '\u202egnp.exe', 'a\nb', 'x'.repeat(255), '...'];
  for (const name of odd) await put({ name }, bytes(name));
  expect(readdirSync(data).sort()).toEqual([...odd].sort());
  for (const name of odd) expect(readFileSync(join(data, name), 'utf8')).toBe(name);
});

it('replaces only what it was told to, and keeps the mode, but not the right to run as its owner', async () => {
  writeFileSync(join(data, 'x'), 'old');
  chmodSync(join(data, 'x'), 0o4750);
  let isRead = false;
  const unread = async function* () {
    isRead = true;
    yield Buffer.from('new');
  };
  // Before hours of sending are in vain.
  await expect(put({}, unread())).rejects.toMatchObject(conflict('"/data/x" is there already'));
  expect([isRead, readFileSync(join(data, 'x'), 'utf8')]).toEqual([false, 'old']);
  await put({ replace: true });
  expect(readFileSync(join(data, 'x'), 'utf8')).toBe('new');
  expect(statSync(join(data, 'x')).mode & 0o7777).toBe(0o750);
  mkdirSync(join(data, 'folder'));
  await expect(put({ name: 'folder', replace: true })).rejects.toMatchObject(
    conflict('"/data/folder" is a folder'),
  );
  expect(readdirSync(data).sort()).toEqual(['folder', 'x']);
});

it('does not replace what has come to be there while it was sent', async () => {
  const slow = async function* () {
    yield Buffer.from('new');
    writeFileSync(join(data, 'x'), 'other');
  };
  await expect(put({}, slow())).rejects.toMatchObject(conflict('"/data/x" is there already'));
  expect(readFileSync(join(data, 'x'), 'utf8')).toBe('other');
  expect(readdirSync(data)).toEqual(['x']);
});

it('takes the place of no socket, and holds nothing open', async () => {
  const server = createServer().listen(join(data, 'x'));
  await once(server, 'listening');
  await expect(put({ replace: true })).rejects.toMatchObject(conflict(/^"\/data\/x" is a device/));
  expect(statSync(join(data, 'x')).isSocket()).toBe(true);
  server.close();
  await put({ name: 'y' });
  const held = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(root);
    } catch {
      // One of another test, which is closed by now.
      return false;
    }
  });
  expect(held).toEqual([]);
});

it('goes through links within the container’s root, and never out of it', async () => {
  symlinkSync('/data', join(root, 'absolute'));
  symlinkSync('../../../../../../host', join(root, 'out'));
  expect(await put({ folder: '/absolute' })).toMatchObject({ path: '/data/x' });
  for (const folder of ['/out', '/../host', '/data/../../host'])
    await expect(put({ folder })).rejects.toMatchObject({ code: 'not_found' });
  // A link in the file's own place is replaced, and not what it leads to.
  const secret = join(root, '..', 'host', 'secret');
  symlinkSync(secret, join(data, 'link'));
  symlinkSync('nowhere', join(data, 'dead'));
  await expect(put({ name: 'dead' })).rejects.toMatchObject(conflict('"/data/dead" is there already'));
  await put({ name: 'link', replace: true });
  expect(readFileSync(secret, 'utf8')).toBe('secret');
  expect(readFileSync(join(data, 'link'), 'utf8')).toBe('new');
  // A link's own mode is everybody's.
  expect(statSync(join(data, 'link')).mode & 0o7777).toBe(0o644);
  expect(readlinkSync(join(data, 'dead'))).toBe('nowhere');
});

it('leaves what was there, and nothing else, where the bytes break off or nobody waits any more', async () => {
  writeFileSync(join(data, 'x'), 'old');
  const broken = async function* () {
    yield Buffer.from('half');
    throw new Error('it was cut off');
  };
  await expect(put({ replace: true }, broken())).rejects.toThrow('it was cut off');
  const stop = new AbortController();
  const late = async function* () {
    yield Buffer.from('all of it');
    stop.abort(new Error('too late'));
  };
  await expect(put({ replace: true }, late(), stop.signal)).rejects.toThrow('too late');
  expect(readFileSync(join(data, 'x'), 'utf8')).toBe('old');
  expect(readdirSync(data)).toEqual(['x']);
});

it('has its draft under another name until it is whole', async () => {
  const seen: string[][] = [];
  const slow = async function* () {
    seen.push(readdirSync(data));
    yield Buffer.from('new');
    seen.push(readdirSync(data));
  };
  await put({}, slow());
  expect(seen.flat()).toEqual([
    expect.stringMatching(/^\.berth-upload-[0-9a-f]{16}$/),
    expect.stringMatching(/^\.berth-upload-[0-9a-f]{16}$/),
  ]);
  expect(existsSync(join(data, 'x'))).toBe(true);
});

it('refuses what is no folder, is not there, is another container’s, or has too long a name', async () => {
  writeFileSync(join(data, 'file'), '');
  await expect(put({ folder: '/data/file' })).rejects.toMatchObject({ code: 'bad_request' });
  await expect(put({ folder: '/none' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(put({ engineId: 'e2' })).rejects.toMatchObject({ code: 'conflict' });
  await expect(put({ name: 'x'.repeat(256) })).rejects.toMatchObject(
    conflict(/was not written: the name is too long/),
  );
  expect(readdirSync(data)).toEqual(['file']);
});
