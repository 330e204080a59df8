import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackRows } from '../../contract/figure-rows.ts';
import { type AgentFrame, agentFrameSchema, FIGURES_VERSION } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { CONTAINER_ROW, figuresOf, HOST_ROW, rowOf } from '../../model/figures.ts';
import type { Counters } from './counters.ts';
import { FigureReports } from './figure-reports.ts';
import type { Machine } from './machine-figures.ts';
import type { Reading, Readings } from './readings.ts';

type Frame = AgentFrame & { t: 'figures' };
const WIDTH = CONTAINER_ROW.length + 1;

let containers: ObservedContainer[];
let counters: Map<string, Partial<Counters>>;
let lost: Set<string>;
let looks: number;
let next: (() => void) | undefined;
let told: Frame[];
let reports: FigureReports;

const observed = (engineId: string, clusterId?: string) =>
  ({
    ...{ engineId, clusterId, state: { status: 'running', startedAt: 1 } },
    ...{ reservation: { cpuMilli: 500 }, networkMode: 'bridge' },
  }) as unknown as ObservedContainer;
const HOST = Object.fromEntries(HOST_ROW.map((name, i) => [name, i])) as ReturnType<Machine['look']>;

beforeEach(() => {
  containers = [observed('e1', 'c1'), observed('e2')];
  counters = new Map();
  lost = new Set();
  looks = 0;
  told = [];
  const readings = {
    keep: () => undefined,
    locate: async ({ engineId }: ObservedContainer) => {
      if (lost.has(engineId)) throw new Error('not to be seen');
    },
    take: ({ engineId }: ObservedContainer): Reading | undefined => {
      if (lost.has(engineId)) return undefined;
      const base = { cpu: 0, memory: 10, memoryLimit: 100, received: 0, sent: 0 };
      const disk = { diskRead: Number.NaN, diskWrite: 0, pids: 1 };
      const own = counters.get(engineId) ?? {};
      return { run: 'r', at: looks * 5_000, counters: { ...base, ...disk, ...own } };
    },
  } as unknown as Readings;
  reports = new FigureReports({
    readings,
    machine: { look: () => (looks === 0 ? undefined : HOST) } as unknown as Machine,
    containers: () => containers,
    logger: silentLogger,
    clock: {
      now: () => 0,
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          looks++;
          next = resolve;
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
  });
  const send = (frame: Frame) =>
    told.push(agentFrameSchema.parse(JSON.parse(JSON.stringify(frame))) as Frame);
  reports.attach(send, FIGURES_VERSION);
  reports.start();
});
afterEach(() => reports.close());

async function look(): Promise<Frame | undefined> {
  const before = told.length;
  const resume = next;
  next = undefined;
  resume?.();
  await expect.poll(() => next !== undefined).toBe(true);
  return told[before];
}
const rowsOf = (frame: Frame | undefined) => {
  const numbers = [...(unpackRows(frame?.rows ?? '', WIDTH) ?? [])];
  const count = numbers.length / WIDTH;
  return Array.from({ length: count }, (_, i) => {
    const [place, ...row] = numbers.slice(i * WIDTH, (i + 1) * WIDTH);
    return { place, ...figuresOf(CONTAINER_ROW, row) };
  });
};

it('tell from the second look on, then only what is another', async () => {
  await expect.poll(() => told).toHaveLength(1);
  // None is told of, which is not nothing: what a manager knew of before does not run any more.
  expect(told[0]).toEqual({ t: 'figures', containers: [], rows: '' });
  counters.set('e1', { cpu: 2_500_000 });
  const second = await look();
  expect(second?.containers).toEqual(['c1', 'e2']);
  expect([...(unpackRows(second?.host ?? '', HOST_ROW.length) ?? [])]).toEqual(
    rowOf(HOST_ROW, HOST ?? ({} as never)),
  );
  expect(rowsOf(second)).toMatchObject([
    { place: 0, cpu: 0.5, memory: 10, pids: 1, coreLimit: 0.5, memoryLimit: 100, diskRead: Number.NaN },
    { place: 1, cpu: 0 },
  ]);
  expect(reports.latest.containers.map(({ figures }) => figures.cpu)).toEqual([0.5, 0]);
  const third = await look();
  expect(third?.containers).toBeUndefined();
  expect(rowsOf(third)).toMatchObject([{ place: 0, cpu: 0 }]);
  expect((await look())?.rows).toBe('');
});

it('tell all anew where there are others, and to another manager', async () => {
  await look();
  containers = [observed('e2'), observed('e3', 'c3')];
  await look();
  const frame = await look();
  expect(frame?.containers).toEqual(['e2', 'c3']);
  expect(rowsOf(frame)).toHaveLength(2);
  told = [];
  reports.attach((one) => told.push(one), FIGURES_VERSION);
  await look();
  expect(told[0]?.containers).toEqual(['e2', 'c3']);
  expect(rowsOf(told[0])).toHaveLength(2);
});

it('leave out what cannot be read, and what does not run', async () => {
  await look();
  lost.add('e1');
  expect((await look())?.containers).toEqual(['e2']);
  containers = [{ ...observed('e2'), state: { status: 'exited' } } as ObservedContainer];
  expect((await look())?.containers).toEqual([]);
});

it('are not for managers that know nothing of them, and are made all the same', async () => {
  await look();
  told = [];
  reports.attach((one) => told.push(one), FIGURES_VERSION - 1);
  await look();
  expect(told).toEqual([]);
  expect(reports.latest.machine).toBe(HOST);
});
