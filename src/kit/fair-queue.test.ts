import { expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

/** Tasks that end when they are told to. */
function tasks(queue: FairQueue) {
  const done: string[] = [];
  let end: () => void = () => undefined;
  const bring = (user: string, name: string) =>
    queue.run(user, async () => {
      await new Promise<void>((resolve) => (end = resolve));
      done.push(name);
      if (name === 'bad') throw new Error('bad');
    });
  const endOne = async () => {
    await new Promise(setImmediate);
    end();
    await new Promise(setImmediate);
  };
  return { done, bring, endOne };
}

it('gives each user a turn, one task at a time', async () => {
  const { done, bring, endOne } = tasks(new FairQueue('files', 10, 5));
  const all = ['a1', 'a2', 'a3', 'a4'].map((name) => bring('ann', name));
  all.push(bring('bob', 'b1'), bring('bob', 'b2'), bring('cy', 'c1'));
  for (let i = 0; i < all.length; i++) {
    await endOne();
    expect(done).toHaveLength(i + 1);
  }
  await Promise.all(all);
  expect(done).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

it('goes on after a task that fails, and refuses who brings too many, or all of them', async () => {
  const { done, bring, endOne } = tasks(new FairQueue('files', 5, 3));
  const all = [bring('ann', 'bad'), bring('ann', 'a2'), bring('ann', 'a3'), bring('ann', 'a4')];
  all[0]?.catch(() => undefined);
  await expect(bring('ann', 'a5')).rejects.toThrow('3 files of user ann wait already');
  all.push(bring('bob', 'b1'));
  await expect(bring('cy', 'c1')).rejects.toThrow('5 files wait already');
  for (let i = 0; i < all.length; i++) await endOne();
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
    ...['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
  ]);
  expect(done).toEqual(['bad', 'a2', 'b1', 'a3', 'a4']);
});
