import { beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../kit/clock.fixture.ts';
import { silentLogger } from '../../kit/logger.ts';
import { Suspicions } from './suspicions.ts';
import type { Sighting } from './witnesses.ts';

const LOOK_MS = 350;

let clock: FakeClock;
let heard: Map<string, number>;
let sight: Sighting;
let known: boolean;
let looks: number;
/** Hosts that answer when they are called. */
let alive: Set<string>;
let dead: Map<string, number>;
let settings: { downAfterMs: number; downConfirmedAfterMs: number; failoverMaxShare: number };
let suspicions: Suspicions;

beforeEach(() => {
  clock = new FakeClock();
  heard = new Map(['a', 'b', 'c', 'd'].map((id) => [id, clock.now()]));
  sight = 'unseen';
  known = true;
  looks = 0;
  alive = new Set(['b', 'c', 'd']);
  dead = new Map();
  settings = { downAfterMs: 5_000, downConfirmedAfterMs: 1_500, failoverMaxShare: 0.5 };
  suspicions = new Suspicions({
    witnesses: {
      known: () => known,
      look: async () => {
        looks++;
        await clock.sleep(LOOK_MS);
        return sight;
      },
      call: (without) => {
        const called = [...heard.keys()].filter((id) => id !== without);
        for (const id of called) if (alive.has(id)) heard.set(id, clock.now());
        return called;
      },
    },
    clock,
    logger: silentLogger,
    settings: () => settings,
    lastHeardAt: (id) => heard.get(id),
    onDead: (id) => dead.set(id, clock.now() - (heard.get(id) ?? 0)),
  });
  return () => suspicions.close();
});

it('takes a host that nobody sees for dead, once its silence has lasted the confirmed time', async () => {
  await clock.advance(1_150);
  suspicions.suspect('a');
  await clock.advance(1_000);
  expect([...dead]).toEqual([['a', 1_500]]);
});

it('waits for the confirmed time, looking again', async () => {
  settings.downConfirmedAfterMs = 2_500;
  await clock.advance(1_150);
  suspicions.suspect('a');
  await clock.advance(3_000);
  expect(dead.get('a')).toBeGreaterThanOrEqual(2_500);
  expect(dead.get('a')).toBeLessThanOrEqual(2_500 + LOOK_MS);
  expect(looks).toBeGreaterThan(1);
});

it.each(['seen', 'unknown'] as const)(
  'leaves one that is %s to its silence, and looks again',
  async (word) => {
    sight = word;
    await clock.advance(1_150);
    suspicions.suspect('a');
    await clock.advance(10_000);
    expect(dead.size).toBe(0);
    expect(looks).toBeGreaterThan(3);
    expect(looks).toBeLessThan(8);
  },
);

it('finds out one whose machine goes a little later than its agent', async () => {
  sight = 'seen';
  suspicions.suspect('a');
  await clock.advance(1_000);
  sight = 'unseen';
  await clock.advance(2_000);
  expect(dead.get('a')).toBeGreaterThanOrEqual(1_500);
});

it('believes whoever is heard meanwhile', async () => {
  await clock.advance(1_150);
  suspicions.suspect('a');
  await clock.advance(200);
  heard.set('a', clock.now());
  await clock.advance(3_000);
  expect(dead.size).toBe(0);
  expect(looks).toBe(1);
});

it('does not believe it where more than the allowed share of the hosts does not answer either', async () => {
  alive = new Set(['d']);
  await clock.advance(1_150);
  suspicions.suspect('a');
  await clock.advance(10_000);
  expect(dead.size).toBe(0);
});

it('believes it where as many as allowed do not answer', async () => {
  alive = new Set(['c', 'd']);
  await clock.advance(1_150);
  suspicions.suspect('a');
  await clock.advance(1_000);
  expect(dead.has('a')).toBe(true);
});

it('asks once for each silence where nobody can tell', async () => {
  known = false;
  for (let i = 0; i < 20; i++) {
    suspicions.suspect('a');
    await clock.advance(100);
  }
  expect(looks).toBe(0);
  known = true;
  suspicions.suspect('a');
  await clock.advance(100);
  expect(looks).toBe(0);
  heard.set('a', clock.now());
  suspicions.suspect('a');
  await clock.advance(100);
  expect(looks).toBe(1);
});

it('can be switched off', async () => {
  settings.downConfirmedAfterMs = settings.downAfterMs;
  suspicions.suspect('a');
  await clock.advance(10_000);
  expect(dead.size).toBe(0);
  expect(looks).toBe(0);
});

it('does nothing once it is closed, or the host was removed', async () => {
  suspicions.suspect('a');
  heard.delete('a');
  await clock.advance(3_000);
  suspicions.suspect('b');
  suspicions.close();
  await clock.advance(3_000);
  suspicions.suspect('c');
  await clock.advance(3_000);
  expect(dead.size).toBe(0);
});
