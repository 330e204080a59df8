import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManagerFrame } from '../../contract/link.ts';
import { newSimulatedEngine, type SimulatedEngine } from '../../engine/index.ts';
import { silentLogger } from '../../kit/logger.ts';
import { openVault, type VaultFile } from '../../link/index.ts';
import type { ContainerFile } from '../../model/kept-file.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from '../agent.fixture.ts';
import { dropPlacedFiles, HostFiles } from './host-files.ts';

let dir: string;
let vault: VaultFile;
/** In memory, as /run is. */
let memory: string;
beforeEach(async () => {
  dir = await temporaryDir();
  memory = join('/dev/shm', `berth-test-${process.pid}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(memory);
  const made = await openVault(dir, { now: 0, make: true });
  if (made === undefined) throw new Error('no vault');
  vault = made;
});
afterEach(async () => {
  await cleanUp();
  rmSync(memory, { recursive: true, force: true });
});

const secret: ContainerFile = {
  ...{ noun: 'secret', id: 'abc', name: 'token', target: '/run/secrets/token' },
  ...{ uid: '7', gid: '8', mode: 0o440 },
};
const options = () => ({ dir: join(dir, 'files'), vault, memory: ['/nowhere', '/proc', memory] });
const web = (starts = 1, generation = 1) => {
  const labels = { 'berth.restart': 'always' };
  const record = assignmentRecord('web', { state: 'running', starts, generation }, { Labels: labels });
  return { ...record, needs: { ...record.needs, files: [secret] } };
};
const placed = () => join(memory, 'berth-files', 'h1', web().id, '0');
const give = (manager: FakeManager, frame: Partial<ManagerFrame & { t: 'file' }> = {}) =>
  manager.send({ t: 'file', id: 'abc', content: Buffer.from('hunter2').toString('base64'), ...frame });
const open = (engine: SimulatedEngine) => openAgent(engine, dir, silentLogger, { files: options() });

/** An agent that is to hold the container, and what it asks its manager for. */
async function asking(engine: SimulatedEngine, container = web(), how?: 'resume') {
  const agent = await open(engine);
  const manager = new FakeManager();
  await manager.greet(agent, how);
  manager.put(container);
  return { agent, manager, want: await manager.frame('want') };
}

/** The same, once it has the file and the container. */
async function holding(engine: SimulatedEngine) {
  const { agent, manager } = await asking(engine);
  give(manager);
  const { error } = await manager.result(web());
  expect(error).toBeUndefined();
  return { agent, manager };
}

/** Everything under a folder, in one text. */
function allIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('files of containers', () => {
  it('are asked for, kept sealed, put into memory and mounted before the container starts', async () => {
    const engine = newSimulatedEngine();
    const { agent, manager, want } = await asking(engine);
    expect(want).toMatchObject({ files: ['abc'] });
    expect(engine.world.containers.all()).toEqual([]);
    give(manager);
    expect((await manager.result(web())).error).toBeUndefined();
    expect(readFileSync(placed(), 'utf8')).toBe('hunter2');
    expect(statSync(placed())).toMatchObject({ uid: 7, gid: 8 });
    expect(statSync(placed()).mode & 0o7777).toBe(0o440);
    expect(statSync(join(placed(), '..')).mode & 0o777).toBe(0o700);
    const body = engine.world.containers.get('web').body as { HostConfig?: { Mounts?: unknown } };
    expect(body.HostConfig?.Mounts).toEqual([
      { Type: 'bind', Source: placed(), Target: '/run/secrets/token', ReadOnly: true },
    ]);
    await agent.close();
    expect(allIn(dir)).not.toContain('hunter2');
    expect(allIn(dir)).not.toContain(Buffer.from('hunter2').toString('base64'));
  });

  it('come back after a start of the machine with no manager there', async () => {
    const engine = newSimulatedEngine();
    const first = await holding(engine);
    await first.agent.close();
    engine.world.containers.exit(engine.world.containers.get('web'), 137);
    rmSync(join(memory, 'berth-files'), { recursive: true });
    await open(engine);
    await expect.poll(() => engine.world.containers.get('web').status).toBe('running');
    expect(readFileSync(placed(), 'utf8')).toBe('hunter2');
  });

  it('are asked for again where their key is lost or they are damaged', async () => {
    const engine = newSimulatedEngine();
    const first = await holding(engine);
    await first.agent.close();
    writeFileSync(join(dir, 'files', 'abc'), 'v1.x.AAAA');
    rmSync(join(memory, 'berth-files'), { recursive: true });
    const { manager: again } = await asking(engine, web(2, 2), 'resume');
    give(again);
    expect((await again.result(web(2, 2))).error).toBeUndefined();
    expect(readFileSync(placed(), 'utf8')).toBe('hunter2');
  });

  it('are waited for, and what the cluster has no more is the refusal', async () => {
    const engine = newSimulatedEngine();
    const { manager } = await asking(engine);
    give(manager, { content: undefined, error: 'it is gone' });
    expect((await manager.result(web())).error).toEqual({ status: 409, message: 'secret token: it is gone' });
    expect(engine.world.containers.all()).toEqual([]);
  });

  it('go with the container, and with what was left of one that is not held', async () => {
    const engine = newSimulatedEngine();
    const stale = join(memory, 'berth-files', 'h1', 'stale');
    for (const folder of [join(memory, 'berth-files'), join(stale, '..'), stale])
      mkdirSync(folder, { mode: 0o700 });
    mkdirSync(join(dir, 'files'));
    writeFileSync(join(dir, 'files', 'old'), 'x');
    const { manager } = await holding(engine);
    await expect.poll(() => existsSync(stale), { timeout: 6_000 }).toBe(false);
    expect(existsSync(join(dir, 'files', 'old'))).toBe(false);
    expect(existsSync(placed())).toBe(true);
    manager.deltas({ op: 'drop', id: web().id, purge: true });
    await expect.poll(() => existsSync(join(placed(), '..')), { timeout: 6_000 }).toBe(false);
    await expect.poll(() => readdirSync(join(dir, 'files')), { timeout: 6_000 }).toEqual([]);
  });

  it('go where the host is given up, and nothing else of that folder', async () => {
    const base = join(memory, 'berth-files');
    const others = join(memory, 'others');
    for (const folder of [base, join(base, 'h1'), join(base, 'h1', 'c1'), join(base, 'h2'), others])
      mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(base, 'h1', 'c1', '0'), 'hunter2');
    expect(await dropPlacedFiles(['/nowhere', memory], 'h1')).toEqual([join(base, 'h1')]);
    expect(readdirSync(base)).toEqual(['h2']);
    expect(await dropPlacedFiles([memory], 'h2')).toEqual([join(base, 'h2')]);
    expect(existsSync(base)).toBe(false);
    // What somebody else has put there.
    mkdirSync(join(others, 'h1'));
    symlinkSync(others, base);
    expect(await dropPlacedFiles([memory], 'h1')).toEqual([]);
    expect(existsSync(join(others, 'h1'))).toBe(true);
  });

  it('are put nowhere but into memory, and into nobody else’s folder', async () => {
    const deps = { ...options(), hostId: 'h1', holdings: () => [], logger: silentLogger };
    const none = await HostFiles.open({ ...deps, memory: ['/proc'] });
    const place = (files: HostFiles) => files.place('c1', [], new AbortController().signal);
    await expect(place(none)).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringContaining('no tmpfs at /proc'),
    });
    const files = await HostFiles.open(deps);
    mkdirSync(join(memory, 'berth-files'));
    chmodSync(join(memory, 'berth-files'), 0o777);
    await expect(place(files)).rejects.toMatchObject({
      message: expect.stringContaining('somebody else'),
    });
    chmodSync(join(memory, 'berth-files'), 0o700);
    await place(files);
    none.close();
    files.close();
  });
});
