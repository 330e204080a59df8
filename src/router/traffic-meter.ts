import { TIME_BOUNDS, type Traffic } from '../model/traffic.ts';
import { routeIn, type SpareRoutes } from './layout.ts';
import type { ResponseTimes } from './response-times.ts';

/** Columns of `show stat` (management.txt, section 9.1), in the order of `Line.counts`. */
const COLUMNS = [
  ...['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'],
  ...['stot', 'econ', 'eresp', 'bin', 'bout'],
] as const;
const CLASSES = 6;
const NO_TIMES: readonly number[] = [...TIME_BOUNDS, 0].map(() => 0);

/** One backend or server of a route. */
type Line = Readonly<{
  kind: 'http' | 'tcp';
  route: string;
  /** Undefined: the backend, which has its servers in it, those too that were deleted, and what the router answered itself. */
  pool: string | undefined;
  counts: readonly number[];
}>;

/**
 * From counters, which begin anew with each worker, to what has gone through since they were read last. What an old worker
 * ends after a reload is in nobody's counters any more.
 */
export class TrafficMeter {
  /** Of which worker the counters are; undefined before the first reading. */
  private life: string | undefined;
  private lines: ReadonlyMap<string, Line> = new Map();

  /**
   * @param answer of `show stat` for backends and servers, as CSV
   * @param times since they were read last
   * @param spares as that worker has them
   * @returns of each route and pool through which something went; nothing at the first reading, as nobody knows when that was
   */
  take(
    life: string,
    answer: string,
    times: readonly ResponseTimes[],
    spares: SpareRoutes,
  ): readonly Traffic[] {
    const lines = readLines(answer, spares);
    const first = this.life === undefined;
    // A worker that was not known has begun since the last reading.
    const before = this.life === life ? this.lines : new Map<string, Line>();
    this.life = life;
    this.lines = lines;
    const sums = new Map<string, { traffic: Line; counts: number[]; times: readonly number[] }>();
    const sumOf = (line: Line) => {
      const key = `${line.kind}:${line.route}:${line.pool ?? ''}`;
      const sum = sums.get(key) ?? { traffic: line, counts: COLUMNS.map(() => 0), times: NO_TIMES };
      sums.set(key, sum);
      return sum;
    };
    for (const [key, line] of lines) {
      const more = since(before.get(key)?.counts, line.counts);
      if (more.every((count) => count === 0)) continue;
      const { counts } = sumOf(line);
      more.forEach((count, i) => {
        counts[i] = (counts[i] ?? 0) + count;
      });
    }
    for (const { backend, pool, counts } of times) {
      const found = routeIn(backend, spares);
      if (found === undefined) continue;
      const sum = sumOf({ ...found, pool, counts: [] });
      sum.times = sum.times.map((count, i) => count + (counts[i] ?? 0));
    }
    return first ? [] : [...sums.values()].map(trafficOf);
  }
}

/** A counter that has become smaller belongs to a server that was deleted and added again. */
function since(before: readonly number[] | undefined, now: readonly number[]): readonly number[] {
  if (before === undefined || now.some((count, i) => count < (before[i] ?? 0))) return now;
  return now.map((count, i) => count - (before[i] ?? 0));
}

function readLines(answer: string, spares: SpareRoutes): ReadonlyMap<string, Line> {
  const [head = '', ...rows] = answer.split('\n');
  const names = head.replace(/^# /, '').split(',');
  const columns = COLUMNS.map((name) => names.indexOf(name));
  const lines = new Map<string, Line>();
  for (const row of rows) {
    const fields = row.split(',');
    const [backend = '', server = ''] = fields;
    const found = routeIn(backend, spares);
    if (found === undefined) continue;
    const pool = server === 'BACKEND' ? undefined : server.split(':', 1)[0];
    const counts = columns.map((column) => Number(fields[column] || 0));
    lines.set(`${backend} ${server}`, { ...found, pool, counts });
  }
  return lines;
}

function trafficOf({
  traffic: { kind, route, pool },
  counts,
  times,
}: Readonly<{ traffic: Line; counts: readonly number[]; times: readonly number[] }>): Traffic {
  const [sessions = 0, econ = 0, eresp = 0, bytesIn = 0, bytesOut = 0] = counts.slice(CLASSES);
  return {
    ...{ kind, route, responses: counts.slice(0, CLASSES), sessions, failures: econ + eresp },
    ...{ bytesIn, bytesOut, times: [...times] },
    ...(pool === undefined ? {} : { pool }),
  };
}
