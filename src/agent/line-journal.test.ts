import { execFileSync } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { cleanUp, temporaryDir } from './agent.fixture.ts';
import { LineJournal } from './line-journal.ts';

afterEach(cleanUp);

const isLine = (text: string) => /^<.*>$/.test(text);
const open = (dir: string) => LineJournal.open(dir, isLine);
const linesIn = async (dir: string) => (await open(dir)).left.lines;

/** Bytes that this process may have in a file; beyond them a write ends in the midst, as on a full disk. */
function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

it('gives back what was written, in order, with notes where they were made, over several files', async () => {
  const dir = await temporaryDir();
  const { journal } = await open(dir);
  await journal.append(['<1>', '<2>']);
  journal.note('<3>');
  expect(await linesIn(dir)).toEqual(['<1>', '<2>']);
  await Promise.all([journal.append(['<4>']), journal.append(['<5>'])]);
  await journal.rotate();
  await journal.append(['<6>']);
  expect(await linesIn(dir)).toEqual(['<1>', '<2>', '<3>', '<4>', '<5>', '<6>']);
  const forget = await journal.rotate();
  await journal.append(['<7>']);
  await forget();
  expect(await linesIn(dir)).toEqual(['<7>']);
  expect((await stat(join(dir, 'journal.3'))).mode & 0o077).toBe(0);
  await journal.close();
});

it('takes in what comes while it turns to a new file', async () => {
  const dir = await temporaryDir();
  const { journal } = await open(dir);
  const appended: Promise<void>[] = [];
  for (let i = 0; i < 20; i++) {
    appended.push(journal.append([`<${i}>`]));
    const turn = journal.rotate();
    appended.push(journal.append([`<${i}b>`]));
    await turn;
  }
  await Promise.all(appended);
  const all = Array.from({ length: 20 }, (_, i) => [`<${i}>`, `<${i}b>`]).flat();
  expect(await linesIn(dir)).toEqual(all);
  await journal.close();
});

it('turns to no further file as long as the last one is empty', async () => {
  const dir = await temporaryDir();
  const { journal } = await open(dir);
  await journal.append(['<1>']);
  for (let i = 0; i < 5; i++) await journal.rotate();
  expect(await readdir(dir)).toHaveLength(2);
  await (await journal.rotate())();
  expect(await linesIn(dir)).toEqual([]);
  await journal.close();
  expect(await readdir(dir)).toEqual([]);
});

it('leaves nothing of what it could not write, loses nothing of the rest, and goes on', async () => {
  const dir = await temporaryDir();
  const { journal } = await open(dir);
  const large = `<${'x'.repeat(900_000)}>`;
  await journal.append([large]);
  journal.note('<note>');
  limitFiles(1_100_000);
  try {
    await expect(journal.append([`<${'y'.repeat(400_000)}>`])).rejects.toThrow('EFBIG');
  } finally {
    limitFiles('unlimited');
  }
  await journal.append(['<after>']);
  const { left } = await open(dir);
  expect(left.lines).toEqual([large, '<note>', '<after>']);
  expect(left.damaged).toBe(false);
  await journal.close();
});
