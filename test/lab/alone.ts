import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './run.ts';

/** Lock files of the machine; they stay, as removing one could take it from under somebody who waits for it. */
const FOLDER = '/run/lock/berth';

/** Gives a lock back; resolves once it is free. */
export type Release = () => Promise<void>;

/**
 * Locks something that all runs on this machine share, and waits for it. The lock is a child's, which ends with this
 * process: one that is killed holds nothing.
 * @throws LabError where `flock` (util-linux) does not run
 */
export async function lockMachine(name: string): Promise<Release> {
  const held = await take(name, []);
  if (held === undefined) throw new LabError(`flock: no lock at ${fileOf(name)}: is util-linux installed?`);
  return held;
}

/** The same without waiting: undefined where somebody has it. */
export function tryLockMachine(name: string): Promise<Release | undefined> {
  return take(name, ['--nonblock']);
}

/** Runs the task while no other run on this machine has the lock of that name. */
export async function alone<R>(name: string, task: () => R | Promise<R>): Promise<R> {
  const release = await lockMachine(name);
  try {
    return await task();
  } finally {
    await release();
  }
}

function fileOf(name: string): string {
  return join(FOLDER, `${name}.lock`);
}

async function take(name: string, options: readonly string[]): Promise<Release | undefined> {
  mkdirSync(FOLDER, { recursive: true });
  // `cat` gives back what it reads as soon as it runs, which it does once the lock is held. A group of its own: an
  // interrupt at the terminal ends it by its pipe, after whoever holds the lock has cleaned up.
  const child = spawn('flock', [...options, fileOf(name), 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  child.stdin.on('error', () => {}); // it has ended without the lock
  child.stdin.write('held\n');
  const ended = endOf(child);
  const held = await Promise.race([
    new Promise<boolean>((resolve) => child.stdout.once('data', () => resolve(true))),
    ended.then(() => false),
  ]);
  if (!held) return undefined;
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as { unref(): void }).unref();
  return async () => {
    child.ref();
    child.stdin.end();
    await ended;
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}
