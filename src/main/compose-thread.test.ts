import { afterEach, expect, it } from 'vitest';
import type { SentStack } from '../compose/sent.ts';
import { ComposeThread } from './compose-thread.ts';

let thread: ComposeThread | undefined;
afterEach(() => thread?.close());

function sent(text: string): SentStack {
  const files = [{ path: 'compose.yaml', text }];
  const source = { folder: '/srv/shop', compose: ['compose.yaml'], files, variables: '', profiles: [] };
  return { name: 'shop', source, contents: [], kept: [] };
}
const GOOD = sent('services: { web: { image: web } }\n');

it('reads in another thread, as the same thread would', async () => {
  thread = new ComposeThread();
  const ticks: number[] = [];
  const timer = setInterval(() => ticks.push(performance.now()), 1);
  const many = Array.from({ length: 900 }, (_, i) => `  s${i}: { image: web, labels: { a: b } }`).join('\n');
  const answers = await Promise.all([
    thread.read(GOOD, 'ann'),
    thread.read(sent(`services:\n${many}\n`), 'ann'),
  ]);
  clearInterval(timer);
  expect(answers.map((one) => one.ok && one.stack.services.length)).toEqual([1, 900]);
  expect(ticks.length).toBeGreaterThan(5);
});

it('answers to bombs as to other mistakes', async () => {
  thread = new ComposeThread();
  const laughs = Array.from(
    { length: 9 },
    (_, i) => `x-${i + 1}: &l${i + 1} [${i === 0 ? 'lol' : Array(9).fill(`*l${i}`).join(', ')}]`,
  ).join('\n');
  const large = `services: { web: { image: "${'x'.repeat(1024 * 1024)}" } }`;
  const deep = `x-a: ${'['.repeat(5000)}${']'.repeat(5000)}`;
  for (const [text, message] of [
    [laughs, 'with each alias written out'],
    [large, 'at most 1048576 are read'],
    [deep, 'deep within each other'],
  ] as const) {
    const answer = await thread.read(sent(text), 'ann');
    expect(answer.ok ? [] : answer.problems.map((one) => one.message)).toEqual([
      expect.stringContaining(message),
    ]);
  }
});

it('ends a thread that takes too long, and goes on with another one', async () => {
  thread = new ComposeThread({ readMs: 1 });
  await expect(thread.read(GOOD, 'ann')).rejects.toMatchObject({ code: 'timeout' });
  thread = new ComposeThread();
  expect(await thread.read(GOOD, 'ann')).toMatchObject({ ok: true });
});

it('lets one user take no other one’s place', async () => {
  thread = new ComposeThread();
  const all = Array.from({ length: 40 }, () => thread?.read(GOOD, 'ann'));
  const others = thread.read(GOOD, 'bob');
  const results = await Promise.allSettled(all);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(31);
  expect(await others).toMatchObject({ ok: true });
});
