import { type ClientRequest, get } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Lab } from '../../test/lab/lab.ts';
import { type Benchmark, numberOption, type Run } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { atOnce, round } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

const GIVE_UP_MS = 120_000;
const VICTIM = 'h1';
const LIST = '/v1.41/containers/json';

type Listed = Readonly<{ Names: readonly string[] }>;

/** Creates and starts a container of `sleep` and returns its ID. */
async function startOn(
  docker: DockerSocket,
  { name, body }: Readonly<{ name: string; body?: object }>,
): Promise<string> {
  const made = await docker.call('POST', `/v1.41/containers/create?name=${name}`, {
    ...{ Image: 'busybox', Cmd: ['sleep', '3600'], HostConfig: { RestartPolicy: { Name: 'always' } } },
    ...body,
  });
  const { Id } = JSON.parse(made) as { Id: string };
  await docker.call('POST', `/v1.41/containers/${Id}/start`);
  return Id;
}

/** Containers with a fail-over policy, all put on one host: they leave it only by failing over. */
async function fill(docker: DockerSocket, host: string, count: number, prefix: string): Promise<void> {
  // Soft: elsewhere will do once that host is gone.
  const body = { Env: [`constraint:node==~${host}`], Labels: { 'berth.failover': 'true' } };
  await atOnce(count, 8, async (i) => {
    await startOn(docker, { name: `${prefix}${i}`, body });
  });
}

/** Seconds that the engines which take over need for as many containers, told without anything between: the floor of the machine. */
async function enginesAlone(run: Run, lab: Lab, count: number): Promise<number> {
  const others = lab.hosts.filter(({ name }) => name !== VICTIM);
  const began = performance.now();
  const made = await Promise.all(
    others.map(async ({ engine }, at) => {
      const docker = dockerAt(run, engine, 8);
      const ids: string[] = [];
      await atOnce(Math.ceil((count - at) / others.length), 8, async (i) => {
        ids.push(await startOn(docker, { name: `alone${i}` }));
      });
      return { docker, ids };
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const { docker, ids } of made)
    await atOnce(ids.length, 8, async (i) => {
      await docker.call('DELETE', `/v1.41/containers/${ids[i]}?force=1`);
    });
  return seconds;
}

/** Names of containers that an engine says it has started, with the moment. It is told to, rather than asked again and again. */
class Starts {
  readonly at = new Map<string, number>();
  private readonly request: ClientRequest;

  constructor(url: string, prefix: string, onStart: () => void) {
    const filters = encodeURIComponent(JSON.stringify({ type: ['container'], event: ['start'] }));
    const socketPath = url.replace(/^unix:\/\//, '');
    this.request = get({ socketPath, path: `/v1.41/events?filters=${filters}` }, (answer) => {
      const lines = createInterface({ input: answer });
      // It is ended here, or by the engine's own end.
      for (const stream of [answer, lines]) stream.on('error', () => undefined);
      lines.on('line', (line) => {
        const { Actor } = JSON.parse(line) as { Actor: { Attributes: { name: string } } };
        if (Actor.Attributes.name.startsWith(prefix)) this.at.set(Actor.Attributes.name, performance.now());
        onStart();
      });
    });
    this.request.on('error', () => undefined);
  }

  close(): void {
    this.request.destroy();
  }
}

/** Seconds from `loss` until the first and until all of them run on other hosts, as those hosts' own engines say. */
async function untilElsewhere(
  run: Run,
  lab: Lab,
  prefix: string,
  count: number,
  loss: () => Promise<void>,
): Promise<Readonly<{ first: number; all: number }>> {
  const others = lab.hosts.filter(({ name }) => name !== VICTIM);
  let allThere: () => void = () => undefined;
  const there = new Promise<void>((resolve) => {
    allThere = resolve;
  });
  const running = () => starts.flatMap(({ at }) => [...at]);
  const starts = others.map(
    ({ engine }) =>
      new Starts(engine, prefix, () => {
        if (new Set(running().map(([name]) => name)).size >= count) allThere();
      }),
  );
  run.defer(() => {
    for (const one of starts) one.close();
  });
  const began = performance.now();
  await loss();
  const patience = new AbortController();
  const late = setTimeout(GIVE_UP_MS, 'late', { signal: patience.signal }).catch(() => 'there');
  if ((await Promise.race([there, late])) === 'late')
    throw new Error(`only ${running().length} of ${count} containers run elsewhere after ${GIVE_UP_MS} ms`);
  patience.abort();
  const seconds = running().map(([, at]) => (at - began) / 1000);
  await expectRunning(run, others, prefix, count);
  return { first: Math.min(...seconds), all: Math.max(...seconds) };
}

/** An engine that has started one says so even if it ends at once. */
async function expectRunning(run: Run, hosts: Lab['hosts'], prefix: string, count: number): Promise<void> {
  const lists = await Promise.all(
    hosts.map(async ({ engine }) => JSON.parse(await dockerAt(run, engine, 1).call('GET', LIST)) as Listed[]),
  );
  const names = lists.flat().flatMap(({ Names }) => Names.filter((name) => name.startsWith(`/${prefix}`)));
  if (names.length !== count) throw new Error(`${names.length} of ${count} containers run elsewhere`);
}

export const failover: Benchmark = {
  name: 'failover',
  summary: 'a host of three dies, or loses its link, with its containers: until all of them run elsewhere',
  unit: 's',
  better: 'lower',
  target: 5,
  limitSeconds: 900,
  options: { containers: 30 },
  async run(run) {
    const count = numberOption(run, failover, 'containers');
    const one = async (way: 'kill' | 'cut') => {
      // A lab of its own for each: a host that was lost before is not trusted at once.
      const lab = await startBenchLab(run, { hosts: 3 });
      const alone = await enginesAlone(run, lab, count);
      const cluster = dockerAt(run, lab.endpoint, 8);
      await fill(cluster, VICTIM, count, way);
      const loss = () => (way === 'kill' ? lab.kill(VICTIM) : lab.cut(VICTIM));
      const seconds = await untilElsewhere(run, lab, way, count, loss);
      run.say(
        `${way}: the first runs elsewhere after ${seconds.first.toFixed(2)} s, all ${count} after ${seconds.all.toFixed(2)} s; two engines alone take ${alone.toFixed(2)} s for ${count}`,
      );
      await lab.down();
      return { ...seconds, alone };
    };
    const killed = await one('kill');
    const cut = await one('cut');
    return {
      value: Math.max(killed.all, cut.all),
      also: {
        'processes killed': round(killed.all),
        'processes killed, first': round(killed.first),
        'link cut': round(cut.all),
        'link cut, first': round(cut.first),
        'engines alone': round(Math.max(killed.alone, cut.alone)),
        containers: count,
      },
    };
  },
};
