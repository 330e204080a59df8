import type { DockerSpec } from '../src/model/container.ts';
import { ClusterView } from '../src/scheduler/cluster-view.ts';
import { Scheduler } from '../src/scheduler/place.ts';
import { placementRequest } from '../src/scheduler/request.ts';
import { addTestHosts, GIB, type TestHost } from '../src/scheduler/testing.ts';
import { type Benchmark, numberOption, type Run } from './benchmark.ts';
import { perSecond, round } from './stats.ts';

const DATACENTERS = 4;
const RACKS = 50;
const GROUP = 200;

/** Hosts in datacenters and racks, with labels, of four sizes. */
function hosts(count: number): TestHost[] {
  return Array.from({ length: count }, (_, i) => {
    const rack = i % (DATACENTERS * RACKS);
    const size = 1 << (i % 4);
    return {
      name: `host${String(i).padStart(5, '0')}`,
      labels: {
        datacenter: `dc${rack % DATACENTERS}`,
        rack: `r${Math.floor(rack / DATACENTERS)}`,
        disk: i % 3 === 0 ? 'ssd' : 'hdd',
        zone: i % 2 === 0 ? 'inside' : 'edge',
      },
      cpus: 8 * size,
      memory: 32 * size * GIB,
      images: ['app:1', `base:${i % 10}`],
    };
  });
}

/** Five kinds of groups: free, by label, by pattern, softly near their own image, softly away from their like. */
const ENVS: readonly (readonly string[])[] = [
  [],
  ['constraint:disk==ssd'],
  ['constraint:zone!=edge', 'constraint:rack==/r[0-9]+/'],
  ['affinity:image==~base:3'],
  ['constraint:disk==hdd', 'affinity:tier!=~db'],
];

function spec(group: number, strategy: string): DockerSpec {
  return {
    Image: 'app:1',
    Env: [...(ENVS[group % ENVS.length] ?? [])],
    Labels: {
      'berth.service': `service${group}`,
      'berth.strategy': strategy,
      tier: group % 7 === 0 ? 'db' : 'web',
    },
    HostConfig: { Memory: 64 * 1024 ** 2 * (1 + (group % 4)), NanoCpus: 1e7 * (1 + (group % 5)) },
  };
}

type Rate = Readonly<{ perSecond: number; perCpuSecond: number }>;

/** Containers placed a second, from the request's text on. */
function placeAll(hostCount: number, containers: number, strategy: string): Rate {
  const view = new ClusterView();
  view.settings = { ...view.settings, failureDomains: ['datacenter', 'rack'] };
  addTestHosts(view, hosts(hostCount));
  const scheduler = new Scheduler(view);
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  let placed = 0;
  for (let group = 0; placed < containers; group++) {
    const request = placementRequest(`group${group}`, spec(group, strategy));
    const size = Math.min(GROUP, containers - placed);
    const members = Array.from({ length: size }, (_, i) => ({
      id: `${group}-${i}`,
      name: `group${group}-${i}`,
    }));
    placed += scheduler.placeGroup(request, members).length;
  }
  const cpu = process.cpuUsage(cpuBefore);
  return { perSecond: perSecond(placed, began), perCpuSecond: (placed / (cpu.user + cpu.system)) * 1e6 };
}

export const placement: Benchmark = {
  name: 'placement',
  summary:
    'containers placed per second by the scheduler alone, with constraints, affinities and rack spread',
  unit: 'placements/s',
  better: 'higher',
  target: 100_000,
  limitSeconds: 120,
  options: { hosts: 10_000, containers: 100_000, rounds: 3 },
  async run(run: Run) {
    const [most, containers, rounds] = ['hosts', 'containers', 'rounds'].map((name) =>
      numberOption(run, placement, name),
    ) as [number, number, number];
    // Each in a turn of its own, so that Ctrl-C is heard; the best round is the one that others disturbed least.
    const best = async (label: string, count: number, total: number, strategy: string): Promise<Rate> => {
      const rates: Rate[] = [];
      for (let round = 0; round < rounds; round++) {
        await new Promise((resolve) => setImmediate(resolve));
        rates.push(placeAll(count, total, strategy));
      }
      const rate = {
        perSecond: round(Math.max(...rates.map(({ perSecond }) => perSecond))),
        perCpuSecond: round(Math.max(...rates.map(({ perCpuSecond }) => perCpuSecond))),
      };
      run.say(`${label}: ${rate.perSecond} placements/s, ${rate.perCpuSecond} per CPU second`);
      return rate;
    };
    const [few, some] = [Math.ceil(most / 100), Math.ceil(most / 10)];
    // A first one, so that the compiler has seen the code: a manager runs for months.
    await best('warming up', some, containers, 'spread');
    // As many containers for each host as on the largest cluster.
    const share = (count: number) => Math.ceil((containers * count) / most);
    const all = await best(`spread, ${most} hosts`, most, containers, 'spread');
    const growth = {
      [`spread, ${few} hosts`]: (await best(`spread, ${few} hosts`, few, share(few), 'spread')).perSecond,
      [`spread, ${some} hosts`]: (await best(`spread, ${some} hosts`, some, share(some), 'spread')).perSecond,
    };
    return {
      value: all.perSecond,
      also: {
        'per CPU second': all.perCpuSecond,
        ...growth,
        binpack: (await best(`binpack, ${most} hosts`, most, containers, 'binpack')).perSecond,
        random: (await best(`random, ${most} hosts`, most, containers, 'random')).perSecond,
      },
    };
  },
};
