import { afterEach, expect, it } from 'vitest';
import { type AgentFrame, agentFrameSchema, MAX_TRAFFIC, TRAFFIC_VERSION } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import { type FailingServer, TIME_BOUNDS, type Traffic } from '../../model/traffic.ts';
import { TrafficReports } from './traffic-reports.ts';

type Taken =
  | Readonly<{ traffic: readonly Traffic[]; failing: readonly FailingServer[]; tookMs: number }>
  | undefined;
const traffic = (good: number): Traffic => ({
  ...{ kind: 'http', route: 'a', responses: [0, good, 0, 0, 0, 0], sessions: good, failures: 0 },
  ...{ bytesIn: 1, bytesOut: 1, times: [...TIME_BOUNDS, 0].map(() => 0) },
});

let reports: TrafficReports;
afterEach(() => reports.detach());

/** Tells `takes` one after the other; each sleep of the reporter is over when the test says so. */
function start(takes: readonly (Taken | Error)[], version = TRAFFIC_VERSION) {
  const frames: (AgentFrame & { t: 'traffic' })[] = [];
  const slept: number[] = [];
  let next = 0;
  let now = 0;
  reports = new TrafficReports({
    take: async () => {
      const taken = takes[next++];
      if (taken instanceof Error) throw taken;
      return taken;
    },
    clock: {
      now: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          slept.push(ms);
          now += ms;
          if (slept.length < takes.length) setImmediate(resolve);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
    logger: silentLogger,
  });
  reports.attach((frame) => frames.push(frame), version);
  return { frames, slept, taken: () => next };
}

it('tells what has come since a manager listens, where nothing has as well, and not what came before', async () => {
  const took = (count: number, tookMs = 1): Taken => ({
    traffic: count === 0 ? [] : [traffic(count)],
    failing: [],
    tookMs,
  });
  const { frames, slept } = start([
    took(99),
    took(5),
    took(0),
    undefined,
    new Error('gone'),
    took(7, 900),
    took(6, 900),
    took(4, 400),
    took(3, 900),
    took(1),
  ]);
  await expect.poll(() => slept.length).toBe(10);
  expect(frames.map(({ ms, traffic: all }) => [ms, all.map(({ responses }) => responses[1])])).toEqual([
    [2_000, [5]],
    [2_000, []],
    // Of the time in which nobody could be asked it says nothing.
    [2_000, [7]],
    // One reading that takes long says nothing: the machine did something else.
    [2_000, [6]],
    [2_000, [4]],
    // What takes long each time is read less often: in 2 % of the time.
    [20_000, [3]],
    [20_000, [1]],
  ]);
  for (const frame of frames) agentFrameSchema.parse(frame);
});

it('is in frames of a size that a manager takes, and for one that knows it only', async () => {
  const many = { traffic: Array.from({ length: MAX_TRAFFIC + 1 }, () => traffic(1)), failing: [], tookMs: 1 };
  const { frames, slept } = start([undefined, many]);
  await expect.poll(() => slept.length).toBe(2);
  expect(frames.map((frame) => frame.traffic.length)).toEqual([MAX_TRAFFIC, 1]);
  const old = start([many, many], TRAFFIC_VERSION - 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(old.taken()).toBe(0);
});
