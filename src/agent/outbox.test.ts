import { afterEach, expect, it } from 'vitest';
import type { AgentFrame } from '../contract/link.ts';
import type { ObservedContainer } from '../model/container.ts';
import type { ObservedImage } from '../model/objects.ts';
import { framesOfFull, Outbox } from './outbox.ts';

const container = (engineId: string, clusterId?: string) => ({ engineId, clusterId }) as ObservedContainer;
const image = (imageId: string) => ({ imageId }) as ObservedImage;
const NOTHING = { containers: [], images: [], networks: [], volumes: [] };
const result = (id: string) => ({ id, generation: 1 });
const event = (name: string) => ({
  Type: 'container',
  Action: name,
  Actor: { ID: 'x' },
  time: 1,
  timeNano: 1,
});
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

let outbox: Outbox;
let frames: AgentFrame[];
function open(): void {
  frames = [];
  outbox.open((frame) => frames.push(frame), NOTHING);
  frames = frames.filter(({ t }) => t !== 'full');
}
function fresh(): void {
  outbox = new Outbox();
}
afterEach(() => outbox.close());

it('sends a result at once, beside every observation that was told before', async () => {
  fresh();
  open();
  outbox.add({ kind: 'containers', changed: [container('a')], gone: [] });
  outbox.add({ kind: 'containers', changed: [container('b')], gone: ['a'] });
  outbox.add({ kind: 'images', changed: [image('i')], gone: [] });
  outbox.addResult(result('1'));
  outbox.addResult(result('2'));
  await turn();
  expect(frames).toEqual([
    {
      t: 'report',
      containers: [container('b')],
      gone: { containers: ['a'] },
      images: [image('i')],
      results: [result('1'), result('2')],
    },
  ]);
});

it('puts results into the last of many reports', async () => {
  fresh();
  open();
  const many = Array.from({ length: 1200 }, (_, i) => container(`${i}`));
  outbox.add({ kind: 'containers', changed: many, gone: [] });
  outbox.addResult(result('1'));
  await turn();
  expect(frames).toHaveLength(3);
  const reports = frames.map((frame) => (frame.t === 'report' ? frame : undefined));
  expect(reports.map((report) => report?.results?.length)).toEqual([undefined, undefined, 1]);
  expect(reports.flatMap((report) => report?.containers ?? [])).toEqual(many);
});

it('keeps results and the last events while nobody listens, and forgets differences', async () => {
  fresh();
  outbox.add({ kind: 'containers', changed: [container('a')], gone: [] });
  outbox.addResult(result('1'));
  outbox.addEvents(Array.from({ length: 1500 }, (_, i) => event(`${i}`)));
  await turn();
  open();
  expect(frames[0]).toEqual({ t: 'report', results: [result('1')] });
  const events = frames.flatMap((frame) => (frame.t === 'events' ? frame.events : []));
  expect(events).toHaveLength(1000);
  expect(events.at(-1)?.Action).toBe('1499');
});

it('splits a very long full report, Berth’s containers first', () => {
  const mine = Array.from({ length: 3 }, (_, i) => container(`m${i}`, `c${i}`));
  const others = Array.from({ length: 700 }, (_, i) => container(`o${i}`));
  const images = Array.from({ length: 600 }, (_, i) => image(`i${i}`));
  const [full, ...more] = framesOfFull({ ...NOTHING, containers: [...others, ...mine], images });
  if (full?.t !== 'full') throw new Error();
  expect(full.containers.slice(0, 3)).toEqual(mine);
  const rest = more.flatMap((frame) => (frame.t === 'report' ? [frame] : []));
  expect(rest).toHaveLength(more.length);
  expect(full.more).toBe(true);
  expect(rest.map(({ last }) => last === true)).toEqual(rest.map((_, i) => i === rest.length - 1));
  expect([...full.containers, ...rest.flatMap(({ containers = [] }) => containers)]).toHaveLength(703);
  expect([...full.images, ...rest.flatMap(({ images: part = [] }) => part)]).toHaveLength(600);
});

it('bounds frames by bytes as well', () => {
  const large = Array.from({ length: 5 }, (_, i) => ({
    ...image(`i${i}`),
    labels: { a: 'x'.repeat(2_000_000) },
  }));
  const frames = framesOfFull({ ...NOTHING, images: large });
  expect(frames).toHaveLength(5);
});
