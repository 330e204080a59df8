import type { Lab } from '../../test/lab/lab.ts';
import { type Benchmark, numberOption, type Run } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { atOnce, round } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

const LOOK_EVERY_MS = 50;
const GIVE_UP_MS = 120_000;

type Listed = Readonly<{ Names: readonly string[]; State: string }>;

/** Containers with a fail-over policy, all put on one host: they leave it only by failing over. */
async function fill(docker: DockerSocket, host: string, count: number, prefix: string): Promise<void> {
  await atOnce(count, 8, async (i) => {
    const made = await docker.call('POST', `/v1.41/containers/create?name=${prefix}${i}`, {
      ...{ Image: 'busybox', Cmd: ['sleep', '3600'] },
      // Soft: elsewhere will do once that host is gone.
      Env: [`constraint:node==~${host}`],
      ...{ Labels: { 'berth.failover': 'true' }, HostConfig: { RestartPolicy: { Name: 'always' } } },
    });
    await docker.call('POST', `/v1.41/containers/${(JSON.parse(made) as { Id: string }).Id}/start`);
  });
}

/** Seconds until the first and until all of them run on other hosts, as those hosts' own engines say. */
async function untilElsewhere(
  run: Run,
  lab: Lab,
  victim: string,
  count: number,
  prefix: string,
): Promise<Readonly<{ first: number; all: number }>> {
  const others = lab.hosts
    .filter(({ name }) => name !== victim)
    .map(({ engine }) => dockerAt(run, engine, 1));
  const began = performance.now();
  let first: number | undefined;
  for (;;) {
    const lists = await Promise.all(
      others.map(
        async (docker) => JSON.parse(await docker.call('GET', '/v1.41/containers/json')) as Listed[],
      ),
    );
    const running = lists.flat().filter(({ Names }) => Names.some((name) => name.startsWith(`/${prefix}`)));
    const seconds = (performance.now() - began) / 1000;
    if (running.length > 0) first ??= seconds;
    if (running.length >= count) return { first: first ?? seconds, all: seconds };
    if (seconds * 1000 > GIVE_UP_MS) {
      throw new Error(
        `only ${running.length} of ${count} containers run elsewhere after ${seconds.toFixed(0)} s`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
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
      const cluster = dockerAt(run, lab.endpoint, 8);
      await fill(cluster, 'h1', count, way);
      await (way === 'kill' ? lab.kill('h1') : lab.cut('h1'));
      const seconds = await untilElsewhere(run, lab, 'h1', count, way);
      run.say(
        `${way}: the first runs elsewhere after ${seconds.first.toFixed(2)} s, all ${count} after ${seconds.all.toFixed(2)} s`,
      );
      await lab.down();
      return seconds;
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
        containers: count,
      },
    };
  },
};
