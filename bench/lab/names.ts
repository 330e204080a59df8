import type { Lab } from '../../test/lab/lab.ts';
import { NamedWatch } from '../../test/lab/named-watch.ts';
import { until } from '../../test/lab/run.ts';
import { type Benchmark, type Figures, numberOption, type Run } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { atOnce, quantile, round } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

const NETWORK = 'bench-names';
const ASKER = 'bench-asker';
const [ASKS, ...RUNS] = ['h1', 'h2', 'h3'] as const;
/** In nanoseconds, as Docker has them. */
const MS = 1_000_000;

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['slowest', 1],
] as const;

type State = Readonly<{
  Pid: number;
  StartedAt: string;
  Health?: Readonly<{ Status: string; Log: readonly Readonly<{ End: string; ExitCode: number }>[] }>;
}>;

/** Unhealthy until somebody makes the file. */
const CHECKED = {
  Healthcheck: {
    Test: ['CMD', 'test', '-e', '/healthy'],
    ...{ Interval: 300 * MS, Timeout: 10_000 * MS, Retries: 1 },
  },
};

async function start(docker: DockerSocket, name: string, host: string, spec: object): Promise<void> {
  const body = {
    ...{ Image: 'busybox', Cmd: ['sleep', '100000'], Env: [`constraint:node==${host}`] },
    ...{ HostConfig: { NetworkMode: NETWORK }, ...spec },
  };
  await docker.call('POST', `/v1.41/containers/create?name=${name}`, body);
  await docker.call('POST', `/v1.41/containers/${name}/start`);
}

function placeOf(index: number): string {
  return RUNS[index % RUNS.length] ?? RUNS[0];
}

async function stateOf(docker: DockerSocket, name: string): Promise<State> {
  const inspected = await docker.call('GET', `/v1.41/containers/${name}/json`);
  return (JSON.parse(inspected) as { State: State }).State;
}

/** Asks on a host where none of the named ones runs, for one after the other. */
async function ask(run: Run, lab: Lab, docker: DockerSocket, named: readonly string[]): Promise<NamedWatch> {
  const { Pid } = await stateOf(docker, ASKER);
  const found = new NamedWatch(lab.execArgv(ASKS, ['nsenter', `--net=/proc/${Pid}/ns/net`]), named);
  run.defer(async () => {
    await found.end();
  });
  return found;
}

/** Milliseconds from `since`, as the engine's clock says, which is the machine's. */
function between(name: string, since: string | undefined, at: number): number {
  const took = at - Date.parse(since ?? '');
  // The engine's time is cut to milliseconds.
  if (took >= -1) return Math.max(0, took);
  throw new Error(`${name} was found by its name ${-took} ms before its engine said that it should be`);
}

/** Milliseconds from the start of new containers until their names are known on another host. */
async function started(run: Run, lab: Lab, docker: DockerSocket, count: number): Promise<readonly number[]> {
  const all = Array.from({ length: count }, (_, i) => `started${i}`);
  const found = await ask(run, lab, docker, all);
  const took: number[] = [];
  for (const [i, name] of all.entries()) {
    await start(docker, name, placeOf(i), {});
    const at = await found.of(name);
    took.push(between(name, (await stateOf(docker, name)).StartedAt, at));
  }
  await found.end();
  await atOnce(count, 8, async (i) => {
    await docker.call('DELETE', `/v1.41/containers/${all[i]}?force=1`);
  });
  return took;
}

/** Milliseconds from the first check of theirs that succeeds; they were unhealthy, and nobody's names, before. */
async function healthy(run: Run, lab: Lab, docker: DockerSocket, count: number): Promise<readonly number[]> {
  const all = Array.from({ length: count }, (_, i) => `checked${i}`);
  const prepare = async (i: number) => {
    const name = all[i];
    if (name === undefined) return;
    await start(docker, name, placeOf(i), CHECKED);
    const isUnhealthy = async () => (await stateOf(docker, name)).Health?.Status === 'unhealthy' || undefined;
    await until(`${name} to be unhealthy`, isUnhealthy, { timeoutMs: 60_000, everyMs: 50 });
  };
  await prepare(0);
  const found = await ask(run, lab, docker, all);
  const took: number[] = [];
  for (const [i, name] of all.entries()) {
    // Before the one that is asked for now is there: the next one is asked for as soon as it is.
    await prepare(i + 1);
    await lab.docker(['exec', name, 'touch', '/healthy'], placeOf(i));
    const at = await found.of(name);
    const { Health } = await stateOf(docker, name);
    took.push(between(name, Health?.Log.find(({ ExitCode }) => ExitCode === 0)?.End, at));
    await docker.call('DELETE', `/v1.41/containers/${name}?force=1`);
  }
  await found.end();
  return took;
}

export const names: Benchmark = {
  name: 'names',
  summary: 'until a new container is found by its name on another host, from when its engine has it healthy',
  unit: 'ms (p99)',
  better: 'lower',
  target: 100,
  limitSeconds: 900,
  options: { containers: 100, checked: 30 },
  async run(run) {
    const option = (name: string) => numberOption(run, names, name);
    const lab = await startBenchLab(run, { hosts: 1 + RUNS.length });
    const docker = dockerAt(run, lab.endpoint, 8);
    const network = { Name: NETWORK, Driver: 'xoverlay' };
    await docker.call('POST', '/v1.41/networks/create', network);
    // The first one on each host makes the network there.
    await start(docker, ASKER, ASKS, {});
    for (const host of RUNS) await start(docker, `bench-first-${host}`, host, {});
    const also: Record<string, number> = {};
    let value = 0;
    for (const [kind, measure, count] of [
      ['started', started, option('containers')],
      ['healthy', healthy, option('checked')],
    ] as const) {
      const took = await measure(run, lab, docker, count);
      for (const [name, q] of QUANTILES) also[`${kind}, ${name} ms`] = round(quantile(took, q), 3);
      run.say(
        `${count} ${kind}: ${QUANTILES.map(([name, q]) => `${name} ${quantile(took, q).toFixed(0)} ms`).join(', ')}`,
      );
      value = Math.max(value, round(quantile(took, 0.99), 3));
    }
    return { value, also: also satisfies Figures };
  },
};
