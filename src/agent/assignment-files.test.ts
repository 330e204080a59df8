import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../kit/logger.ts';
import { assignmentRecord, cleanUp, clusterIdOf, IDENTITY, temporaryDir } from './agent.fixture.ts';
import { AssignmentFiles } from './assignment-files.ts';

afterEach(cleanUp);

const open = (dir: string) => AssignmentFiles.open(dir, IDENTITY, silentLogger);
const put = (name: string, generation = 1) =>
  ({ op: 'put', assignment: assignmentRecord(name, { generation }) }) as const;
const at = (seq: number) => ({ epoch: 'e', seq });
const never = () => 0;

it('holds on the disk what it was given, in order, and where it came to', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  const a = clusterIdOf('a');
  const ids = await files.apply(
    [put('a'), put('b'), put('a', 2), { op: 'drop', id: clusterIdOf('b'), purge: false }],
    at(4),
    never,
  );
  expect(new Set(ids)).toEqual(new Set([a, clusterIdOf('b')]));
  files.acted(a, { generation: 2, starts: 0, engineId: 'x' });
  const comeback = { count: 2, short: 1, end: 'x ended 5', at: 7, stays: 'held' as const };
  await files.setComeback(a, comeback);
  await files.settled();
  const again = await open(dir);
  expect([...again.all()]).toEqual([
    {
      kind: 'hold',
      assignment: put('a', 2).assignment,
      startedBefore: 0,
      acted: { generation: 2, starts: 0, engineId: 'x' },
      comeback,
    },
  ]);
  expect(again.state).toMatchObject({ ...IDENTITY, resume: at(4) });
  expect((await stat(join(dir, 'assignments'))).mode & 0o077).toBe(0);
  expect((await stat(join(dir, 'assignments', `${a}.json`))).mode & 0o077).toBe(0);
});

it('keeps a purge until it is done, over restarts', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  const id = clusterIdOf('a');
  await files.apply([put('a')], at(1), never);
  await files.apply([{ op: 'drop', id, purge: true }], at(2), never);
  await files.settled();
  const again = await open(dir);
  expect(again.get(id)).toEqual({ kind: 'purge', id, name: 'a' });
  await again.purged(id);
  expect(await readdir(join(dir, 'assignments'))).toEqual([]);
});

it('purges what a snapshot leaves out and marks that the engine is to be searched', async () => {
  const files = await open(await temporaryDir());
  await files.apply([put('a'), put('b')], at(2), never);
  await files.replace([put('b', 2)], at(9), never);
  expect(files.get(clusterIdOf('a'))?.kind).toBe('purge');
  expect(files.get(clusterIdOf('b'))).toMatchObject({
    kind: 'hold',
    assignment: { desired: { generation: 2 } },
  });
  expect(files.state).toMatchObject({ resume: at(9), orphansDue: true });
});

it('purges nothing for a state that was put back, nor for what comes after it, until it is told to', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  const [a, b, c] = ['a', 'b', 'c'].map(clusterIdOf) as [string, string, string];
  await files.apply([put('a'), put('b', 7), put('c', 2)], at(3), never);
  files.acted(b, {
    generation: 7,
    starts: 4,
    state: 'running',
    engineId: 'x',
    refused: { status: 500, message: '' },
  });
  files.acted(c, { generation: 2, starts: 0, state: 'created' });
  await files.restore([put('b', 3).assignment, put('c', 2).assignment], at(0), () => 99);
  expect(files.get(a)).toMatchObject({ kind: 'hold', orphan: true });
  // Acted on anew, whatever was done for a later generation; what is the same is not touched.
  expect(files.get(b)).toMatchObject({ assignment: { desired: { generation: 3 } }, startedBefore: 99 });
  expect((files.get(b) as { acted: unknown }).acted).toEqual({
    ...{ generation: 2, starts: 0, state: 'running', engineId: 'x' },
  });
  expect(files.get(c)).toMatchObject({ acted: { generation: 2 } });
  expect(files.state).toMatchObject({ seen: at(0), sparesDue: true, orphansDue: false });
  await files.settled();

  const again = await open(dir);
  expect(again.orphans().map(({ assignment }) => assignment.name)).toEqual(['a']);
  await again.replace([put('b', 4)], at(4), never);
  expect(again.get(a)).toMatchObject({ kind: 'hold', orphan: true });
  expect(again.get(c)?.kind).toBe('purge');
  await again.apply([put('a', 2)], at(5), never);
  expect(again.orphans()).toEqual([]);
  await again.replace([put('b', 4)], at(6), never);
  expect(again.get(a)?.kind).toBe('purge');
  await again.settled();
});

it('remembers what it has seen though its files cannot be resumed', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  await files.apply([put('a')], { ...at(1), revision: 12 }, never);
  await files.settled();
  await writeFile(join(dir, 'assignments', `${clusterIdOf('a')}.json`), '{');
  expect((await open(dir)).state).toMatchObject({ resume: undefined, seen: { ...at(1), revision: 12 } });
});

it('notes progress that is made while a new generation is on its way to the disk', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  await files.apply([put('a')], at(1), never);
  const id = clusterIdOf('a');
  const applying = files.apply([put('a', 2)], at(2), never);
  files.acted(id, { generation: 1, starts: 0, engineId: 'x' });
  await applying;
  const expected = { assignment: { desired: { generation: 2 } }, acted: { generation: 1, engineId: 'x' } };
  expect(files.get(id)).toMatchObject(expected);
  await files.settled();
  expect((await open(dir)).get(id)).toMatchObject(expected);
});

it('counts nothing as held that it could not write', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  await files.apply([put('a')], at(1), never);
  // A folder in the place of the file: not even root can write there.
  await mkdir(join(dir, 'assignments', `${clusterIdOf('b')}.json.tmp`));
  await expect(files.apply([put('b')], at(2), never)).rejects.toThrow();
  expect(files.get(clusterIdOf('b'))).toBeUndefined();
  expect(files.state.resume).toEqual(at(1));
  await files.settled();
});

it.each(['', '{', '[]', '{"kind":"hold"}', '\u0000\u0000'])(
  'sets the file "%s" aside, and asks for all again',
  async (text) => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await files.apply([put('a'), put('b')], at(2), never);
    await files.settled();
    await writeFile(join(dir, 'assignments', `${clusterIdOf('a')}.json`), text);
    const again = await open(dir);
    expect([...again.all()]).toHaveLength(1);
    expect(again.state.resume).toBeUndefined();
    expect(await readdir(join(dir, 'assignments'))).toContain(`${clusterIdOf('a')}.json.unreadable`);
  },
);

it('begins anew where its state cannot be read', async () => {
  const dir = await temporaryDir();
  const files = await open(dir);
  await files.apply([put('a')], at(1), never);
  await files.settled();
  await writeFile(join(dir, 'state.json'), '{"clus');
  const again = await open(dir);
  expect(again.state).toEqual(IDENTITY);
  expect([...again.all()]).toHaveLength(1);
});

it.each(['../../etc/cron.d/x', '', 'a/b', '.hidden', 'x'.repeat(200)])(
  'writes no file for the ID "%s"',
  async (id) => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await expect(
      files.apply([{ op: 'put', assignment: { ...assignmentRecord('a'), id } }], at(1), never),
    ).rejects.toThrow(/is not a container's cluster ID/);
    expect(await readdir(join(dir, 'assignments'))).toEqual([]);
  },
);
