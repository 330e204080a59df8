import type { Benchmark } from '../benchmark.ts';
import { atOnce, quantile, round, timed } from '../stats.ts';
import { FLEET_OPTIONS, startFleet } from './fleet.ts';
import { DockerSocket } from './requests.ts';

const INSPECTS = 3000;
const LISTS = 20;

export const api: Benchmark = {
  name: 'api',
  summary: 'latency of docker ps and docker inspect on a full fleet',
  unit: 'ms, p99 of inspect',
  better: 'lower',
  target: 36,
  limitSeconds: 900,
  options: FLEET_OPTIONS,
  async run(run) {
    const { manager, ids } = await startFleet(run, api);
    const docker = new DockerSocket(run, manager.dockerSocket, 8);
    const any = () => ids[Math.floor(Math.random() * ids.length)];
    const latencies = async (count: number, width: number, path: () => string) => {
      const took: number[] = [];
      await atOnce(count, width, async () => {
        took.push(await timed(() => docker.call('GET', path())));
      });
      return { p50: round(quantile(took, 0.5), 3), p99: round(quantile(took, 0.99), 3) };
    };
    const inspect = () => `/v1.41/containers/${any()}/json`;
    await latencies(INSPECTS / 10, 1, inspect);
    const one = await latencies(INSPECTS, 1, inspect);
    const eight = await latencies(INSPECTS, 8, inspect);
    const list = await latencies(LISTS, 1, () => '/v1.41/containers/json');
    const ten = await latencies(LISTS * 5, 1, () => '/v1.41/containers/json?limit=10');
    const service = `/v1.41/containers/json?filters=${encodeURIComponent(JSON.stringify({ label: ['berth.service=service7'] }))}`;
    const filtered = await latencies(LISTS, 1, () => service);
    await manager.stop();
    return {
      value: one.p99,
      also: {
        ...{ hosts: run.options.get('hosts') ?? FLEET_OPTIONS.hosts, containers: ids.length },
        ...{ 'inspect p50': one.p50, 'inspect p99': one.p99 },
        ...{ 'inspect p50, 8 at a time': eight.p50, 'inspect p99, 8 at a time': eight.p99 },
        ...{ 'ps of all p50': list.p50, 'ps of all p99': list.p99 },
        ...{ 'ps -n 10 p50': ten.p50, 'ps -n 10 p99': ten.p99 },
        ...{ 'ps of one service p50': filtered.p50, 'ps of one service p99': filtered.p99 },
      },
    };
  },
};
