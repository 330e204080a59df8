import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Run } from '../benchmark.ts';
import { cpuSeconds, type ManagerProcess } from './manager-process.ts';
import type { Told } from './told-members.ts';

/** After the last has joined. */
const READY_MS = 300_000;

/** What a process of hosts is told. */
export type HostsOrder = Readonly<{
  /** `agent`: whole agents; `light`: hosts that only speak as one. Both over a connection of their own. */
  kind: 'agent' | 'light';
  first: number;
  count: number;
  api: string;
  token: string;
  /** For the agents' files; in memory, as a thousand hosts' disks are not one disk. */
  dir: string;
}>;

export type Hosts = Readonly<{
  /** Seconds of CPU that they have used together. */
  cpuSeconds(): number;
  /** What light hosts have been told of a member of a network. */
  told(member: string): Promise<readonly Told[]>;
  /** Ends them: hosts whose manager has gone try to reach it again and again. */
  stop(): Promise<void>;
}>;

/** Starts simulated hosts in `processes` processes, and resolves when all have joined and are ready in the cluster. */
export async function startHosts(
  run: Run,
  manager: ManagerProcess,
  options: Readonly<{
    kind: HostsOrder['kind'];
    hosts: number;
    processes: number;
    /** Where they write CPU profiles when they end. */
    profile: string | undefined;
  }>,
): Promise<Hosts> {
  const { kind, hosts, processes, profile } = options;
  const dir = mkdtempSync('/dev/shm/berth-bench-');
  run.defer(() => rmSync(dir, { recursive: true, force: true }));
  const made = JSON.parse(await manager.berth(['token', 'create', '--uses', String(hosts), '--json']));
  const each = Math.ceil(hosts / processes);
  const children = Array.from({ length: processes }, (_, i) => ({
    first: i * each,
    child: spawnHosts(run, profile),
  }));
  await Promise.all(
    children.map(({ first, child }) => {
      const count = Math.min(each, hosts - first);
      const order: HostsOrder = { kind, first, count, api: manager.api, token: made.token, dir };
      child.send(order);
      return new Promise<void>((resolve, reject) => {
        child.once('message', (message: { ready?: number; failed?: string }) => {
          if (message.failed === undefined) resolve();
          else reject(new Error(`simulated hosts: ${message.failed}`));
        });
        child.once('exit', (code, signal) => reject(new Error(`simulated hosts ended: ${code ?? signal}`)));
      });
    }),
  );
  await untilReady(manager, hosts);
  return {
    cpuSeconds: () => children.reduce((sum, { child }) => sum + cpuSeconds(child.pid as number), 0),
    told: (member) =>
      Promise.all(
        children.map(({ child }) => {
          const answer = new Promise<Told>((resolve) => child.once('message', resolve));
          child.send({ member });
          return answer;
        }),
      ),
    stop: async () => {
      await Promise.all(children.map(({ child }) => endHosts(child)));
    },
  };
}

function spawnHosts(run: Run, profile: string | undefined): ChildProcess {
  const script = fileURLToPath(new URL('hosts-process.ts', import.meta.url));
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = spawn(process.execPath, [...flags, '--import', 'tsx', script], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  run.defer(() => endHosts(child));
  return child;
}

async function endHosts(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit');
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  // It ends by itself then, and writes its profile.
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

async function untilReady(manager: ManagerProcess, hosts: number): Promise<void> {
  for (const until = Date.now() + READY_MS; ; ) {
    const nodes: { state: string }[] = JSON.parse(await manager.berth(['node', 'ls', '--json']));
    const ready = nodes.filter(({ state }) => state === 'ready').length;
    if (ready >= hosts) return;
    if (Date.now() > until)
      throw new Error(`only ${ready} of ${hosts} hosts are ready after ${READY_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
