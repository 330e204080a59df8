import type { Lab } from '../../../test/lab/lab.ts';
import { ensureRequirements } from '../../../test/lab/requirements.ts';
import { run as runCommand } from '../../../test/lab/run.ts';
import { type Benchmark, numberOption, type Run } from '../../benchmark.ts';
import { memberFigures, memberMoves } from '../../fleet/member-moves.ts';
import { median, quantile, round } from '../../stats.ts';
import { startBenchLab } from '../start.ts';
import { attachTimes } from './attach.ts';
import { type Measured, measure, throughput } from './measure.ts';
import { clusterPath, dockerOverlayPath, nativePath, type Path, vlanPath } from './path.ts';

/** As in seed 004's table: a wire of one gigabit. */
const GIGABIT = ['tbf', 'rate', '1gbit', 'burst', '256kb', 'latency', '50ms'];

async function shape(lab: Lab): Promise<void> {
  for (const { namespace } of lab.hosts)
    for (const wire of ['eth0', 'eth1'])
      await runCommand(['tc', '-n', namespace, 'qdisc', 'replace', 'dev', wire, 'root', ...GIGABIT]);
}

/** Each path in each round, who begins changes; the median of the rounds. */
async function inTurns(
  run: Run,
  lab: Lab,
  paths: readonly Path[],
  rounds: number,
  seconds: number,
  wire: string,
): Promise<ReadonlyMap<string, Measured>> {
  const all = new Map<string, Measured[]>(paths.map(({ name }) => [name, []]));
  for (let turn = 0; turn < rounds; turn++) {
    for (const path of turn % 2 === 0 ? paths : [...paths].reverse()) {
      const one = await measure(lab, path, seconds);
      all.get(path.name)?.push(one);
      run.say(
        `${wire}, ${path.name}: ${one.gbits.toFixed(3)} Gbit/s, ${one.tcpRoundTripUs.toFixed(1)} µs TCP, ${one.pingUs.toFixed(0)} µs ping, ${Math.round(one.packetsPerSecond)} packets/s`,
      );
    }
  }
  return new Map([...all].map(([name, several]) => [name, medians(several)]));
}

/** TCP of two paths alone, one right after the other: a machine's pace changes by more from minute to minute. */
async function pairRatio(
  run: Run,
  lab: Lab,
  [one, other]: readonly [Path, Path],
  pairs: number,
  seconds: number,
): Promise<number> {
  const ratios: number[] = [];
  for (let turn = 0; turn < pairs; turn++) {
    const first = await throughput(lab, turn % 2 === 0 ? one : other, seconds);
    const second = await throughput(lab, turn % 2 === 0 ? other : one, seconds);
    ratios.push(turn % 2 === 0 ? first / second : second / first);
    run.say(`unshaped, ${one.name} over ${other.name}: ${ratios.at(-1)?.toFixed(3)}`);
  }
  return median(ratios);
}

function medians(several: readonly Measured[]): Measured {
  const of = (figure: keyof Measured) => median(several.map((one) => one[figure]));
  return {
    gbits: of('gbits'),
    tcpRoundTripUs: of('tcpRoundTripUs'),
    pingUs: of('pingUs'),
    packetsPerSecond: of('packetsPerSecond'),
  };
}

function figures(wire: string, measured: ReadonlyMap<string, Measured>): Record<string, number> {
  return Object.fromEntries(
    [...measured].flatMap(([name, one]) => [
      [`${wire}, ${name}, Gbit/s`, round(one.gbits)],
      [`${wire}, ${name}, TCP round trip µs`, round(one.tcpRoundTripUs)],
      [`${wire}, ${name}, ping µs`, round(one.pingUs)],
      [`${wire}, ${name}, packets/s`, round(one.packetsPerSecond)],
    ]),
  );
}

function attachFigures(
  name: string,
  q: number,
  { cluster, bridge }: Awaited<ReturnType<typeof attachTimes>>,
): Record<string, number> {
  const [own, engines] = [quantile(cluster, q), quantile(bridge, q)];
  return {
    [`attach, ${name} ms`]: round(own),
    [`attach, bridge, ${name} ms`]: round(engines),
    [`attach over bridge, ${name}`]: round(own / engines, 3),
  };
}

function gbitsOf(measured: ReadonlyMap<string, Measured>, path: string): number {
  return measured.get(path)?.gbits ?? Number.NaN;
}

export const network: Benchmark = {
  name: 'network',
  summary:
    "between two hosts: the wire itself, xoverlay, Docker's own overlay, vlan; attaching, and telling others",
  unit: 'xoverlay over native on a 1 Gbit wire',
  better: 'higher',
  target: 0.96,
  limitSeconds: 1800,
  options: { rounds: 3, seconds: 3, pairs: 10, attach: 40, hosts: 1000, networks: 1, moves: 5 },
  async run(run) {
    const option = (name: string) => numberOption(run, network, name);
    const [rounds, seconds] = [option('rounds'), option('seconds')];
    await ensureRequirements([
      ['iperf3', 'iperf3'],
      ['qperf', 'qperf'],
      ['ping', 'iputils-ping'],
      ['tc', 'iproute2'],
    ]);
    const lab = await startBenchLab(run, { hosts: 2 });
    const xoverlay = await clusterPath(lab, 'xoverlay');
    const vlan = await vlanPath(lab);
    const dockerOverlay = await dockerOverlayPath(lab);
    const paths = [nativePath(lab), xoverlay, dockerOverlay, vlan];
    const attached = await attachTimes(run, lab, 'bench-xoverlay', option('attach'));
    const open = await inTurns(run, lab, paths, rounds, seconds, 'unshaped');
    const ratio = await pairRatio(run, lab, [xoverlay, dockerOverlay], option('pairs'), seconds);
    await shape(lab);
    const gigabit = await inTurns(run, lab, paths, rounds, seconds, '1 Gbit');
    await lab.down();
    const hosts = option('hosts');
    const moved = await memberMoves(run, { hosts, networks: option('networks'), moves: option('moves') });
    return {
      value: gbitsOf(gigabit, 'xoverlay') / gbitsOf(gigabit, 'native'),
      also: {
        vlan_ratio: round(gbitsOf(gigabit, 'vlan') / gbitsOf(gigabit, 'native')),
        docker_overlay_ratio: round(gbitsOf(gigabit, 'Docker overlay') / gbitsOf(gigabit, 'native')),
        'unshaped, xoverlay over Docker overlay': round(ratio, 3),
        ...figures('1 Gbit', gigabit),
        ...figures('unshaped', open),
        ...Object.fromEntries(
          Object.entries(memberFigures(moved)).map(([name, figure]) => [`${hosts} hosts, ${name}`, figure]),
        ),
        ...attachFigures('p50', 0.5, attached),
        ...attachFigures('p99', 0.99, attached),
      },
    };
  },
};
