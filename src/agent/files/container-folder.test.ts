import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { listFolder } from './container-folder.ts';
import { ENGINE_ID, PID, procOfContainer } from './proc.fixture.ts';

let proc: string;
let root: string;

beforeEach(() => {
  const made = procOfContainer();
  ({ proc, root } = made);
  mkdirSync(join(root, 'etc', 'app'), { recursive: true });
  writeFileSync(join(root, 'etc', 'app', 'own.conf'), 'hello');
  return made.remove;
});

const list = (path: string) => listFolder(PID, ENGINE_ID, path, proc);
const names = async (path: string) => (await list(path)).entries.map(({ name }) => name).sort();

it('tells what is in a folder', async () => {
  symlinkSync('own.conf', join(root, 'etc', 'app', 'link'));
  const { path, entries, isCut } = await list('//etc/./app/');
  expect([path, isCut]).toEqual(['/etc/app', false]);
  expect(entries.find(({ name }) => name === 'own.conf')).toMatchObject({ kind: 'file', size: 5 });
  expect(entries.find(({ name }) => name === 'link')).toMatchObject({ kind: 'link', target: 'own.conf' });
  expect((await list('/')).entries).toMatchObject([{ name: 'etc', kind: 'folder' }]);
});

it('follows links within the container’s root, and never out of it', async () => {
  symlinkSync('/etc', join(root, 'absolute'));
  symlinkSync('../../../../../../../../etc/app', join(root, 'etc', 'relative'));
  symlinkSync(join(root, '..', 'host'), join(root, 'out'));
  symlinkSync('../host', join(root, 'beside'));
  symlinkSync('loop', join(root, 'loop'));
  expect(await names('/absolute')).toEqual(['app', 'relative']);
  expect((await list('/absolute/relative')).path).toBe('/etc/app');
  expect((await list('/../../..')).path).toBe('/');
  expect((await list('/etc/app/../..')).path).toBe('/');
  for (const path of ['/out', '/beside', '/../host', '/etc/../../host'])
    await expect(list(path)).rejects.toMatchObject({ code: 'not_found' });
  await expect(list('/loop')).rejects.toMatchObject({ code: 'bad_request' });
});

it('takes names as they are, and says which are no text', async () => {
  const odd = ['a\nb', ' -rf ', '<b>', '中文', '\u202egnp.exe'];
  for (const name of odd) writeFileSync(join(root, 'etc', 'app', name), '');
  writeFileSync(Buffer.concat([Buffer.from(join(root, 'etc', 'app', 'x')), Buffer.from([0xff])]), '');
  const { entries } = await list('/etc/app');
  expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining(odd));
  expect(entries.filter(({ isNoText }) => isNoText).map(({ name }) => name)).toEqual(['x\ufffd']);
});

it('refuses what is no folder, is not there, or is not that container’s', async () => {
  await expect(list('/etc/app/own.conf')).rejects.toThrow('"/etc/app/own.conf" is no folder');
  await expect(list('/etc/none/x')).rejects.toThrow('there is no "/etc/none"');
  await expect(listFolder(PID, 'e2', '/', proc)).rejects.toMatchObject({ code: 'conflict' });
  await expect(listFolder(PID + 1, 'e1', '/', proc)).rejects.toMatchObject({ code: 'conflict' });
});

it('goes so deep only that this process keeps files for all else', async () => {
  const deep = Array(300).fill('d').join('/');
  mkdirSync(join(root, deep), { recursive: true });
  expect((await list(`/${Array(256).fill('d').join('/')}`)).entries).toHaveLength(1);
  await expect(list(`/${deep}`)).rejects.toMatchObject({
    ...{ code: 'bad_request', message: expect.stringContaining('more than 256 folders deep') },
  });
});
