import { join } from 'node:path';
import type { Lab } from '../../../test/lab/lab.ts';
import { killAll } from '../../../test/lab/processes.ts';
import { run as runCommand, runDetached, tryRun, until } from '../../../test/lab/run.ts';
import type { Path } from './path.ts';

const IPERF_PORT = 5201;
const ATTEMPTS = 3;

/** Figures of one path in one turn. */
export type Measured = Readonly<{
  /** TCP payload, one connection, Gbit/s. */
  gbits: number;
  /** TCP round trip of one byte there and back, microseconds. */
  tcpRoundTripUs: number;
  /** ICMP echo, mean of 400, microseconds. */
  pingUs: number;
  /** UDP datagrams of 64 bytes that arrived, per second. */
  packetsPerSecond: number;
}>;

export function measure(lab: Lab, path: Path, seconds: number): Promise<Measured> {
  return withServers(lab, path, async () => {
    const gbits = await received(path, seconds);
    const udp = await ended(path, [
      ...['--udp', '--bitrate', '0', '--length', '64'],
      ...['--time', String(seconds)],
    ]);
    return {
      gbits,
      tcpRoundTripUs: await tcpRoundTrip(path, seconds),
      pingUs: await ping(path),
      packetsPerSecond: arrived(udp) / seconds,
    };
  });
}

/** As `gbits` of `measure`, alone. */
export function throughput(lab: Lab, path: Path, seconds: number): Promise<number> {
  return withServers(lab, path, () => received(path, seconds));
}

/** The far ends' servers, one path at a time: they listen on the same ports in different namespaces. */
async function withServers<T>(lab: Lab, path: Path, ask: () => Promise<T>): Promise<T> {
  const log = join(lab.plan.folder, 'bench-network.log');
  const servers = [
    runDetached(path.far(['iperf3', '--server', '--port', String(IPERF_PORT)]), { log }),
    runDetached(path.far(['qperf']), { log }),
  ];
  try {
    await until(
      `an answer of iperf3 at ${path.address}`,
      async () => ((await iperf(path, ['--time', '1'], true)) === undefined ? undefined : true),
      { timeoutMs: 15_000, everyMs: 300 },
    );
    return await ask();
  } finally {
    await killAll(servers);
  }
}

async function received(path: Path, seconds: number): Promise<number> {
  const tcp = await ended(path, ['--time', String(seconds)]);
  return (tcp.end.sum_received?.bits_per_second ?? Number.NaN) / 1e9;
}

type Iperf = Readonly<{
  /** It may end with 0 all the same, and have no sums. */
  error?: string;
  end: Readonly<{
    sum_received?: Readonly<{ bits_per_second: number }>;
    sum?: Readonly<{ packets: number; lost_packets: number }>;
  }>;
}>;

/** On a busy machine its two ends may miss each other's results: it is run again then. */
async function ended(path: Path, options: readonly string[]): Promise<Iperf> {
  let said = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const one = await iperf(path, options);
    if (one?.end.sum_received !== undefined || one?.end.sum !== undefined) return one;
    said = one?.error ?? 'no reason';
  }
  throw new Error(`${path.name}: iperf3 ${options.join(' ')} has ended without a result: ${said}`);
}

function arrived(udp: Iperf): number {
  const { packets, lost_packets } = udp.end.sum ?? { packets: Number.NaN, lost_packets: 0 };
  return packets - lost_packets;
}

async function iperf(path: Path, options: readonly string[], mayFail = false): Promise<Iperf | undefined> {
  const argv = ['iperf3', '--client', path.address, '--port', String(IPERF_PORT), '--json', ...options];
  const { code, stdout, stderr } = await tryRun(path.near(argv));
  if (code === 0) return JSON.parse(stdout) as Iperf;
  if (mayFail) return undefined;
  throw new Error(`${path.name}: iperf3 ${options.join(' ')}: exit ${code}: ${stderr || stdout}`);
}

/** qperf's tcp_lat is the time of one way: half of a round trip (qperf(1)). */
async function tcpRoundTrip(path: Path, seconds: number): Promise<number> {
  const argv = ['qperf', '--time', String(seconds), '--unify_units', path.address, 'tcp_lat'];
  const shown = await runCommand(path.near(argv));
  const [, value, unit = ''] = /latency\s*=\s*([\d.]+)\s*(\w+)/.exec(shown) ?? [];
  const factor = { ns: 1e-3, us: 1, ms: 1e3, sec: 1e6 }[unit];
  if (value === undefined || factor === undefined)
    throw new Error(`${path.name}: qperf said "${shown.trim()}", which has no latency`);
  return 2 * Number(value) * factor;
}

async function ping(path: Path): Promise<number> {
  const shown = await runCommand(path.near(['ping', '-q', '-c', '400', '-i', '0.005', path.address]));
  const [, average] = /= [\d.]+\/([\d.]+)\//.exec(shown) ?? [];
  if (average === undefined) throw new Error(`${path.name}: ping said "${shown}", which has no times`);
  return Number(average) * 1000;
}
