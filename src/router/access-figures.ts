/** What went through a route to one of its pools, since the worker began: each reload begins anew, as a restart does. */
export type AccessFigures = Readonly<{
  kind: 'http' | 'tcp';
  route: string;
  /** Undefined: what the router answered itself (limits, redirects, no container). */
  pool: string | undefined;
  /** Of status 1xx to 5xx, then others; of `tcp` all are 0. */
  responses: readonly number[];
  /** Requests; of `tcp` connections. */
  sessions: number;
  /** Containers that could not be reached, or broke off. */
  failures: number;
  bytesIn: number;
  bytesOut: number;
}>;

/** Columns of `show stat` (management.txt, section 9.1), in the order of the sums below. */
const COLUMNS = [
  ...['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'],
  ...['stot', 'econ', 'eresp', 'bin', 'bout'],
] as const;
const CLASSES = 6;

type Sum = Readonly<{ kind: 'http' | 'tcp'; route: string; pool: string | undefined; counts: number[] }>;

/** Of `show stat` for backends and servers, as CSV. Servers of a pool are added up, those of canaries' backends as well. */
export function readFigures(answer: string): readonly AccessFigures[] {
  const [head = '', ...lines] = answer.split('\n');
  const names = head.replace(/^# /, '').split(',');
  const columns = COLUMNS.map((name) => names.indexOf(name));
  const sums = new Map<string, Sum>();
  for (const line of lines) {
    const fields = line.split(',');
    const [kind, route] = (fields[0] ?? '').split(':');
    if ((kind !== 'http' && kind !== 'tcp') || route === undefined) continue;
    const [, server = ''] = fields;
    const counts = columns.map((column) => Number(fields[column] || 0));
    const backend = sumOf(sums, kind, route, undefined);
    if (server === 'BACKEND') {
      add(backend, counts, 1);
      continue;
    }
    // A backend's own line has its servers in it.
    add(backend, counts, -1);
    add(sumOf(sums, kind, route, server.split(':', 1)[0]), counts, 1);
  }
  return [...sums.values()].map(figuresOf);
}

function sumOf(sums: Map<string, Sum>, kind: 'http' | 'tcp', route: string, pool: string | undefined): Sum {
  const key = `${kind}:${route}:${pool ?? ''}`;
  const sum = sums.get(key) ?? { kind, route, pool, counts: COLUMNS.map(() => 0) };
  sums.set(key, sum);
  return sum;
}

function add({ counts }: Sum, more: readonly number[], sign: 1 | -1): void {
  more.forEach((count, i) => {
    counts[i] = (counts[i] ?? 0) + sign * count;
  });
}

function figuresOf({ kind, route, pool, counts }: Sum): AccessFigures {
  const [sessions = 0, econ = 0, eresp = 0, bytesIn = 0, bytesOut = 0] = counts.slice(CLASSES);
  const responses = counts.slice(0, CLASSES);
  // Servers that were deleted are still in their backend's sums, and a server's retries are not.
  const own = (count: number) => Math.max(0, count);
  return {
    ...{
      kind,
      route,
      pool,
      responses: responses.map(own),
      sessions: own(sessions),
      failures: own(econ + eresp),
    },
    ...{ bytesIn: own(bytesIn), bytesOut: own(bytesOut) },
  };
}
