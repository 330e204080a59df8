import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AGENT_WORDS, dataDirAt, makeDataDir, removeDataDir, runningPid } from './data-dir.ts';
import { down } from './down.ts';

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-dir-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('a data directory', () => {
  it('is made, and again; a folder that is used for something else is refused', () => {
    const dir = dataDirAt(join(folder, 'data'));
    makeDataDir(dir);
    makeDataDir(dir);
    writeFileSync(join(folder, 'thesis.txt'), 'precious');
    expect(() => makeDataDir(dataDirAt(folder))).toThrow(
      /no data directory of Berth: "(data|thesis.txt)" lies in it/,
    );
    expect(readdirSync(folder).sort()).toEqual(['data', 'thesis.txt']);
  });

  it('is refused where no folder can be made', () => {
    expect(() => makeDataDir(dataDirAt('/proc/berth'))).toThrow(
      /^the data directory \/proc\/berth cannot be used: .+/,
    );
  });

  it('is removed, but for what is not Berth’s', () => {
    const dir = dataDirAt(join(folder, 'data'));
    makeDataDir(dir);
    writeFileSync(dir.database, '');
    writeFileSync(join(dir.root, 'thesis.txt'), 'precious');
    expect(removeDataDir(dir)).toEqual(['thesis.txt']);
    expect(readdirSync(dir.root)).toEqual(['thesis.txt']);
    rmSync(join(dir.root, 'thesis.txt'));
    expect(removeDataDir(dir)).toEqual([]);
    expect(existsSync(dir.root)).toBe(false);
  });

  it('that is none is not purged, whatever is in it', async () => {
    for (const name of ['log', 'run', 'home']) mkdirSync(join(folder, name));
    const results: unknown[] = [];
    const report = { step: () => {}, warn: () => {}, ready: (result: unknown) => results.push(result) };
    await down({ dataDir: folder, purge: true }, report);
    expect(results).toEqual([{ stopped: false, removed: [] }]);
    expect(readdirSync(folder).sort()).toEqual(['home', 'log', 'run']);
  });
});

describe('runningPid', () => {
  async function pidFileOf(...argv: string[]): Promise<string> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', ...argv]);
    children.push(child);
    await once(child, 'spawn');
    const path = join(folder, 'pid');
    writeFileSync(path, `${child.pid}\n`);
    return path;
  }

  it('finds the program that wrote the file', async () => {
    const path = await pidFileOf('/opt/berth.mjs', 'agent', '--foreground', '--data-dir', folder);
    await expect.poll(() => runningPid(path, AGENT_WORDS)).toBe(children[0]?.pid);
  });

  it.each([
    ['/usr/bin/ssh-agent', '-D'],
    ['berth', 'agent', '--data-dir', '/var/lib/berth-agent'],
    ['vim', 'agent'],
  ])('does not take another that has got its ID for it: %s %s', async (...argv) => {
    const path = await pidFileOf(...argv);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(runningPid(path, AGENT_WORDS)).toBeUndefined();
  });

  it('does not take a thread of such a program for it', async () => {
    const path = await pidFileOf('/opt/berth.mjs', 'agent', '--foreground');
    const pid = children[0]?.pid;
    const threads = () => readdirSync(`/proc/${pid}/task`).filter((id) => id !== `${pid}`);
    await expect.poll(() => threads().length).toBeGreaterThan(0);
    expect(runningPid(path, AGENT_WORDS)).toBe(pid);
    writeFileSync(path, `${threads().at(-1)}\n`);
    expect(runningPid(path, AGENT_WORDS)).toBeUndefined();
  });

  it('is undefined where the process has ended, or there is no file', () => {
    writeFileSync(join(folder, 'pid'), '999999999\n');
    expect(runningPid(join(folder, 'pid'), AGENT_WORDS)).toBeUndefined();
    expect(runningPid(join(folder, 'none'), AGENT_WORDS)).toBeUndefined();
  });
});
