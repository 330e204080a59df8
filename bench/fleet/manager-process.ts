import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { heapFlags } from '../../src/main/heap-flags.ts';
import type { Run } from '../benchmark.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_MS = 60_000;
/** Of `/proc/PID/stat`: what Linux counts a process's time in, on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A manager as people start it, on loopback ports and in a folder of its own. */
export type ManagerProcess = Readonly<{
  pid: number;
  dataDir: string;
  dockerSocket: string;
  /** host:port of the API. */
  api: string;
  adminPassword: string;
  /** `berth …` against it; what it prints. */
  berth(args: readonly string[]): Promise<string>;
  /** Seconds of CPU that it has used. */
  cpuSeconds(): number;
  /** Those of its main thread, which every request passes. */
  threadSeconds(): number;
  /** Bytes of memory that it holds. */
  memory(): number;
  /** Ends it in good order, so that a profile is written. */
  stop(): Promise<void>;
}>;

/**
 * Builds what is stale, starts a manager with a durable store, and waits until it answers.
 * @param profileDir where the manager writes a CPU profile when it ends
 */
export async function startManagerProcess(run: Run, profileDir?: string): Promise<ManagerProcess> {
  await promisify(execFile)(join(ROOT, 'berth'), ['version'], { timeout: 300_000 });
  const dataDir = mkdtempSync('/var/tmp/berth-bench-');
  run.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const [docker, api, agents] = await freePorts(3);
  const argv = [
    ...heapFlags(),
    ...(profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`]),
    ...[join(ROOT, 'dist/berth.mjs'), 'up', '--no-agent', '--no-install', '--foreground', '--json'],
    ...['--data-dir', dataDir, '--name', 'manager', '--advertise', '127.0.0.1'],
    ...['--docker-listen', `127.0.0.1:${docker}`, '--api-listen', `127.0.0.1:${api}`],
    ...['--agent-listen', `127.0.0.1:${agents}`],
  ];
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BERTH_LOG: 'warn' },
  });
  let told = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(timer);
  };
  run.defer(stop);
  for (const until = Date.now() + READY_MS; !told.includes('adminPassword'); ) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the manager did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const adminPassword = /"adminPassword":\s*"([^"]+)"/.exec(told)?.[1];
  if (adminPassword === undefined) throw new Error('the manager has told no password of admin');
  const pid = child.pid as number;
  return {
    pid,
    adminPassword,
    dataDir,
    dockerSocket: join(dataDir, 'run', 'docker.sock'),
    api: `127.0.0.1:${api}`,
    berth: async (args) => {
      const command = [join(ROOT, 'dist/berth.mjs'), ...args, '--data-dir', dataDir];
      return (await promisify(execFile)(process.execPath, command, { maxBuffer: 64 * 1024 ** 2 })).stdout;
    },
    cpuSeconds: () => cpuSeconds(pid),
    threadSeconds: () => cpuSeconds(`${pid}/task/${pid}`),
    memory: () => memory(pid),
    stop,
  };
}

/** Seconds of CPU, in user and system mode, that a process (or `PID/task/THREAD`) has used. */
export function cpuSeconds(pid: number | string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold spaces: fields count from behind its bracket; the 12th and 13th are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process, bytes. */
export function memory(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

/** Ports of loopback that were free a moment ago, each another. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
  for (const server of servers) server.close();
  return ports;
}
