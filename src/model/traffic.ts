import { z } from 'zod';

/** Upper bounds of response times in milliseconds; the last bucket has what is above. */
export const TIME_BOUNDS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 2000, 5000, 10_000,
];
/** Status 1xx to 5xx, then others. */
export const STATUS_CLASSES = 6;
const SERVER_ERRORS = 4;

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** What has gone through a route of one router within some time. */
export const trafficSchema = z.object({
  kind: z.enum(['http', 'tcp']),
  /** ID of the route. */
  route: z.string().min(1).max(64),
  /** ID of the pool that answered; left out: all that came for the route, the router's own answers too. */
  pool: z.string().min(1).max(64).optional(),
  /** By class of status; of `tcp` all are 0. */
  responses: z.array(count).length(STATUS_CLASSES),
  /** Requests that began; of `tcp` connections. */
  sessions: count,
  /** Attempts at containers that could not be reached, or broke off. */
  failures: count,
  bytesIn: count,
  bytesOut: count,
  /** Response times by `TIME_BOUNDS`: of all requests, or of a share of them. Of pools only. */
  times: z.array(count).length(TIME_BOUNDS.length + 1),
});
export type Traffic = Readonly<z.infer<typeof trafficSchema>>;

/** A server that a router has asked, and that does not answer as it should: nothing goes there. */
export const failingServerSchema = z.object({
  kind: z.enum(['http', 'tcp']),
  /** ID of the route. */
  route: z.string().min(1).max(64),
  /** Of a target by name the name. */
  address: z.string().max(253),
  port: z.number().int().min(0).max(65_535),
  /** In a few words. */
  why: z.string().max(200),
});
export type FailingServer = Readonly<z.infer<typeof failingServerSchema>>;

/** What went through in a window of time, over all routers. */
export type AccessSummary = Readonly<{
  /** The time that it is of, milliseconds: what was asked for, in whole slots. */
  windowMs: number;
  /** HTTP requests that were answered, or connections. */
  requests: number;
  /** Those that ended with a server's error (5xx), or found no container. */
  errors: number;
  requestsPerSecond: number;
  /** 0 to 1; 0 where there were no requests. */
  errorRate: number;
  /** By class of status. */
  responses: readonly number[];
  bytesIn: number;
  bytesOut: number;
  /** Milliseconds until responses began; undefined where none was measured. */
  p50: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
  /** Names of ingress hosts that have not reported throughout the window: their requests are not in it. */
  missing: readonly string[];
}>;

/** What routers have counted, as the manager sees it. Nothing of it is on a disk: a manager that starts begins anew. */
export interface AccessFigures {
  /**
   * @param service STACK/NAME
   * @param release its number; undefined: all that came for the service, with what the router answered itself
   * @param windowMs so many milliseconds, up to `MOST_WINDOW_MS`, up to the last report of all routers that report
   * @param since nothing of before it counts, milliseconds since the epoch
   */
  of(service: string, release: number | undefined, windowMs: number, since?: number): AccessSummary;
}

/** Longest window that figures are kept for, milliseconds. */
export const MOST_WINDOW_MS = 30 * 60_000;

/** What a summary is made from: sums over routers. */
export type TrafficSums = Pick<
  Traffic,
  'responses' | 'sessions' | 'failures' | 'bytesIn' | 'bytesOut' | 'times'
>;

/**
 * @param ofPool attempts at containers that failed count as errors: the router may have answered with another container, or
 *   itself; of a whole route only what its clients were told counts
 */
export function summaryOf(
  { responses, sessions, failures, bytesIn, bytesOut, times }: TrafficSums,
  { windowMs, ofPool, missing }: Pick<AccessSummary, 'windowMs' | 'missing'> & Readonly<{ ofPool: boolean }>,
): AccessSummary {
  const answered = total(responses);
  // Of connections there are no responses.
  const requests = answered === 0 ? Math.max(sessions, failures) : answered + (ofPool ? failures : 0);
  const broken = answered === 0 || ofPool ? failures : 0;
  const errors = Math.min(requests, (responses[SERVER_ERRORS] ?? 0) + broken);
  return {
    ...{ windowMs, requests, errors, responses, bytesIn, bytesOut, missing },
    requestsPerSecond: windowMs === 0 ? 0 : (requests * 1000) / windowMs,
    errorRate: requests === 0 ? 0 : errors / requests,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
  };
}

/**
 * Milliseconds below which that share of the responses began, between the bounds of its bucket in proportion; at most the
 * last bound. Undefined where there are none.
 */
export function percentile(times: readonly number[], share: number): number | undefined {
  const all = total(times);
  if (all === 0) return undefined;
  let rest = all * share;
  for (const [i, inBucket] of times.entries()) {
    const high = TIME_BOUNDS[i];
    if (high === undefined) break;
    if (inBucket > 0 && rest <= inBucket) {
      const low = TIME_BOUNDS[i - 1] ?? 0;
      return low + ((high - low) * rest) / inBucket;
    }
    rest -= inBucket;
  }
  return TIME_BOUNDS.at(-1);
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, one) => sum + one, 0);
}
