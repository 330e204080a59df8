import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { putFileAnswers } from './put-file-answer.ts';

const ID = 'a'.repeat(64);
const QUESTION = { container: ID, folder: '/data', name: 'x', replace: false };
const signal = new AbortController().signal;
const bytes = async function* () {
  yield Buffer.from('hello');
};
const engine = (pid = 4711) => ({ json: async <T>() => ({ State: { Pid: pid } }) as T });

it('puts a file for a container that runs', async () => {
  const answer = putFileAnswers(engine(), async ({ pid, engineId, folder, name }, sent) => ({
    path: `${pid} ${engineId === ID} ${folder}/${name} ${await text(sent as never)}`,
    size: 5,
  }));
  expect(await answer(QUESTION, signal, bytes())).toEqual({ path: '4711 true /data/x hello', size: 5 });
  const stopped = putFileAnswers(engine(0));
  await expect(stopped(QUESTION, signal, bytes())).rejects.toMatchObject({
    ...{ code: 'conflict', hint: expect.stringContaining('docker cp') },
  });
});

it('refuses what names no container, no folder, or no file', async () => {
  const answer = putFileAnswers(engine());
  const names = ['', '.', '..', 'a/b', '/etc/passwd', 'a\0b', 'é'.repeat(128)];
  const wrong = [
    ...names.map((name) => ({ name })),
    { container: '../x' },
    { folder: 'data' },
    { replace: 1 },
  ];
  for (const more of wrong)
    await expect(answer({ ...QUESTION, ...more }, signal, bytes())).rejects.toMatchObject({
      code: 'bad_request',
    });
});

it('takes in four at a time, and another one when one of them is there', async () => {
  const ends: (() => void)[] = [];
  const answer = putFileAnswers(
    engine(),
    ({ name }) => new Promise((resolve) => ends.push(() => resolve({ path: name, size: 0 }))),
  );
  const four = [1, 2, 3, 4].map(() => answer(QUESTION, signal, bytes()));
  await expect(answer(QUESTION, signal, bytes())).rejects.toMatchObject({ code: 'unavailable' });
  await expect.poll(() => ends.length).toBe(4);
  ends[0]?.();
  await four[0];
  const fifth = answer(QUESTION, signal, bytes());
  await expect.poll(() => ends.length).toBe(5);
  for (const end of ends) end();
  expect(await fifth).toEqual({ path: 'x', size: 0 });
});
