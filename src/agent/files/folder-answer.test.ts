import { expect, it, vi } from 'vitest';
import type { FolderListing } from '../../contract/container-files.ts';
import { folderAnswers } from './folder-answer.ts';

const ID = 'a'.repeat(64);
const signal = new AbortController().signal;
const empty = async (_pid: number, _id: string, path: string): Promise<FolderListing> => ({
  ...{ path, entries: [], isCut: false },
});
const answers = (pid = 4711, list = empty) =>
  folderAnswers({ json: async <T>() => ({ State: { Pid: pid } }) as T }, list);

it('answers for a container that runs', async () => {
  expect(await answers()({ container: ID, path: '/etc' }, signal)).toEqual({
    ...{ path: '/etc', entries: [], isCut: false },
  });
  await expect(answers(0)({ container: ID, path: '/' }, signal)).rejects.toMatchObject({ code: 'conflict' });
});

it('refuses what names no container or no absolute path', async () => {
  const wrong = [{ container: ID, path: 'etc' }, { container: '../x', path: '/' }, {}, 'x'];
  for (const question of [...wrong, { container: ID, path: `/${'a'.repeat(5000)}` }])
    await expect(answers()(question, signal)).rejects.toMatchObject({ code: 'bad_request' });
});

it('is not held up by folders that do not answer', async () => {
  vi.useFakeTimers();
  try {
    const ask = answers(1, () => new Promise(() => undefined));
    const question = { container: ID, path: '/nfs' };
    const hung = [1, 2].map(() => ask(question, signal).catch((thrown) => thrown.code));
    await vi.advanceTimersByTimeAsync(0);
    await expect(ask(question, signal)).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(11_000);
    expect(await Promise.all(hung)).toEqual(['timeout', 'timeout']);
  } finally {
    vi.useRealTimers();
  }
});
