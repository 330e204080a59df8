import { beforeEach, describe, expect, it } from 'vitest';
import type { ManagerFrame } from '../../contract/link.ts';
import { FakeClock, settle } from '../../kit/clock.fixture.ts';
import { Witnesses } from './witnesses.ts';

const TURN = 500;
const REFRESH = 20_000;

/** Hosts by ID whose address is their ID; `lines` has who reaches whom, '' being the manager. */
class World {
  readonly clock = new FakeClock();
  readonly asked: { hostId: string; targets: readonly string[] }[] = [];
  readonly mute = new Set<string>();
  readonly cut = new Set<string>();
  readonly dead = new Set<string>();
  rtt = 1;
  readonly witnesses = new Witnesses({
    clock: this.clock,
    reach: async ({ host }) => this.answer('', host) ?? undefined,
  });

  add(...ids: string[]): void {
    for (const hostId of ids) this.addOne(hostId);
  }
  addOne(hostId: string, rest: { address?: string; here?: boolean } = {}): void {
    const send = (frame: ManagerFrame) => this.take(hostId, frame);
    this.witnesses.add({ hostId, address: hostId, here: false, send, ...rest });
  }
  /** After the first round of looks. */
  async well(): Promise<void> {
    await this.clock.advance(TURN);
  }
  async look(hostId: string): Promise<string> {
    const looking = this.witnesses.look(hostId);
    await this.clock.advance(5_000);
    return looking;
  }

  private answer(from: string, to: string): number | null {
    return this.dead.has(to) || this.cut.has(`${from}>${to}`) ? null : this.rtt;
  }
  private take(hostId: string, frame: ManagerFrame): void {
    if (frame.t !== 'probe') throw new Error(frame.t);
    const targets = frame.targets.map(({ host }) => host);
    this.asked.push({ hostId, targets });
    if (this.mute.has(hostId) || this.dead.has(hostId)) return;
    const answers = targets.map((target) => this.answer(hostId, target));
    queueMicrotask(() => this.witnesses.said(hostId, frame.id, answers));
  }
}

let world: World;
beforeEach(() => {
  world = new World();
  return () => world.witnesses.close();
});

describe('a host that cannot be reached any more', () => {
  it('is unseen where the manager and another host say so', async () => {
    world.add('a', 'b', 'c');
    await world.well();
    world.dead.add('a');
    expect(await world.look('a')).toBe('unseen');
    expect(await world.look('b')).toBe('seen');
  });

  it('is unseen with one other host only, where the manager agrees', async () => {
    world.add('a', 'b');
    await world.well();
    world.dead.add('a');
    expect(await world.look('a')).toBe('unseen');
  });

  it.each(['', 'b', 'c'])('is seen where "%s" reaches it still', async (observer) => {
    world.add('a', 'b', 'c');
    await world.well();
    for (const other of ['', 'b', 'c']) if (other !== observer) world.cut.add(`${other}>a`);
    expect(await world.look('a')).toBe('seen');
  });

  it('was unseen behind a firewall already: nobody can tell', async () => {
    world.add('a', 'b', 'c');
    for (const other of ['', 'b', 'c']) world.cut.add(`${other}>a`);
    await world.well();
    expect(world.witnesses.known('a')).toBe(false);
    expect(await world.look('a')).toBe('unknown');
    expect(world.witnesses.known('b')).toBe(true);
  });

  it('is judged by two neighbours where the manager never reached it', async () => {
    world.add('a', 'b', 'c');
    world.cut.add('>a');
    await world.well();
    world.dead.add('a');
    expect(await world.look('a')).toBe('unseen');
    world.mute.add('b');
    expect(await world.look('a')).toBe('unknown');
  });

  it('is not judged by the manager alone, nor by its own machine beside it', async () => {
    world.addOne('here', { here: true });
    world.add('a');
    await world.well();
    world.dead.add('a');
    expect(await world.look('a')).toBe('unknown');
    expect(world.asked.map(({ hostId }) => hostId)).not.toContain('here');
  });

  it('is not judged by a witness that reaches nobody at all', async () => {
    world.add('a', 'b', 'c');
    await world.well();
    // The lines of both witnesses are broken, and the manager's to a.
    for (const observer of ['b', 'c']) for (const to of ['a', 'b', 'c']) world.cut.add(`${observer}>${to}`);
    world.cut.add('>a');
    expect(await world.look('a')).toBe('unknown');
  });

  it('is not judged by witnesses that have lost their connection, or do not answer', async () => {
    world.add('a', 'b', 'c');
    await world.well();
    world.dead.add('a');
    world.witnesses.lost('b');
    world.mute.add('c');
    expect(await world.look('a')).toBe('unknown');
    world.addOne('b');
    expect(await world.look('a')).toBe('unseen');
  });

  it('still has those who saw it before, when it dies just before they look again', async () => {
    world.add('a', 'b', 'c');
    await world.well();
    world.dead.add('a');
    await world.clock.advance(REFRESH);
    expect(await world.look('a')).toBe('unseen');
  });

  it('is forgotten by those who saw it long ago', async () => {
    world.add('a', 'b', 'c');
    await world.well();
    world.dead.add('a');
    await world.clock.advance(3 * REFRESH);
    expect(world.witnesses.known('a')).toBe(false);
    expect(await world.look('a')).toBe('unknown');
  });

  it('has moved to another address: what was seen of the old one does not count', async () => {
    world.add('a', 'b', 'c');
    await world.well();
    world.addOne('a', { address: 'elsewhere' });
    expect(world.witnesses.known('a')).toBe(false);
  });
});

describe('a host that takes long to answer', () => {
  it('is given a multiple of what it took while it was well', async () => {
    world.rtt = 400;
    world.add('a', 'b', 'c');
    await world.well();
    world.dead.add('a');
    const began = world.clock.now();
    // Enough say so without it.
    world.mute.add('b');
    let told = 0;
    const looking = world.witnesses.look('a').then(() => {
      told = world.clock.now() - began;
    });
    await settle();
    await world.clock.advance(5_000);
    await looking;
    expect(told).toBe(3 * 400 + 100);
  });
});

it('asks each host for three neighbours only, however many there are', async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `h${i}`);
  world.add(...ids);
  await world.well();
  expect(world.asked).toHaveLength(40);
  for (const { hostId, targets } of world.asked) {
    expect(new Set(targets).size).toBe(3);
    expect(targets).not.toContain(hostId);
  }
  for (const id of ids) expect(world.witnesses.known(id)).toBe(true);
});

it('looks around for newcomers at once, and for few of many at a time afterwards', async () => {
  world.add(...Array.from({ length: 400 }, (_, i) => `h${1000 + i}`));
  await world.well();
  world.asked.length = 0;
  await world.clock.advance(TURN);
  expect(world.asked).toHaveLength(400 / (REFRESH / TURN));
  world.asked.length = 0;
  world.add('h1200x');
  await world.clock.advance(TURN);
  expect(world.witnesses.known('h1200x')).toBe(true);
  const about = world.asked.filter(({ targets }) => targets.includes('h1200x')).map(({ hostId }) => hostId);
  expect(about.sort()).toEqual(['h1198', 'h1199', 'h1200']);
  world.asked.length = 0;
  await world.clock.advance(REFRESH);
  expect(new Set(world.asked.map(({ hostId }) => hostId)).size).toBe(401);
  expect(world.asked.length).toBeLessThan(450);
});

it('calls a sample where there are many, and nobody who has lost the connection', async () => {
  world.add(...Array.from({ length: 1_200 }, (_, i) => `h${i}`));
  world.witnesses.lost('h3');
  const called = world.witnesses.call('h7');
  expect(called.length).toBeLessThanOrEqual(500);
  expect(called.length).toBeGreaterThan(490);
  expect(new Set(called).size).toBe(called.length);
  expect(called).not.toContain('h7');
  expect(called).not.toContain('h3');
  await settle();
});

it('takes no answer from a host that was not asked', async () => {
  world.add('a', 'b', 'c');
  await world.well();
  world.dead.add('a');
  const looking = world.witnesses.look('a');
  await settle();
  for (let id = 0; id < 100; id++) world.witnesses.said('a', id, [1]);
  await world.clock.advance(5_000);
  expect(await looking).toBe('unseen');
});
