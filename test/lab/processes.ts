import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { until } from './run.ts';

/** Identity of a named network namespace as /proc shows it, or undefined where there is none of that name. */
export function namespaceId(name: string): string | undefined {
  try {
    return `net:[${statSync(`/run/netns/${name}`).ino}]`;
  } catch {
    return undefined;
  }
}

/** Pids of all processes whose network namespace is one of those named. A process that ends meanwhile is left out. */
export function processesIn(names: readonly string[]): number[] {
  const wanted = new Set(names.map(namespaceId).filter((id) => id !== undefined));
  if (wanted.size === 0) return [];
  return pids().filter((pid) => {
    try {
      return wanted.has(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      return false;
    }
  });
}

/** Pid of a host's first process, as the root namespace sees it, or undefined while the host is not running. */
export function initOf(namespace: string, script: string): number | undefined {
  return processesIn([namespace]).find((pid) => {
    const [shell, file] = argvOf(pid);
    return shell === '/bin/sh' && file === script;
  });
}

/** Pid of a process in the namespace whose argv contains all of `words`, the lowest such pid. */
export function findIn(namespace: string, words: readonly string[]): number | undefined {
  return processesIn([namespace]).find((pid) => {
    const argv = argvOf(pid);
    return words.every((word) => argv.includes(word));
  });
}

export function isAlive(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.[0];
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** SIGKILL the processes and wait until they are gone. Those that are gone already are no error. */
export async function killAll(list: readonly number[]): Promise<void> {
  for (const pid of list) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  await until(`the end of processes ${list.join(' ')}`, async () => (list.some(isAlive) ? undefined : true), {
    timeoutMs: 60_000,
    everyMs: 20,
  });
}

export function argvOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
