import { run as runCommand } from '../../test/lab/run.ts';

/** What wrk saw of one proxy for some seconds. */
export type Load = Readonly<{ requests: number; perSecond: number; p99Ms: number }>;

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** @throws Error where there was an answer other than 2xx or 3xx, or none: such a figure says nothing */
export async function load(url: string, host: string, connections: number, seconds: number): Promise<Load> {
  const said = await runCommand(
    [
      ...['wrk', '--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`],
      ...['--latency', '--header', `Host: ${host}`, url],
    ],
    { timeoutMs: (seconds + 30) * 1000 },
  );
  const wrong = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(said)?.[0];
  if (wrong !== undefined) throw new Error(`${url}: ${wrong}`);
  const [, p99 = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(said) ?? [];
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]);
  const requests = Number(/(\d+) requests in/.exec(said)?.[1]);
  const p99Ms = Number(p99) * (UNITS[unit] ?? Number.NaN);
  if (!(requests > 0) || !(perSecond > 0) || !(p99Ms >= 0))
    throw new Error(`wrk said something else than before: ${said}`);
  return { requests, perSecond, p99Ms };
}
