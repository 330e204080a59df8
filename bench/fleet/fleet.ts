import { mkdirSync } from 'node:fs';
import { type Benchmark, numberOption, type Run } from '../benchmark.ts';
import { round } from '../stats.ts';
import { type Hosts, type HostsOrder, startHosts } from './hosts.ts';
import { cpuSeconds, type ManagerProcess, startManagerProcess } from './manager-process.ts';
import { createAll, DockerSocket } from './requests.ts';

export type Fleet = Readonly<{
  manager: ManagerProcess;
  hosts: Hosts;
  docker: DockerSocket;
  /** Of the containers that run. */
  ids: readonly string[];
  /** From the first request until the last container was acknowledged as running. */
  seconds: number;
  managerCpu: number;
  /** Of its main thread. */
  threadCpu: number;
  hostsCpu: number;
  /** Of the client, which this process is. */
  clientCpu: number;
  /** Resident memory of the manager before the first container and after the last. */
  memoryBefore: number;
  memoryAfter: number;
}>;

/** The options of a benchmark that needs a fleet. */
export const FLEET_OPTIONS = {
  hosts: 1000,
  containers: 100_000,
  width: 256,
  processes: 1,
  /** No container is begun later than this after the first: for numbers that the machine may not carry. */
  seconds: 1800,
  kind: 'light',
  profile: '',
} as const;

/** Hosts, a manager, and containers on them, all made by way of the Docker endpoint. */
export async function startFleet(run: Run, benchmark: Benchmark): Promise<Fleet> {
  const [count, containers, width, processes, limit] = [
    ...['hosts', 'containers', 'width', 'processes', 'seconds'],
  ].map((name) => numberOption(run, benchmark, name)) as [number, number, number, number, number];
  const kind = (run.options.get('kind') ?? benchmark.options.kind) as HostsOrder['kind'];
  if (kind !== 'light' && kind !== 'agent') throw new Error(`--kind ${kind}: write light or agent`);
  const profile = run.options.get('profile');
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const manager = await startManagerProcess(run, profile);
  let began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const hosts = await startHosts(run, manager, { kind, hosts: count, processes, profile });
  run.say(`${count} hosts (${kind}) have joined and are ready after ${seconds().toFixed(1)} s`);
  const docker = new DockerSocket(run, manager.dockerSocket, width);
  const memoryBefore = manager.memory();
  const before = {
    manager: manager.cpuSeconds(),
    thread: manager.threadSeconds(),
    hosts: hosts.cpuSeconds(),
    client: cpuSeconds(process.pid),
  };
  began = performance.now();
  const part = Math.ceil(containers / 10);
  const ids = await createAll(docker, containers, width, began + limit * 1000, (done) => {
    if (done % part === 0) run.say(`${done} containers run after ${seconds().toFixed(1)} s`);
  });
  return {
    ...{ manager, hosts, docker, ids, seconds: seconds(), memoryBefore, memoryAfter: manager.memory() },
    managerCpu: manager.cpuSeconds() - before.manager,
    threadCpu: manager.threadSeconds() - before.thread,
    hostsCpu: hosts.cpuSeconds() - before.hosts,
    clientCpu: cpuSeconds(process.pid) - before.client,
  };
}

const IDLE_SECONDS = 10;

/** Per cent of one core that the manager takes while nobody asks for anything. */
export async function idleCpu({ manager }: Fleet): Promise<number> {
  // What the containers' making has left behind is not idleness yet.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const [before, began] = [manager.cpuSeconds(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
  return ((manager.cpuSeconds() - before) / ((performance.now() - began) / 1000)) * 100;
}

export const fleet: Benchmark = {
  name: 'fleet',
  summary: 'containers on simulated hosts over mTLS: from the first request until the last one runs',
  unit: 's',
  better: 'lower',
  target: 60,
  limitSeconds: 1800,
  options: FLEET_OPTIONS,
  async run(run) {
    const made = await startFleet(run, fleet);
    const { seconds, ids, managerCpu, threadCpu, hostsCpu, clientCpu, memoryBefore, memoryAfter, manager } =
      made;
    const idle = await idleCpu(made);
    await manager.stop();
    return {
      value: seconds,
      also: {
        hosts: numberOption(run, fleet, 'hosts'),
        containers: ids.length,
        kind: String(run.options.get('kind') ?? FLEET_OPTIONS.kind),
        'containers/s': round(ids.length / seconds),
        'manager CPU s': round(managerCpu),
        'its main thread CPU s': round(threadCpu),
        'hosts CPU s': round(hostsCpu),
        'client CPU s': round(clientCpu),
        'manager KiB per container': round((memoryAfter - memoryBefore) / 1024 / ids.length, 3),
        'manager MiB': Math.round(memoryAfter / 1024 ** 2),
        'manager CPU idle %': round(idle, 3),
      },
    };
  },
};
