import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../kit/clock.fixture.ts';
import { BerthError } from '../../kit/errors.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Store } from '../../store/store.ts';
import { chooser, container, FAILOVER, newCluster, placed, seenOn, setHost } from './cluster.fixture.ts';
import type { MoveEvent } from './cluster-words.ts';
import { NodeFailover } from './node-failover.ts';

let store: Store;
let loop: NodeFailover;
let clock: FakeClock;
let events: MoveEvent[] = [];
/** `container host` that an engine refuses. */
let refuses: ReadonlySet<string> = new Set();
/** With which status it does. */
let status = 500;

async function start(hosts: readonly string[], settings: object = {}): Promise<void> {
  store = await newCluster(hosts, settings);
  startLoop();
}

function startLoop(): void {
  clock ??= new FakeClock();
  loop = new NodeFailover({
    ...{ store, placer: chooser, clock, logger: silentLogger },
    tell: (_, event) => events.push(event),
    settled: async (id) => {
      const host = placed(store)[id];
      if (refuses.has(`${id} ${host}`))
        throw new BerthError('engine', `port is taken on ${host}`, { status });
    },
  });
}

afterEach(async () => {
  loop.close();
  await store.close();
  clock = new FakeClock();
  events = [];
  refuses = new Set();
  status = 500;
});

const add = (...records: readonly ReturnType<typeof container>[]) =>
  store.update((tx) => {
    for (const record of records) {
      tx.put('containers', record);
      tx.put('observedContainers', seenOn(record.assigned.hostId, record.id));
    }
  });
const saying = (id: string) => store.view((tx) => tx.get('hostFailovers', id));

describe('a host that is down', () => {
  it('loses its containers with a policy to the others; those without stay', async () => {
    await start(['h1', 'h2', 'h3']);
    const policy = { 'com.docker.swarm.reschedule-policies': '["on-node-failure"]' };
    await add(
      container('a', 'h1'),
      container('b', 'h1', { labels: policy, state: 'created' }),
      container('c', 'h1', { labels: {} }),
      container('d', 'h1', { state: 'stopped' }),
    );
    /** All that the user has asked for; its generation counts on with each move. */
    const wishes = () =>
      store.view((tx) =>
        [...tx.all('containers')].map(({ id, desired: { generation: _, ...wish } }) => ({ id, wish })),
      );
    const wished = wishes();
    await setHost(store, 'h1', 'suspect');
    await settle();
    expect(placed(store)).toEqual({ a: 'h1', b: 'h1', c: 'h1', d: 'h1' });
    await setHost(store, 'h1', 'down');
    await settle();
    const { a, b, ...stayed } = placed(store);
    expect([a, b].sort()).toEqual(['h2', 'h3']);
    expect(stayed).toEqual({ c: 'h1', d: 'h1' });
    expect(wishes()).toEqual(wished);
    store.view((tx) => {
      expect(tx.get('containers', 'a')).toMatchObject({
        id: 'a',
        name: 'name-a',
        desired: { state: 'running', generation: 2 },
      });
      expect([...tx.by('observedContainers', 'clusterId', 'a')]).toEqual([]);
    });
    expect(
      events
        .filter(({ Action }) => Action === 'failover')
        .map(({ Actor }) => Actor.ID)
        .sort(),
    ).toEqual(['a', 'b']);
    expect(saying('h1')).toBeUndefined();
  });

  it('that is down before its time of silence is over keeps what is fenced until then', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(
      container('a', 'h1'),
      container('f', 'h1', { labels: { ...FAILOVER, 'berth.partition': 'fence' } }),
    );
    await setHost(store, 'h1', 'down', 1, { confirmed: true });
    await settle();
    expect(placed(store).a).not.toBe('h1');
    expect(placed(store).f).toBe('h1');
    await setHost(store, 'h1', 'down');
    await settle();
    expect(placed(store).f).not.toBe('h1');
  });

  it('moves nothing a second time when it fails again, or the manager starts anew', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('a', 'h1'));
    await setHost(store, 'h1', 'down');
    await settle();
    const first = placed(store);
    await setHost(store, 'h1', 'ready');
    await settle();
    await setHost(store, 'h1', 'down');
    await settle();
    loop.close();
    startLoop();
    await settle();
    await clock.advance(60_000);
    expect(placed(store)).toEqual(first);
    expect(store.view((tx) => tx.get('containers', 'a')?.desired.generation)).toBe(2);
  });

  it('keeps what is held to it, says why, and moves what can go once there is room', async () => {
    await start(['h1', 'h2']);
    const memory = { Memory: 6 * 1024 ** 3 };
    await add(container('big', 'h1', { host: memory }), container('other', 'h2', { host: memory }));
    await add(container('data', 'h1', { host: { Binds: ['files:/data'] } }));
    await store.update((tx) =>
      tx.put('volumes', {
        ...{ kind: 'volume', name: 'files', createdAt: 0, createdBy: '', hostId: 'h1', spec: {} },
      }),
    );
    await setHost(store, 'h1', 'down');
    await settle();
    expect(placed(store)).toEqual({ big: 'h1', other: 'h2', data: 'h1' });
    const waiting = Object.fromEntries(saying('h1')?.waiting.map(({ id, reason }) => [id, reason]) ?? []);
    expect(waiting.big).toMatch(/memory/);
    expect(waiting.data).toMatch(/volume files is on h1/);
    expect(events.map(({ Action }) => Action)).toEqual(['failover-waits', 'failover-waits']);
    await store.update((tx) => tx.delete('containers', 'other'));
    await clock.advance(1_000);
    expect(placed(store)).toEqual({ big: 'h2', data: 'h1' });
    expect(saying('h1')?.waiting.map(({ id }) => id)).toEqual(['data']);
  });

  it('does not run again what has ended by itself, unless the host was shutting down', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('job', 'h1'), container('victim', 'h1'));
    await store.update((tx) => {
      tx.put('observedContainers', seenOn('h1', 'job', { status: 'exited', finishedAt: 100_000 }));
      tx.put('observedContainers', seenOn('h1', 'victim', { status: 'exited', finishedAt: 899_000 }));
    });
    await setHost(store, 'h1', 'down', 900_000);
    await settle();
    expect(placed(store)).toEqual({ job: 'h1', victim: expect.stringMatching(/h[23]/) });
    expect(saying('h1')?.reason).toMatch(/ended by itself/);
  });

  it('tries another host where an engine refuses, and says so where none is left', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('a', 'h1'));
    refuses = new Set(['a h2']);
    await setHost(store, 'h1', 'down');
    await settle();
    expect(placed(store)).toEqual({ a: 'h3' });
    await setHost(store, 'h1', 'ready');
    const cordon = (cordoned: boolean) =>
      store.update((tx) => {
        const host = tx.get('hosts', 'h1');
        if (host) tx.put('hosts', { ...host, cordoned });
      });
    await cordon(true);
    await setHost(store, 'h3', 'down');
    await settle();
    const waits = events.filter(({ Action }) => Action === 'failover-waits');
    expect(waits.map(({ Actor }) => Actor.Attributes.reason)).toEqual([
      'port is taken on h2; no host fits name-a: 1 host: its engine has refused it; 1 host: down; 1 host: cordoned',
    ]);
    await cordon(false);
    await setHost(store, 'h3', 'ready');
    await setHost(store, 'h2', 'down');
    await settle();
    expect(placed(store)).toEqual({ a: 'h1' });
  });

  it('keeps to a host whose engine is not there at the moment: its agent goes on trying', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('a', 'h1'));
    refuses = new Set(['a h2']);
    status = 503;
    await setHost(store, 'h1', 'down');
    await settle();
    expect(placed(store)).toEqual({ a: 'h2' });
  });

  it('leaves alone what is on its way to another host, where it may run by now', async () => {
    await start(['h1', 'h2', 'h3']);
    const one = container('a', 'h1');
    const moving = { hostId: 'h3', phase: 'stop' as const };
    await add({ ...one, assigned: { ...one.assigned, moving } }, container('b', 'h1'));
    await setHost(store, 'h1', 'down');
    await settle();
    expect(placed(store)).toMatchObject({ a: 'h1', b: expect.not.stringContaining('h1') });
  });

  it('loses what is paused and what was never started, too, and all of very many', async () => {
    await start(['h1', 'h2']);
    const ids = Array.from({ length: 501 }, (_, i) => `c${i}`);
    const states = { paused: 'paused', created: 'created', stopped: 'stopped' } as const;
    const others = Object.entries(states).map(([id, state]) => container(id, 'h1', { state }));
    await add(...ids.map((id) => container(id, 'h1')), ...others);
    await setHost(store, 'h1', 'down');
    for (let looks = 0; looks < 3; looks++) {
      await settle();
      await clock.advance(1_000);
    }
    expect(Object.values(placed(store)).filter((host) => host === 'h2')).toHaveLength(503);
    expect(placed(store)).toMatchObject({ paused: 'h2', created: 'h2', stopped: 'h1' });
  });

  it('takes a container after the one that it must be with', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('app', 'h1', { host: { Links: ['name-db:db'] } }), container('db', 'h1'));
    await setHost(store, 'h1', 'down');
    await settle();
    const { app, db } = placed(store);
    expect(app).toBe(db);
    expect(app).not.toBe('h1');
  });
});

describe('when too many vanish', () => {
  it('moves nothing, says so, and goes on when they are back', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('a', 'h1'), container('b', 'h2'));
    await setHost(store, 'h2', 'suspect');
    await setHost(store, 'h1', 'down');
    await setHost(store, 'h2', 'down');
    await clock.advance(600_000);
    expect(placed(store)).toEqual({ a: 'h1', b: 'h2' });
    expect(saying('h1')).toMatchObject({
      held: true,
      reason: expect.stringMatching(/2 of 3 are still away/),
    });
    await setHost(store, 'h2', 'ready');
    await settle();
    // The others have the same time to come back as after a start.
    await clock.advance(29_000);
    expect(placed(store)).toEqual({ a: 'h1', b: 'h2' });
    await clock.advance(2_000);
    expect(placed(store)).toEqual({ a: expect.stringMatching(/h[23]/), b: 'h2' });
    expect(saying('h1')).toBeUndefined();
  });

  it('moves the containers of a host that an operator names, and of all when the setting says so', async () => {
    await start(['h1', 'h2', 'h3']);
    await add(container('a', 'h1'), container('b', 'h2'));
    expect(() => loop.release('h1')).toThrow(/is ready, not down/);
    await setHost(store, 'h2', 'suspect');
    await setHost(store, 'h1', 'down');
    await setHost(store, 'h2', 'down');
    await settle();
    loop.release('h1');
    await settle();
    expect(placed(store)).toEqual({ a: 'h3', b: 'h2' });
    await store.update((tx) => {
      const [record] = tx.all('settings');
      if (record) tx.put('settings', { ...record, settings: { ...record.settings, failoverMaxShare: 1 } });
    });
    await settle();
    expect(placed(store)).toEqual({ a: 'h3', b: 'h3' });
  });

  it('gives hosts time to connect after a start, then moves what was on the one that did not', async () => {
    store = await newCluster(['h1', 'h2', 'h3']);
    await add(container('a', 'h1'));
    await setHost(store, 'h1', 'down', 0);
    startLoop();
    await clock.advance(29_000);
    expect(placed(store)).toEqual({ a: 'h1' });
    await clock.advance(2_000);
    expect(placed(store)).toEqual({ a: expect.stringMatching(/h[23]/) });
  });
});

it('lets a host that fails again and again rest, longer each time, and then takes it back', async () => {
  await start(['h1', 'h2', 'h3']);
  const flap = async () => {
    await setHost(store, 'h1', 'down');
    await settle();
    await setHost(store, 'h1', 'ready');
    await settle();
    return store.view((tx) => tx.get('hostTrust', 'h1'));
  };
  expect(await flap()).toMatchObject({ restUntil: 0, reason: '' });
  expect((await flap())?.restUntil).toBe(clock.now() + 10_000);
  const third = await flap();
  expect(third?.restUntil).toBe(clock.now() + 20_000);
  expect(third?.reason).toMatch(/^was down 3 times within an hour/);
  await add(container('a', 'h2'));
  await setHost(store, 'h2', 'down');
  await settle();
  expect(placed(store)).toEqual({ a: 'h3' });
  await clock.advance(20_000);
  expect(store.view((tx) => tx.get('hostTrust', 'h1'))).toMatchObject({ restUntil: 0, reason: '' });
});

it('lets it rest though the manager started anew while it was away', async () => {
  await start(['h1', 'h2', 'h3']);
  for (const state of ['down', 'ready', 'down'] as const) {
    await setHost(store, 'h1', state);
    await settle();
  }
  loop.close();
  await setHost(store, 'h1', 'pending', 0);
  startLoop();
  await settle();
  await setHost(store, 'h1', 'ready');
  await settle();
  const trust = store.view((tx) => tx.get('hostTrust', 'h1'));
  expect(trust).toMatchObject({ restUntil: clock.now() + 10_000 });
  expect(trust?.downs.length).toBe(2);
});

describe('a look that takes its time, with very many hosts', () => {
  it('is not taken for each host that comes or goes, and misses none', async () => {
    clock ??= new FakeClock();
    const hosts = Array.from({ length: 20 }, (_, i) => `h${i}`);
    store = await newCluster(hosts);
    await add(container('a', 'h0'));
    let read = 0;
    let looks = 0;
    const counting = new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== 'view') return typeof value === 'function' ? value.bind(target) : value;
        return (look: Parameters<Store['view']>[0]) =>
          target.view((tx) =>
            look({
              ...tx,
              all: (table) => {
                if (table === 'hosts') looks++;
                return tx.all(table);
              },
            }),
          );
      },
    });
    loop = new NodeFailover({
      ...{ store: counting, placer: chooser, logger: silentLogger },
      // Between any two readings of it something takes 2 ms.
      clock: {
        now: () => {
          read += 2;
          return clock.now() + read;
        },
        sleep: clock.sleep,
      },
      tell: () => undefined,
      settled: async () => undefined,
    });
    await settle();
    expect(looks).toBe(1);
    for (const id of hosts) {
      await setHost(store, id, id === 'h0' ? 'down' : 'ready');
      await setHost(store, id, id === 'h0' ? 'down' : 'suspect');
      await settle();
    }
    expect(looks).toBeLessThan(4);
    for (const id of hosts.slice(1)) await setHost(store, id, 'ready');
    await clock.advance(2_000);
    expect(placed(store).a).not.toBe('h0');
  });
});
