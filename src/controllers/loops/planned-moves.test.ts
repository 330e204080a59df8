import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../kit/clock.fixture.ts';
import { BerthError } from '../../kit/errors.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Container } from '../../model/container.ts';
import type { ReleaseRecord } from '../../model/deployment.ts';
import type { Store } from '../../store/store.ts';
import { chooser, container, newCluster, placed, seenOn, setHost } from './cluster.fixture.ts';
import { Mover } from './mover.ts';
import { PlannedMoves } from './planned-moves.ts';

let store: Store;
let mover: Mover;
let moves: PlannedMoves;
/** What each host was given, in order: `a h1 stop`, `a h2 start`, `a h2 `. */
let given: string[] = [];
/** Steps at which the host refuses, as they are in `given`. */
let refuses: ReadonlySet<string> = new Set();
/** Until it resolves no host answers. */
let gate: Promise<void> = Promise.resolve();
/** Whether routers lead to no container that leaves. */
let isOut = true;
let clock: FakeClock;
/** Container and action of each event. */
let told: [string, string][] = [];

async function start(hosts: readonly string[], ...records: Container[]): Promise<void> {
  store = await newCluster(hosts);
  await store.update((tx) => {
    for (const record of records) {
      tx.put('containers', record);
      tx.put('observedContainers', seenOn(record.assigned.hostId, record.id));
    }
  });
  clock = new FakeClock();
  const deps = { store, placer: chooser, clock, logger: silentLogger };
  mover = new Mover({
    ...deps,
    tell: (_, { Actor, Action }) => told.push([Actor.ID, Action]),
    isOut: () => isOut,
    settled: async (id) => {
      const assigned = store.view((tx) => tx.get('containers', id)?.assigned);
      const step = `${id} ${assigned?.hostId} ${assigned?.moving?.phase ?? ''}`;
      given.push(step);
      await gate;
      if (refuses.has(step)) throw new BerthError('engine', 'the port is taken', { status: 500 });
    },
  });
  moves = new PlannedMoves({ ...deps, mover });
}

/** @returns what opens it again */
function closeGate(): () => void {
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}

afterEach(async () => {
  moves.close();
  mover.close();
  await store.close();
  given = [];
  told = [];
  refuses = new Set();
  gate = Promise.resolve();
  isOut = true;
});

const record = (id: string) => store.view((tx) => tx.get('containers', id));

describe('a drain', () => {
  it('stops each container on the old host, then starts it on the new one, and leaves the host cordoned', async () => {
    await start(
      ['h1', 'h2', 'h3'],
      container('a', 'h1', { labels: {} }),
      container('b', 'h1', { labels: {} }),
    );
    expect(moves.planDrain('h1').moves.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(placed(store)).toEqual({ a: 'h1', b: 'h1' });
    await moves.drain('h1');
    await settle();
    const { a, b } = placed(store);
    expect([a, b].sort()).toEqual(['h2', 'h3']);
    expect(given.filter((step) => step.startsWith('a'))).toEqual(['a h1 stop', `a ${a} start`]);
    expect(record('a')).toMatchObject({ name: 'name-a', desired: { state: 'running' } });
    expect(record('a')?.assigned.moving).toBeUndefined();
    expect(store.view((tx) => tx.get('hosts', 'h1')?.cordoned)).toBe(true);
    expect(moves.drainJob('h1')).toMatchObject({ state: 'done', waiting: [], stays: [] });
  });

  describe('of a container that routers lead to', () => {
    const routed = async () => {
      const service = { stack: 's', name: 'web', index: 1, release: 1 };
      await start(['h1', 'h2'], { ...container('a', 'h1', { labels: {} }), service });
      await store.update((tx) =>
        tx.put('releases', {
          ...{ kind: 'release-record', stack: 's', service: 'web', number: 1 },
          spec: { routes: [{ port: 80 }], listeners: [] },
        } as unknown as ReleaseRecord),
      );
      isOut = false;
      await moves.drain('h1');
      await settle();
      expect(given).toEqual([]);
      expect(record('a')).toMatchObject({
        ...{
          desired: { generation: 1 },
          assigned: { hostId: 'h1', moving: { hostId: 'h2', phase: 'drain' } },
        },
      });
    };

    it('stops it once they do so no more', async () => {
      await routed();
      isOut = true;
      await store.update((tx) =>
        tx.put('hostRouters', {
          ...{ kind: 'host-router', id: 'h2', serving: true, error: '', seq: 1, draining: [] },
        }),
      );
      await settle();
      expect(given).toEqual(['a h1 stop', 'a h2 start']);
      expect(record('a')?.assigned).toMatchObject({ hostId: 'h2' });
      expect(record('a')?.assigned.moving).toBeUndefined();
    });

    it('stops it all the same where they say nothing for long', async () => {
      await routed();
      await clock.advance(14_999);
      expect(given).toEqual([]);
      await clock.advance(1);
      expect(given).toEqual(['a h1 stop', 'a h2 start']);
    });
  });

  it('leaves what its service stops itself, and runs that are over', async () => {
    const of = (id: string, name: string, labels = {}) => ({
      ...container(id, 'h1', { labels }),
      service: { stack: 's', name, index: 1, release: 1 },
    });
    const again = of('c', 'web', { 'berth.restart': 'always' });
    await start(['h1', 'h2'], of('a', 'everywhere'), of('b', 'job'), again, of('d', 'web'));
    await store.update((tx) => {
      const put = (name: string, service: object) =>
        tx.put('services', {
          ...{ kind: 'service-record', stack: 's', name, scale: null, generation: 1, release: 1 },
          service: service as never,
        });
      put('everywhere', { scale: { kind: 'global' }, runs: { kind: 'service' } });
      put('job', { scale: { kind: 'replicated' }, runs: { kind: 'job' } });
      put('web', { scale: { kind: 'replicated' }, runs: { kind: 'service' } });
      for (const id of ['b', 'c', 'd']) {
        const seen = seenOn('h1', id);
        tx.put('observedContainers', { ...seen, state: { ...seen.state, status: 'exited' } });
      }
    });
    expect(moves.planDrain('h1').moves).toEqual([]);
    expect(moves.planDrain('h1').stays.map(({ id }) => id)).toEqual(['c']);
    await moves.drain('h1');
    expect(store.view((tx) => tx.get('hosts', 'h1'))).toMatchObject({ cordoned: true, drained: true });
  });

  it('puts a container back where it was when the new host refuses it', async () => {
    await start(['h1', 'h2'], container('a', 'h1'));
    refuses = new Set(['a h2 start']);
    await moves.drain('h1');
    await settle();
    expect(record('a')?.assigned).toMatchObject({ hostId: 'h1' });
    expect(record('a')?.assigned.moving).toBeUndefined();
    expect(moves.drainJob('h1')?.stays).toMatchObject([{ id: 'a', reason: 'h2: the port is taken' }]);
  });

  it('says so when the old copy does not start again either', async () => {
    await start(['h1', 'h2'], container('a', 'h1'));
    refuses = new Set(['a h2 start', 'a h1 ']);
    await moves.drain('h1');
    await settle();
    expect(moves.drainJob('h1')?.stays).toMatchObject([
      { reason: 'h2: the port is taken; back on h1: the port is taken' },
    ]);
  });

  it('moves who follows another after it, though it found its host at once', async () => {
    const follower = { labels: {}, host: { Links: ['name-a:a'] } };
    await start(['h1', 'h2'], container('a', 'h1', { labels: {} }), container('b', 'h1', follower));
    await moves.drain('h1');
    await settle();
    expect(given).toEqual(['a h1 stop', 'a h2 start', 'b h1 stop', 'b h2 start']);
  });

  it('puts nothing on hosts that are drained next', async () => {
    await start(['h1', 'h2', 'h3'], ...['a', 'b'].map((id) => container(id, 'h1', { labels: {} })));
    expect(
      moves
        .planDrain('h1')
        .moves.map(({ to }) => to)
        .sort(),
    ).toEqual(['h2', 'h3']);
    expect(moves.planDrain('h1', ['h2']).moves.map(({ to }) => to)).toEqual(['h3', 'h3']);
  });

  it('goes on where it is asked for again, and begins nothing new once the manager ends', async () => {
    const web = { labels: { 'berth.service': 'web' } };
    await start(['h1', 'h2', 'h3'], container('a', 'h1', web), container('b', 'h1', web));
    const open = closeGate();
    const job = await moves.drain('h1');
    expect(await moves.drain('h1')).toBe(job);
    await settle();
    moves.close();
    open();
    await settle();
    expect(given.filter((step) => step.startsWith('a'))).toHaveLength(2);
    expect(given.filter((step) => step.startsWith('b'))).toEqual([]);
    expect(moves.drainJob('h1')).toMatchObject({ state: 'done', stays: [{ id: 'b' }] });
  });

  it('says what cannot be moved, and why', async () => {
    const volume = {
      kind: 'volume' as const,
      name: 'files',
      createdAt: 0,
      createdBy: '',
      hostId: 'h1',
      spec: {},
    };
    await start(
      ['h1', 'h2'],
      container('data', 'h1', { host: { Binds: ['files:/data'] } }),
      container('gone', 'h1', { state: 'stopped' }),
      container('once', 'h1', { host: { AutoRemove: true } }),
    );
    await store.update((tx) => tx.put('volumes', volume));
    const { moves: none, stays } = moves.planDrain('h1');
    expect(none).toEqual([]);
    expect(Object.fromEntries(stays.map(({ id, reason }) => [id, reason]))).toEqual({
      data: expect.stringContaining('volume files is on h1'),
      gone: expect.stringContaining('stopped'),
      once: expect.stringContaining('--rm'),
    });
    await setHost(store, 'h1', 'down');
    await expect(moves.drain('h1')).rejects.toThrow(/host h1 is down/);
    expect(() => moves.planDrain('h1')).toThrow(/host h1 is down/);
    await expect(moves.drain('h9')).rejects.toThrow(/no host/);
  });

  it('says nothing of what was removed meanwhile, or left the host, be it before its turn or in it', async () => {
    const labels = { 'berth.service': 'web' };
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await start(['h1', 'h2', 'h3'], ...ids.map((id) => container(id, 'h1', { labels })));
    const open = closeGate();
    await moves.drain('h1');
    await settle();
    expect(given).toEqual(['a h1 stop']);
    await store.update((tx) => {
      const [c, d] = [tx.get('containers', 'c'), tx.get('containers', 'd')];
      tx.delete('containers', 'a');
      tx.delete('containers', 'b');
      if (c !== undefined)
        tx.put('containers', {
          ...c,
          service: { stack: 's', name: 'web', index: 1, release: 1, leaving: true },
        });
      if (d !== undefined) tx.put('containers', { ...d, assigned: { hostId: 'h3', at: 0 } });
    });
    open();
    await settle();
    expect(given).toEqual(['a h1 stop', 'e h1 stop', expect.stringMatching(/^e h[23] start$/)]);
    expect(moves.drainJob('h1')).toMatchObject({ state: 'done', moved: [{ id: 'e' }], stays: [] });
    expect(told).toEqual([['e', 'move']]);
  });

  it.each([
    ['uncordoned', { cordoned: false, drained: false }],
    ['only to take nothing new', { drained: false }],
  ])('takes one container of a service at a time, and stops when the host is %s', async (_, change) => {
    const labels = { 'berth.service': 'web' };
    await start(['h1', 'h2', 'h3'], ...['a', 'b', 'c'].map((id) => container(id, 'h1', { labels })));
    const open = closeGate();
    await moves.drain('h1');
    await settle();
    expect(given).toEqual(['a h1 stop']);
    await store.update((tx) => {
      const host = tx.get('hosts', 'h1');
      if (host) tx.put('hosts', { ...host, ...change });
    });
    open();
    await settle();
    expect(moves.drainJob('h1')).toMatchObject({ state: 'done', moved: [{ id: 'a' }] });
    expect(moves.drainJob('h1')?.stays.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(placed(store)).toMatchObject({ b: 'h1', c: 'h1' });
  });
});

it('takes back what a manager that was killed had under way, whichever step it was at', async () => {
  const ids = ['a', 'b', 'c', 'd'];
  await start(['h1', 'h2'], ...ids.map((id) => container(id, id === 'a' ? 'h1' : 'h2')));
  await store.update((tx) => {
    const put = (id: string, assigned: Container['assigned']) => {
      const one = tx.get('containers', id);
      if (one) tx.put('containers', { ...one, assigned });
    };
    put('a', { hostId: 'h1', at: 0, moving: { hostId: 'h2', phase: 'stop' } });
    put('b', { hostId: 'h2', at: 0, moving: { hostId: 'h1', phase: 'start' } });
    put('d', { hostId: 'h2', at: 0, moving: { hostId: 'h1', phase: 'drain' } });
  });
  await mover.takeBack();
  expect(placed(store)).toEqual({ a: 'h1', b: 'h1', c: 'h2', d: 'h2' });
  for (const id of ids) expect(record(id)?.assigned.moving).toBeUndefined();
  expect(ids.map((id) => record(id)?.desired.generation)).toEqual([2, 2, 1, 2]);
});

describe('a rebalance', () => {
  it('fills a host that was added with as few moves as possible, and then has nothing to do', async () => {
    const on = (host: string, ids: string[]) => ids.map((id) => container(id, host, { labels: {} }));
    await start(['h1', 'h2', 'h3'], ...on('h1', ['a', 'b', 'c']), ...on('h2', ['d', 'e', 'f']));
    const plan = moves.planRebalance();
    expect(plan.moves.length).toBe(2);
    expect(plan.moves.map(({ to }) => to)).toEqual(['h3', 'h3']);
    expect(Object.values(placed(store))).not.toContain('h3');
    moves.rebalance();
    await settle();
    const counts = Object.values(placed(store)).sort();
    expect(counts).toEqual(['h1', 'h1', 'h2', 'h2', 'h3', 'h3']);
    expect(moves.planRebalance().moves).toEqual([]);
    expect(moves.rebalanceJob()).toMatchObject({ state: 'done', stays: [] });
  });

  it('counts what a container has asked for, rather than containers alone', async () => {
    const big = { labels: {}, host: { Memory: 4 * 1024 ** 3 } };
    const small = ['a', 'b', 'c'].map((id) => container(id, 'h2', { labels: {} }));
    await start(['h1', 'h2'], container('big', 'h1', big), ...small);
    expect(moves.planRebalance().moves).toEqual([]);
  });

  it('goes on where it is asked for again', async () => {
    const on = ['a', 'b', 'c', 'd'].map((id) => container(id, 'h1', { labels: {} }));
    await start(['h1', 'h2'], ...on);
    const open = closeGate();
    const job = moves.rebalance();
    expect(moves.rebalance()).toBe(job);
    open();
    await settle();
    expect(Object.values(placed(store)).sort()).toEqual(['h1', 'h1', 'h2', 'h2']);
  });

  it('moves what must be together one after the other, and brings what was left behind after it', async () => {
    const plain = { labels: {} };
    const follower = { ...plain, host: { Links: ['name-lead:lead'] } };
    await start(
      ['h1', 'h2'],
      ...['a', 'b', 'lead'].map((id) => container(id, 'h1', plain)),
      container('after', 'h1', follower),
    );
    expect(moves.planRebalance().moves).toMatchObject([
      { id: 'lead', to: 'h2', round: 0 },
      { id: 'after', to: 'h2', round: 1 },
    ]);
    moves.rebalance();
    await settle();
    expect(given).toEqual(['lead h1 stop', 'lead h2 start', 'after h1 stop', 'after h2 start']);
    // As a manager leaves it that ends between the two.
    await store.update((tx) => {
      const one = tx.get('containers', 'after');
      if (one) tx.put('containers', { ...one, assigned: { hostId: 'h1', at: 0 } });
    });
    expect(moves.planRebalance().moves).toMatchObject([{ id: 'after', from: 'h1', to: 'h2' }]);
  });

  it('spreads a service over racks and within them, in one run', async () => {
    const labels = { 'berth.service': 'k' };
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    await start(['h1', 'h2', 'h3'], ...ids.map((id) => container(id, 'h1', { labels })));
    await store.update((tx) => {
      for (const host of [...tx.all('hosts')])
        tx.put('hosts', { ...host, labels: { rack: host.id === 'h3' ? 'r2' : 'r1' } });
    });
    moves.rebalance();
    await settle();
    for (let i = 0; i < ids.length; i++) await settle();
    expect(moves.rebalanceJob()?.state).toBe('done');
    expect(moves.planRebalance().moves).toEqual([]);
    const count = (host: string) => Object.values(placed(store)).filter((one) => one === host).length;
    expect(Math.abs(count('h1') - count('h2'))).toBeLessThanOrEqual(1);
    expect(Math.abs(count('h1') + count('h2') - count('h3'))).toBeLessThanOrEqual(1);
  });

  it('says what keeps a host too full, and leaves what goes with it', async () => {
    const volume = { kind: 'volume' as const, name: 'files', createdAt: 0, createdBy: '', hostId: 'h1' };
    const held = { labels: {}, host: { Binds: ['files:/data'] } };
    await start(
      ['h1', 'h2'],
      container('data', 'h1', held),
      container('beside', 'h1', { labels: {}, host: { Links: ['name-data:data'] } }),
      container('gone', 'h1', { labels: {}, state: 'stopped' }),
    );
    await store.update((tx) => tx.put('volumes', { ...volume, spec: {} }));
    const { moves: none, stays } = moves.planRebalance();
    expect(none).toEqual([]);
    expect(Object.fromEntries(stays.map(({ id, reason }) => [id, reason]))).toEqual({
      data: expect.stringMatching(/1 host: it is there already; 1 host: volume files is on h1/),
      beside: expect.stringMatching(
        /it goes with name-data, which stays: .*volume files|no container "name-data" there/,
      ),
      gone: expect.stringContaining('stopped'),
    });
    expect(placed(store)).toEqual({ data: 'h1', beside: 'h1', gone: 'h1' });
  });

  it('is refused where the strategy fills hosts', async () => {
    await start(['h1', 'h2']);
    await store.update((tx) => {
      const [one] = tx.all('settings');
      if (one) tx.put('settings', { ...one, settings: { ...one.settings, strategy: 'binpack' } });
    });
    expect(() => moves.planRebalance()).toThrow(/binpack/);
  });
});
