import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeCgroup } from './cgroups.ts';
import type { HostPlan, LabPlan } from './plan.ts';
import { findIn, initOf, isAlive, killAll, processesIn } from './processes.ts';
import { LabError, runDetached, until } from './run.ts';
import { statusAt } from './socket.ts';

const INIT = fileURLToPath(new URL('host-init.sh', import.meta.url));

/** Pid of the host's first process in the root namespace, undefined while the host is not running. */
export function hostPid(host: HostPlan): number | undefined {
  return initOf(host.namespace, INIT);
}

/** Arguments that run a command on the host: in its namespaces, with its folders. */
export function onHost(host: HostPlan, argv: readonly string[]): string[] {
  const pid = hostPid(host);
  if (pid === undefined)
    throw new LabError(`host ${host.name} is not running: start it with "lab start ${host.name}"`);
  return ['nsenter', '--target', String(pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--', ...argv];
}

/**
 * Start the host and its engine, as far as they are not running, and wait until the engine answers.
 * @param beside starts what runs beside the engine from the boot on: an engine waits for its plugins
 */
export async function startHost(plan: LabPlan, host: HostPlan, beside?: () => Promise<void>): Promise<void> {
  await bootMachine(plan, host);
  const running = () => findIn(host.namespace, ['dockerd', host.engine]) !== undefined;
  // Until it is dockerd it is what enters the host's namespaces, which takes its time on a busy machine.
  const pid = running() ? undefined : startEngine(plan, host);
  if (beside !== undefined) {
    const pidFile = `/proc/${hostPid(host)}/root/run/docker/dockerd.pid`;
    await until(`the engine of host ${host.name}`, async () => existsSync(pidFile) || undefined, {
      timeoutMs: 120_000,
    });
    await beside();
  }
  await until(
    `an answer of host ${host.name}'s engine (its log: ${engineLog(host)})`,
    async () => {
      const status = await statusAt(host.engine.replace('unix://', ''), '/_ping').catch(() => undefined);
      if (status === 200) return true;
      if (running() || (pid !== undefined && isAlive(pid))) return undefined;
      throw new LabError(`the engine of host ${host.name} ended: ${lastLines(engineLog(host))}`);
    },
    { timeoutMs: 120_000 },
  );
}

/**
 * Kill what runs on the host at one blow: its first process takes everything in its PID namespace with it, the
 * engine, the agent and all containers. Its disk stays as it was at that moment. A host that is dead stays dead.
 */
export async function killHost(host: HostPlan): Promise<void> {
  const pid = hostPid(host);
  if (pid !== undefined) await killAll([pid]);
  await killAll(processesIn([host.namespace])); // what waited outside for the processes inside
  await removeCgroup(host.cgroup);
}

export function engineLog(host: HostPlan): string {
  return join(host.folder, 'dockerd.log');
}

export function lastLines(file: string, count = 5): string {
  if (!existsSync(file)) return `(no ${file})`;
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join(' | ');
}

/** Start the host without its engine, unless it runs. */
export async function bootMachine(plan: LabPlan, host: HostPlan): Promise<void> {
  if (hostPid(host) !== undefined) return;
  mkdirSync(host.folder, { recursive: true });
  writeIdentity(plan, host);
  const booted = join(host.folder, 'booted');
  rmSync(booted, { force: true });
  const log = join(host.folder, 'init.log');
  // not `ip netns exec`: it would remount /sys, and the cgroup mounts below it would be gone
  const enter = ['nsenter', `--net=/run/netns/${host.namespace}`, '--'];
  const fresh = [
    'unshare',
    '--mount',
    '--uts',
    '--ipc',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
  ];
  const pid = runDetached([...enter, ...fresh, '/bin/sh', INIT, host.folder, host.name], { log });
  await until(
    `the start of host ${host.name} (its log: ${log})`,
    async () => {
      if (existsSync(booted)) return true;
      if (isAlive(pid)) return undefined;
      throw new LabError(`host ${host.name} did not start: ${lastLines(log)}`);
    },
    { timeoutMs: 60_000, everyMs: 20 },
  );
}

/** Names of the lab's machines, an identity, and name servers that can be reached from another network namespace. */
function writeIdentity(plan: LabPlan, host: HostPlan): void {
  const lines = ['127.0.0.1 localhost', `${plan.manager.address} manager`];
  for (const other of plan.hosts) lines.push(`${other.address} ${other.name}`);
  writeFileSync(join(host.folder, 'hosts'), `${lines.join('\n')}\n`);
  const id = join(host.folder, 'machine-id');
  if (!existsSync(id)) writeFileSync(id, `${randomBytes(16).toString('hex')}\n`);
  const resolved = '/run/systemd/resolve/resolv.conf'; // the servers behind systemd-resolved's 127.0.0.53
  const usual = readFileSync('/etc/resolv.conf', 'utf8');
  if (/^nameserver\s+127\./m.test(usual) && existsSync(resolved)) {
    writeFileSync(join(host.folder, 'resolv.conf'), readFileSync(resolved));
  }
}

/** Returns the pid of what runs as long as the engine does. */
function startEngine(plan: LabPlan, host: HostPlan): number {
  const config = join(host.folder, 'daemon.json'); // for whoever wants more options; never the machine's own
  if (!existsSync(config)) writeFileSync(config, '{}\n');
  // execution folder and pid file are below the private /run/docker, so a killed host leaves none behind, and
  // the private /run/containerd makes the engine start a containerd of its own
  const engine = [
    'dockerd',
    ['--config-file', config],
    ['--data-root', join(host.folder, 'docker')],
    ['--pidfile', '/run/docker/dockerd.pid'],
    ['--host', host.engine],
    ['--cgroup-parent', host.cgroup],
    ['--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ['--bip', `172.17.${host.number}.1/24`],
    ['--insecure-registry', plan.subnet],
  ].flat();
  return runDetached(onHost(host, engine), { log: engineLog(host) });
}
