import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureImage } from '../../test/images/bake.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { argvOf, processesIn } from '../../test/lab/processes.ts';
import { type Benchmark, type Figures, numberOption, type Run } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { atOnce, round } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

export const AT_ONCE = 8;
/** Of USER_HZ, in which /proc tells CPU time; 100 on every Linux that this runs on. */
const TICKS_PER_SECOND = 100;

/** A web server of busybox; `/etc/hostname` is in every container. */
const SPEC = {
  Image: 'busybox',
  Cmd: ['httpd', '-f', '-p', '80', '-h', '/'],
  HostConfig: { NetworkMode: 'bridge' },
};

const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  http: { 'berth.probe.url': 'http://container/etc/hostname' },
  tcp: { 'berth.probe.url': 'tcp://container:80' },
  exec: { 'berth.probe.cmd': 'test -e /etc/hostname' },
};

/** CPU seconds of a process, and of the children that it has waited for; undefined where it has ended. */
function cpuOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

function isAgent(pid: number): boolean {
  const words = argvOf(pid);
  return words.includes('agent') && words.includes('--data-dir');
}

/** CPU seconds that those of the processes have used since which are still there. */
function used(before: ReadonlyMap<number, number | undefined>): number {
  return [...before].reduce((sum, [pid, was]) => {
    const now = cpuOf(pid);
    return was === undefined || now === undefined ? sum : sum + now - was;
  }, 0);
}

/** Per cent of a core: the agent, and all else on its host but what is in containers. */
export async function measure(
  lab: Lab,
  seconds: number,
): Promise<Readonly<{ agent: number; engine: number }>> {
  const all = processesIn(lab.hosts.map(({ namespace }) => namespace));
  // What starts the agent has the same words.
  const agents = all.filter(isAgent);
  const others = all.filter((pid) => !agents.includes(pid));
  const read = (pids: readonly number[]) => new Map(pids.map((pid) => [pid, cpuOf(pid)]));
  const [before, engineBefore, began] = [read(agents), read(others), performance.now()];
  await sleep(seconds * 1000);
  const share = (seconds: number) => (seconds / ((performance.now() - began) / 1000)) * 100;
  return { agent: share(used(before)), engine: share(used(engineBefore)) };
}

export async function withContainers<R>(
  docker: DockerSocket,
  kind: string,
  count: number,
  task: () => Promise<R>,
): Promise<R> {
  const ids: string[] = [];
  await atOnce(count, AT_ONCE, async (i) => {
    const body = { ...SPEC, Labels: KINDS[kind] };
    const made = await docker.call('POST', `/v1.41/containers/create?name=${kind}-${i}`, body);
    const { Id } = JSON.parse(made) as { Id: string };
    ids.push(Id);
    await docker.call('POST', `/v1.41/containers/${Id}/start`);
  });
  try {
    return await task();
  } finally {
    await atOnce(ids.length, AT_ONCE, async (i) => {
      await docker.call('DELETE', `/v1.41/containers/${ids[i]}?force=1`);
    });
  }
}

/** Looks that do not take place cost nothing: all must have been met. */
async function allHealthy(docker: DockerSocket, count: number): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ health: ['healthy'] }));
  for (let tries = 0; tries < 120; tries++) {
    const listed = JSON.parse(await docker.call('GET', `/v1.41/containers/json?filters=${filters}`));
    if ((listed as unknown[]).length === count) return;
    await sleep(500);
  }
  throw new Error('not all containers became healthy within a minute');
}

async function measured(
  run: Run,
  lab: Lab,
  docker: DockerSocket,
  kind: string,
  count: number,
  seconds: number,
) {
  return withContainers(docker, kind, count, async () => {
    if (kind !== 'none') await allHealthy(docker, count);
    // What starting them has left to do.
    await sleep(5_000);
    const found = await measure(lab, seconds);
    run.say(
      `${count} containers, ${kind}: agent ${found.agent.toFixed(2)} %, engine ${found.engine.toFixed(2)} % of a core`,
    );
    if (kind !== 'none') await allHealthy(docker, count);
    return found;
  });
}

export const probes: Benchmark = {
  name: 'probes',
  summary: 'CPU of the host agent for containers that are probed every 2 s: http, tcp, exec',
  unit: '% of a core, the dearer of http and tcp, over that without probes',
  better: 'lower',
  target: 3,
  limitSeconds: 900,
  options: { containers: 100, commands: 20, seconds: 30 },
  async run(run) {
    const [containers, commands, seconds] = ['containers', 'commands', 'seconds'].map((name) =>
      numberOption(run, probes, name),
    ) as [number, number, number];
    const lab = await startBenchLab(run, { hosts: 1 });
    // Through the cluster, which then knows that it is there.
    await ensureImage('busybox', lab.endpoint);
    const docker = dockerAt(run, lab.endpoint, AT_ONCE);
    const also: Record<string, number> = {};
    const note = (name: string, { agent, engine }: { agent: number; engine: number }) => {
      also[`${name}: agent %`] = round(agent, 3);
      also[`${name}: engine %`] = round(engine, 3);
    };
    const none = await measured(run, lab, docker, 'none', containers, seconds);
    note('none', none);
    let value = 0;
    for (const kind of ['http', 'tcp']) {
      const found = await measured(run, lab, docker, kind, containers, seconds);
      note(kind, found);
      value = Math.max(value, found.agent - none.agent);
    }
    // The engine starts a process for each: more of them than it can start would measure a queue.
    note(`exec (${commands} containers)`, await measured(run, lab, docker, 'exec', commands, seconds));
    return { value: round(value, 3), also: also satisfies Figures };
  },
};
