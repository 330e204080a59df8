import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { alone, lockMachine, tryLockMachine } from './alone.ts';
import { ownNumber } from './own.ts';

const name = `of-${process.pid}`;
/** Another process that holds the lock until it is killed; resolves once it does. */
async function otherHolder(): Promise<() => void> {
  const script = `import('./test/lab/alone.ts').then(({ lockMachine }) => lockMachine('${name}')).then(() => {
    console.log('held'); setInterval(() => {}, 1e6) })`;
  const other = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  return () => other.kill('SIGKILL');
}

it('one at a time has the lock', async () => {
  let inside = 0;
  let most = 0;
  const task = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => alone(name, task)));
  expect([most, inside]).toEqual([1, 0]);
});

it('a lock is given back by whoever fails', async () => {
  await expect(alone(name, () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
  await (await lockMachine(name))();
});

it('another process has it until it is killed', async () => {
  const kill = await otherHolder();
  expect(await tryLockMachine(name)).toBeUndefined();
  let has = false;
  const waiting = lockMachine(name).then((release) => {
    has = true;
    return release;
  });
  expect(await tryLockMachine(name)).toBeUndefined();
  expect(has).toBe(false);
  kill();
  await (await waiting)();
});

it('two that ask for a number of their own get two', async () => {
  expect(await ownNumber()).not.toBe(await ownNumber());
});
