import { cp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../kit/logger.ts';
import { assignmentRecord, cleanUp, clusterIdOf, IDENTITY, temporaryDir } from './agent.fixture.ts';
import { AssignmentFiles } from './assignment-files.ts';
import { idOf } from './holding.ts';

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
  await again.settled();
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
  await files.settled();
  // The next journals are on a disk that is always full.
  const full = [2, 3, 4].map((number) => join(dir, `journal.${number}`));
  for (const path of full) await symlink('/dev/full', path).catch(() => {});
  await expect(files.apply([put('b')], at(2), never)).rejects.toThrow();
  expect(files.get(clusterIdOf('b'))).toBeUndefined();
  expect(files.state.resume).toEqual(at(1));
  // There is room again.
  for (const path of full) await rm(path, { force: true });
  await files.apply([put('c')], at(3), never);
  const again = await open(dir);
  expect([...again.all()].map((holding) => idOf(holding))).toEqual([clusterIdOf('a'), clusterIdOf('c')]);
  await again.settled();
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

describe('the journal', () => {
  /** The directory as a power cut leaves it: what was flushed is there, and nothing else happens to it. */
  async function afterPowerCut(dir: string): Promise<string> {
    // A file that is renamed meanwhile is copied with all the others once more.
    for (;;) {
      const copy = await temporaryDir();
      try {
        await cp(dir, copy, { recursive: true });
        return copy;
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
      }
    }
  }
  const names = (files: AssignmentFiles) =>
    [...files.all()].map((one) => (one.kind === 'hold' ? one.assignment.name : `-${one.name}`));
  const journalIn = async (dir: string) => {
    const name = (await readdir(dir)).find((one) => /^journal\.\d+$/.test(one)) ?? '';
    return join(dir, name);
  };

  it('has what is not in the files yet: assignments, removals, progress, and the place in the stream', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await files.apply([put('a'), put('b'), put('c')], at(3), never);
    files.acted(clusterIdOf('a'), { generation: 1, starts: 0, engineId: 'x' });
    await files.apply(
      [
        { op: 'drop', id: clusterIdOf('b'), purge: true },
        { op: 'drop', id: clusterIdOf('c'), purge: false },
      ],
      at(5),
      never,
    );
    await files.setComeback(clusterIdOf('a'), { count: 1, short: 1, at: 9 });
    await files.setState({ engineId: 'E' });
    const copy = await afterPowerCut(dir);
    expect(await readdir(join(copy, 'assignments'))).toEqual([]);
    for (const again of [await open(copy), await open(copy)]) {
      expect(names(again)).toEqual(['a', '-b']);
      expect(again.get(clusterIdOf('a'))).toMatchObject({ acted: { engineId: 'x' }, comeback: { count: 1 } });
      expect(again.state).toMatchObject({ resume: at(5), engineId: 'E' });
    }
    const settled = await open(copy);
    await settled.settled();
    expect((await readdir(copy)).sort()).toEqual(['assignments', 'state.json']);
    expect(names(await open(copy))).toEqual(['a', '-b']);
    await files.settled();
  });

  it('may be torn at its end anywhere: what was flushed before is held', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    for (const [i, name] of ['a', 'b', 'c'].entries()) await files.apply([put(name)], at(i + 1), never);
    const copy = await afterPowerCut(dir);
    await files.settled();
    const path = await journalIn(copy);
    const text = (await readFile(path, 'utf8')).split('\0')[0] ?? '';
    for (let end = 0; end <= text.length; end += 97) {
      await writeFile(path, `${text.slice(0, end)}${end % 2 === 0 ? '\0'.repeat(500) : ''}`);
      const place = await afterPowerCut(copy);
      const again = await open(place);
      const whole = text
        .slice(0, end)
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
      const held = whole.filter(({ op }) => op === 'set').map(({ holding }) => holding.assignment.name);
      expect(names(again)).toEqual(held);
      // Never further than what is held.
      expect(again.state.resume?.seq ?? 0).toBe(whole.filter(({ op }) => op === 'state').length);
      expect(again.state.resume?.seq ?? 0).toBeLessThanOrEqual(held.length);
      await again.settled();
    }
  });

  it('holds nothing where its midst cannot be read, keeps a copy, and asks for all again', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await files.apply([put('a')], at(1), never);
    await files.apply([{ op: 'drop', id: clusterIdOf('a'), purge: false }, put('b')], at(3), never);
    await files.apply([put('c')], at(4), never);
    const copy = await afterPowerCut(dir);
    await files.settled();
    const path = await journalIn(copy);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"op":"drop"', '"op":"dr\u0001p"'));
    for (const again of [await open(copy), await open(copy)]) {
      // It may have moved away: to start it here would be once too often.
      expect(names(again)).toEqual([]);
      expect(again.state.resume).toBeUndefined();
      await again.settled();
    }
    expect(await readdir(copy)).toContain(`${basename(path)}.unreadable`);
  });

  it('changes nothing where the files have it already', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await files.apply([put('a'), put('b')], at(2), never);
    await files.apply([{ op: 'drop', id: clusterIdOf('b'), purge: false }], at(3), never);
    files.acted(clusterIdOf('a'), { generation: 1, starts: 0, engineId: 'x' });
    await files.setState({ engineId: 'E' });
    const before = await afterPowerCut(dir);
    await files.settled();
    const path = await journalIn(before);
    await cp(path, join(dir, basename(path)));
    const again = await open(dir);
    expect([...again.all()]).toEqual([...files.all()]);
    expect(again.state).toEqual(files.state);
    await again.settled();
  });

  it('is set aside with the files of another host', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await files.apply([put('a')], at(1), never);
    const copy = await afterPowerCut(dir);
    await files.settled();
    const other = await AssignmentFiles.open(copy, { ...IDENTITY, hostId: 'h2' }, silentLogger);
    expect(names(other)).toEqual([]);
    expect(other.state).toEqual({ ...IDENTITY, hostId: 'h2' });
    await other.settled();
    expect(await readdir(join(copy, 'assignments.h1'))).toEqual(['journal.1']);
    const again = await AssignmentFiles.open(copy, { ...IDENTITY, hostId: 'h2' }, silentLogger);
    expect(names(again)).toEqual([]);
    expect(await readdir(copy)).toContain('assignments.h1');
  });

  it('has all of it for as long as the files cannot be written', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    await rm(join(dir, 'assignments'), { recursive: true });
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      await files.apply([put(name)], at(i + 1), never);
      await files.settled();
    }
    // Attempts that came to nothing leave no more behind than what was to be kept.
    await files.settled();
    await files.settled();
    expect((await readdir(dir)).filter((name) => name.startsWith('journal'))).toHaveLength(3);
    const copy = await afterPowerCut(dir);
    const again = await open(copy);
    expect(names(again)).toEqual(['a', 'b', 'c']);
    await again.settled();
    expect((await readdir(copy)).sort()).toEqual(['assignments', 'state.json']);
    expect(names(await open(copy))).toEqual(['a', 'b', 'c']);
  });

  it('writes the files once it is full, and begins anew', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    const large = {
      op: 'put',
      assignment: assignmentRecord('a', {}, { Env: ['x'.repeat(700_000)] }),
    } as const;
    await files.apply([large], at(1), never);
    await files.apply([large], at(2), never);
    // Never quiet.
    const written = async () => (await readdir(join(dir, 'assignments'))).length > 0;
    for (let seq = 3; seq < 500 && !(await written()); seq++) await files.apply([put('b')], at(seq), never);
    expect(await written()).toBe(true);
    // Until it has begun anew: a copy takes its time, and what is removed meanwhile would be in it by half.
    const journals = async () => (await readdir(dir)).filter((name) => name.startsWith('journal.'));
    await expect.poll(journals, { interval: 5, timeout: 10_000 }).toHaveLength(1);
    await files.apply([put('b')], at(501), never);
    const copy = await afterPowerCut(dir);
    expect(names(await open(copy)).sort()).toEqual(['a', 'b']);
    await files.settled();
  });
});
