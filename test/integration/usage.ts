import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { argvOf, processesIn } from '../lab/processes.ts';

/** Memory of the lab's manager that is in use, bytes. */
export function managerMemory(lab: Lab): number {
  return memoryOf(lab.managerPid);
}

/** Memory of a process that is in use, bytes. */
export function memoryOf(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** The agent of a host, and what has started it. */
export function agentPids(lab: Lab, name: string): number[] {
  const { namespace, folder } = lab.host(name);
  return processesIn([namespace]).filter((pid) => argvOf(pid).includes(join(folder, 'agent')));
}

/** The highest use of memory over what there was, while `work` runs. */
export async function memoryOver(lab: Lab, work: Promise<unknown>): Promise<number> {
  const before = managerMemory(lab);
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, managerMemory(lab) - before);
  }, 50);
  await work.finally(() => clearInterval(timer));
  return most;
}

/** Files and connections that the lab's manager has open. */
export function managerFiles(lab: Lab): number {
  return readdirSync(`/proc/${lab.managerPid}/fd`).length;
}

/** Connections that a host's agent has: to its engine, one for each stream, and a few others. */
export function agentConnections(lab: Lab, name: string): number {
  // What has started it has no connections.
  const links = agentPids(lab, name).flatMap((pid) =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)),
  );
  return links.filter((link) => link.startsWith('socket:')).length;
}

/** Empty where it has been closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
