import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AgentFrame, LINK_VERSION, type ManagerFrame } from '../../contract/link.ts';
import { systemClock } from '../../kit/clock.ts';
import { BerthError } from '../../kit/errors.ts';
import { silentLogger } from '../../kit/logger.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import { DeltaLog } from '../../link/index.ts';
import type { Container } from '../../model/container.ts';
import type { Probe } from '../../model/probe.ts';
import { hostRecord, observedContainer } from '../../model/records.fixture.ts';
import { defaultSettings } from '../../model/settings.ts';
import { containerRecord } from '../../store/contract.suite.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { newJournalledStore } from '../../store/memory/store.ts';
import type { ClusterEvents } from '../events/cluster-events.ts';
import { putContainer, putNetwork } from '../networks/networks.fixture.ts';
import { testKeys } from './data-keys.fixture.ts';
import { HostSessions } from './host-sessions.ts';
import type { AgentSession } from './session.ts';

const noEvents: ClusterEvents = { add: () => {}, subscribe: () => () => {} };
const empty = { t: 'full' as const, containers: [], images: [], networks: [], volumes: [] };

/** The manager's end of a connection, as the link hands it over. */
class FakeSession implements AgentSession {
  readonly hostName: string;
  readonly remoteAddress = '10.0.0.9:1234';
  readonly sent: ManagerFrame[] = [];
  closedFor: string | undefined;
  private frame: (frame: AgentFrame) => void = () => {};
  private closed: (reason: string) => void = () => {};

  constructor(
    readonly hostId: string,
    private readonly maxFrame = 16 * 1024 * 1024,
  ) {
    this.hostName = `name-${hostId}`;
  }

  send(frame: ManagerFrame): void {
    const length = JSON.stringify(frame).length;
    if (length > this.maxFrame) throw new BerthError('too_large', `a frame of ${length} bytes`);
    // Of routers: `routing/routers.test.ts`.
    if (frame.t === 'router' || frame.t === 'no-router') return;
    if (this.closedFor === undefined) this.sent.push(frame);
  }
  onFrame(listener: (frame: AgentFrame) => void): void {
    this.frame = listener;
  }
  onClose(listener: (reason: string) => void): void {
    this.closed = listener;
  }
  close(reason: string): void {
    if (this.closedFor !== undefined) return;
    this.closedFor = reason;
    this.closed(reason);
  }

  say(frame: AgentFrame): void {
    if (this.closedFor === undefined) this.frame(frame);
  }
  hello(change: Partial<AgentFrame & { t: 'hello' }> = {}): void {
    const now = Date.now();
    const base = {
      t: 'hello' as const,
      version: LINK_VERSION,
      agentVersion: '1.0',
      machineId: 'm',
      dataAddress: 'd',
    };
    this.say({ ...base, now, ...change });
  }
  beat(engine = true, reason = ''): void {
    this.say({ t: 'heartbeat', now: Date.now(), engine, reason });
  }
  /** What was sent since the welcome, but for the members of networks (`members.test.ts`). */
  get news(): ManagerFrame[] {
    return this.sent.filter((frame) => frame.t !== 'welcome' && frame.t !== 'members');
  }
}

const joined = (id: string) => hostRecord(id, { name: `name-${id}`, machineId: 'm' });
const seen = (engineId: string, clusterId: string) => observedContainer('h1', engineId, { clusterId });

/** Nobody can tell of another host. */
const nobodyElse = { reach: () => Promise.resolve(undefined), isHere: () => false };

let store: Store;
let deltas: DeltaLog;
let sessions: HostSessions;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  store = newMemoryStore();
  deltas = new DeltaLog('epoch');
  await store.update((tx) => {
    tx.put('settings', { kind: 'settings', clusterId: 'c1', settings: defaultSettings });
    for (const id of ['h1', 'h2']) tx.put('hosts', joined(id));
  });
  sessions = new HostSessions({
    onLoads: () => undefined,
    metrics: { take: () => undefined, forget: () => undefined },
    keys: testKeys(),
    cookieKey: '0123456789abcdef',
    vault: newTestVault(),
    ...{ store, deltas, events: noEvents, clock: systemClock, logger: silentLogger, ...nobodyElse },
  });
});
afterEach(async () => {
  sessions.close();
  await store.close();
  vi.useRealTimers();
});

/** Until everything that is under way in the store and in queues has ended. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function connect(hostId = 'h1', maxFrame?: number): Promise<FakeSession> {
  const session = new FakeSession(hostId, maxFrame);
  sessions.attach(session);
  session.hello();
  session.beat();
  session.say(empty);
  await settle();
  return session;
}

const put = (id: string, hostId = 'h1', change: Partial<ReturnType<typeof containerRecord>> = {}) =>
  store.update((tx) => tx.put('containers', { ...containerRecord(id, id, hostId), ...change }));
const generation = (id: string, generation: number, state: 'running' | 'removed' = 'running') =>
  store.update((tx) => {
    const record = tx.get('containers', id) ?? containerRecord(id, id);
    tx.put('containers', { ...record, desired: { ...record.desired, generation, state } });
  });
const status = (id = 'h1') => store.view((tx) => tx.get('hostStatus', id));

describe('hello', () => {
  it('follows the welcome, which says whose cluster this is', async () => {
    const session = new FakeSession('h1');
    sessions.attach(session);
    expect(session.sent).toEqual([
      { t: 'welcome', version: LINK_VERSION, clusterId: 'c1', hostId: 'h1', hostName: 'name-h1' },
    ]);
  });

  it.each([
    [
      'a version that is too new',
      { version: LINK_VERSION + 2, agentVersion: '9.9' },
      /9\.9 speaks link version \d+, this manager \d+ to \d+: upgrade the manager$/,
    ],
    ['one that is too old', { version: LINK_VERSION - 2, agentVersion: '0.1' }, /upgrade the agent$/],
    ['a clock that is behind', { now: Date.now() - 600_000 }, /clock is 10 min behind .*timedatectl/],
    ['a clock that is ahead', { now: Date.now() + 600_000 }, /clock is 10 min ahead of/],
  ])('with %s is refused with what to do, and nothing goes out', async (_, change, reason) => {
    await put('a');
    const session = new FakeSession('h1');
    sessions.attach(session);
    session.hello(change);
    expect(session.closedFor).toMatch(reason);
    expect(session.news).toEqual([]);
    session.say(empty);
    await settle();
    expect(status()?.state).not.toBe('ready');
  });

  it.each([{ version: LINK_VERSION + 1 }, { version: LINK_VERSION - 1 }])(
    'one version away is let in: %o',
    async (change) => {
      const session = new FakeSession('h1');
      sessions.attach(session);
      session.hello(change);
      await settle();
      expect(session.closedFor).toBeUndefined();
      expect(session.news).toHaveLength(1);
    },
  );

  it('says where the host is, which is kept; that all on it is known is said once it is', async () => {
    const session = new FakeSession('h1');
    sessions.attach(session);
    session.hello({ dataAddress: '192.0.2.7' });
    await settle();
    await vi.advanceTimersByTimeAsync(300);
    expect(store.view((tx) => tx.get('hosts', 'h1')?.dataAddress)).toBe('192.0.2.7');
    expect(status()?.reported).toBe(false);
    session.say(empty);
    await settle();
    expect(status()?.reported).toBe(true);
    session.close('gone');
    await settle();
    expect(status()?.reported).toBe(true);
    const again = new FakeSession('h1');
    sessions.attach(again);
    again.hello({ dataAddress: '192.0.2.7 lladdr' });
    await settle();
    expect(store.view((tx) => tx.get('hosts', 'h1'))).toEqual(joined('h1'));
  });

  it('that does not come ends the connection, and who waits hears so', async () => {
    await put('a');
    const session = new FakeSession('h1');
    sessions.attach(session);
    const waiting = sessions.assignments.settled('a', 1);
    waiting.catch(() => {});
    await vi.advanceTimersByTimeAsync(29_000);
    expect(session.closedFor).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(session.closedFor).toBe('no hello within 30 s');
    await expect(waiting).rejects.toMatchObject({ code: 'host_down' });
  });

  it('comes first: what is said before it ends the connection', async () => {
    const session = new FakeSession('h1');
    sessions.attach(session);
    session.say(empty);
    expect(session.closedFor).toBe('said "full" before hello');
  });

  it('of a host that is not in the cluster is not waited for, and leaves nothing behind', async () => {
    const session = new FakeSession('gone');
    sessions.attach(session);
    expect(session.closedFor).toContain('join it again');
    await vi.advanceTimersByTimeAsync(6_000);
    expect(status('gone')).toBeUndefined();
  });
});

describe('assignments', () => {
  it('come as a snapshot to whom nothing is known of, and only those of the host', async () => {
    await put('a');
    await put('b', 'h2');
    const session = await connect();
    expect(session.news).toMatchObject([
      { t: 'snapshot', at: { epoch: 'epoch', seq: 1 }, assignments: [{ id: 'a' }] },
    ]);
  });

  it('go on where the host is: the deltas that it missed, in order', async () => {
    const first = await connect();
    await put('a');
    await put('b');
    first.close('cut');
    await put('c');
    await generation('a', 2);
    const second = new FakeSession('h1');
    sessions.attach(second);
    second.hello({ resume: { epoch: 'epoch', seq: 2 } });
    expect(second.news).toMatchObject([
      {
        t: 'deltas',
        at: { seq: 4 },
        deltas: [
          { op: 'put', assignment: { id: 'c' } },
          { op: 'put', assignment: { id: 'a', desired: { generation: 2 } } },
        ],
      },
    ]);
  });

  it('have the probes of the container, also where nothing else is another one', async () => {
    const check = { kind: 'tcp', port: 80 } as const;
    const liveness: Probe = {
      ...{ kind: 'probe', check, intervalMs: 1, timeoutMs: 1, successes: 1, failures: 1, startPeriodMs: 0 },
    };
    await put('a');
    const session = await connect();
    const probes = { liveness };
    await store.update((tx) => {
      const record = tx.get('containers', 'a');
      if (record !== undefined) tx.put('containers', { ...record, probes });
    });
    expect(session.news.slice(1)).toMatchObject([
      { t: 'deltas', deltas: [{ op: 'put', assignment: { id: 'a', probes } }] },
    ]);
  });

  it('come as a snapshot where the place is of another life of the manager', async () => {
    await put('a');
    const session = new FakeSession('h1');
    sessions.attach(session);
    session.hello({ resume: { epoch: 'other', seq: 1 } });
    await settle();
    expect(session.news).toMatchObject([{ t: 'snapshot' }]);
  });

  it('go out as they become durable, each with its place; never before hello, on a second connection neither', async () => {
    const first = await connect();
    await put('a');
    await put('b');
    expect(first.news.slice(1)).toMatchObject([
      { t: 'deltas', at: { seq: 1 }, deltas: [{ op: 'put', assignment: { id: 'a' } }] },
      { t: 'deltas', at: { seq: 2 }, deltas: [{ op: 'put', assignment: { id: 'b' } }] },
    ]);
    first.close('cut');
    await put('missed');
    const second = new FakeSession('h1');
    sessions.attach(second);
    await put('early');
    // The host has not got "missed" yet: a place after it would make it lost.
    expect(second.news).toEqual([]);
    second.hello({ resume: { epoch: 'epoch', seq: 2 } });
    expect(second.news).toMatchObject([
      { deltas: [{ assignment: { id: 'missed' } }, { assignment: { id: 'early' } }] },
    ]);
  });

  it('are dropped with purge where the record goes, or moves to another host', async () => {
    const one = await connect('h1');
    const two = await connect('h2');
    await put('a');
    await put('b');
    await store.update((tx) => tx.delete('containers', 'a'));
    await put('b', 'h2');
    expect(one.news.slice(3)).toMatchObject([
      { deltas: [{ op: 'drop', id: 'a', purge: true }] },
      { deltas: [{ op: 'drop', id: 'b', purge: true }] },
    ]);
    expect(two.news.slice(1)).toMatchObject([{ deltas: [{ op: 'put', assignment: { id: 'b' } }] }]);
  });

  it('are not sent again where only what is the manager’s own has changed', async () => {
    const session = await connect();
    await put('a');
    await store.update((tx) => {
      const record = tx.get('containers', 'a');
      if (record !== undefined) tx.put('containers', { ...record, createdBy: 'other' });
    });
    expect(session.news).toHaveLength(2);
  });

  it('that no frame can carry are refused, and other hosts get theirs', async () => {
    await connect('h1', 2_000);
    const other = await connect('h2');
    const big = containerRecord('big', 'big', 'h1');
    const desired = { ...big.desired, spec: { Image: 'x', Labels: { long: 'x'.repeat(4_000) } } };
    await store.update((tx) => {
      tx.put('containers', { ...big, desired });
      tx.put('containers', containerRecord('small', 'small', 'h2'));
    });
    await expect(sessions.assignments.settled('big', 1)).rejects.toMatchObject({ status: 413 });
    expect(other.news.slice(1)).toMatchObject([{ deltas: [{ assignment: { id: 'small' } }] }]);
  });

  it('of a host that holds more than a frame come in parts', async () => {
    for (let i = 0; i < 5; i++) {
      const record = containerRecord(`c${i}`, `c${i}`);
      const spec = { Image: 'x', Labels: { long: 'x'.repeat(4_000_000) } };
      await store.update((tx) => tx.put('containers', { ...record, desired: { ...record.desired, spec } }));
    }
    const session = await connect();
    expect(session.closedFor).toBeUndefined();
    const parts = session.news.flatMap((frame) => (frame.t === 'snapshot' ? [frame] : []));
    expect(parts.flatMap(({ assignments }) => assignments.map(({ id }) => id))).toHaveLength(5);
    expect(parts.map(({ more }) => more === true)).toEqual([true, true, true, true, false]);
  });
});

describe('two connections of one host', () => {
  it('the newer counts: the older is ended, and what it says late is not heard', async () => {
    const older = await connect();
    const newer = new FakeSession('h1');
    sessions.attach(newer);
    expect(older.closedFor).toBe('the same host has connected again');
    newer.hello();
    newer.beat();
    newer.say({ ...empty, containers: [seen('new', 'a')] });
    older.close('late');
    await settle();
    expect(status()?.state).toBe('ready');
    expect(store.view((tx) => tx.count('observedContainers'))).toBe(1);
  });
});

describe('who waits', () => {
  it('is answered by the host that has the container, and by no other', async () => {
    const one = await connect('h1');
    const two = await connect('h2');
    await put('a');
    const waiting = sessions.assignments.settled('a', 1);
    two.say({ t: 'report', results: [{ id: 'a', generation: 1, error: { status: 500, message: 'a lie' } }] });
    await settle();
    one.say({ t: 'report', containers: [seen('e', 'a')], results: [{ id: 'a', generation: 1 }] });
    await expect(waiting).resolves.toEqual({ id: 'a', generation: 1 });
    expect(store.view((tx) => tx.count('observedContainers'))).toBe(1);
  });

  it('is not answered with what a host said of a container before there was one', async () => {
    const session = await connect();
    session.say({ t: 'report', results: [{ id: 'later', generation: 9 }] });
    await settle();
    await put('later');
    let answered = false;
    sessions.assignments.settled('later', 1).then(
      () => {
        answered = true;
      },
      () => {},
    );
    await settle();
    expect(answered).toBe(false);
  });

  it('hears when the connection is lost', async () => {
    const session = await connect();
    await put('a');
    const waiting = sessions.assignments.settled('a', 1);
    session.close('the cable was pulled');
    await expect(waiting).rejects.toMatchObject({ code: 'host_down' });
  });

  it('hears when the host is removed, whose log is let go', async () => {
    const session = await connect();
    await put('a');
    const waiting = sessions.assignments.settled('a', 1);
    await store.update((tx) => {
      tx.delete('containers', 'a');
      tx.delete('hosts', 'h1');
    });
    await expect(waiting).rejects.toBeInstanceOf(BerthError);
    expect(session.closedFor).toContain('removed from the cluster');
    expect(deltas.head('h1').seq).toBe(0);
  });

  it('for a removal is answered, and the record is gone', async () => {
    const session = await connect();
    await put('a');
    await generation('a', 2, 'removed');
    const waiting = sessions.assignments.settled('a', 2);
    session.say({ t: 'report', gone: { containers: ['e'] }, results: [{ id: 'a', generation: 2 }] });
    await expect(waiting).resolves.toMatchObject({ generation: 2 });
    expect(store.view((tx) => tx.get('containers', 'a'))).toBeUndefined();
  });
});

describe('reports', () => {
  it('of a removed host are dropped', async () => {
    const session = await connect();
    session.say({ t: 'report', containers: [seen('e', 'a')] });
    await store.update((tx) => {
      for (const one of [...tx.by('observedContainers', 'host', 'h1')])
        tx.delete('observedContainers', `h1/${one.engineId}`);
      tx.delete('hosts', 'h1');
    });
    session.say({ t: 'report', containers: [seen('e2', 'a')] });
    await settle();
    expect(store.view((tx) => [...tx.by('observedContainers', 'host', 'h1')])).toEqual([]);
  });

  it('are taken in while the disk is full; the record of what was removed stays until it is not', async () => {
    let full = false;
    const journal = {
      load: () => [],
      commit: () => {
        if (full) throw new Error('disk is full');
      },
      wipe: () => {},
      close: () => {},
    };
    const kept = newJournalledStore(journal);
    await kept.update((tx) => {
      tx.put('settings', { kind: 'settings', clusterId: 'c1', settings: defaultSettings });
      tx.put('hosts', hostRecord('h1'));
      for (const id of ['a', 'b']) {
        const record = containerRecord(id, id);
        const desired = { ...record.desired, generation: 2, state: 'removed' as const };
        tx.put('containers', { ...record, desired });
        tx.put('observedContainers', seen(`e-${id}`, id));
      }
    });
    const own = new HostSessions({
      onLoads: () => undefined,
      metrics: { take: () => undefined, forget: () => undefined },
      keys: testKeys(),
      cookieKey: '0123456789abcdef',
      vault: newTestVault(),
      ...{ store: kept, deltas, events: noEvents, clock: systemClock, logger: silentLogger, ...nobodyElse },
    });
    const session = new FakeSession('h1');
    own.attach(session);
    session.hello();
    session.beat();
    full = true;
    session.say({ ...empty, containers: [seen('e-b', 'b'), seen('other', 'x')] });
    session.say({ t: 'report', gone: { containers: ['e-b'] }, results: [{ id: 'b', generation: 2 }] });
    await settle();
    const there = () =>
      kept.view((tx) => ({
        seen: [...tx.all('observedContainers')].map(({ engineId }) => engineId),
        records: [...tx.all('containers')].map(({ id }) => id).sort(),
      }));
    expect(there()).toEqual({ seen: ['other'], records: ['a', 'b'] });
    expect(kept.view((tx) => tx.get('hostStatus', 'h1'))?.state).toBe('ready');
    full = false;
    session.say({ ...empty, containers: [seen('other', 'x')] });
    await settle();
    expect(there()).toEqual({ seen: ['other'], records: [] });
    own.close();
    await kept.close();
  });

  it('in parts end nothing before the last of them is in, and the host is not ready before', async () => {
    const record = containerRecord('rm', 'rm');
    const spec = { ...record.desired.spec, HostConfig: { AutoRemove: true } };
    await store.update((tx) => {
      for (const id of ['rm', 'ended'])
        tx.put('containers', {
          ...record,
          id,
          name: id,
          desired: { ...record.desired, state: 'running', spec },
        });
    });
    const session = new FakeSession('h1');
    sessions.attach(session);
    session.hello();
    session.say({ ...empty, containers: [seen('first', 'x')], more: true });
    await settle();
    expect(status()?.state).toBe('pending');
    expect(store.view((tx) => tx.count('containers'))).toBe(2);
    const results = [{ id: 'ended', generation: 1 }];
    session.say({ t: 'report', containers: [seen('e', 'rm')], results, last: true });
    await settle();
    expect(status()?.state).toBe('ready');
    expect(store.view((tx) => [...tx.all('containers')].map(({ id }) => id))).toEqual(['rm']);
  });
});

describe('states', () => {
  /** One second after the other, a heartbeat in each. */
  async function live(session: FakeSession, seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await vi.advanceTimersByTimeAsync(1_000);
      session.beat();
      await settle();
    }
  }
  async function silence(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await settle();
  }

  it('of a host that never comes: pending, then down', async () => {
    await settle();
    expect(status()).toMatchObject({ state: 'pending', reason: 'has not connected yet' });
    await silence(5_250);
    expect(status()).toMatchObject({ state: 'down', reason: 'has not connected since the manager started' });
  });

  it('ready while it beats, suspect where it is late, down where it is silent, ready when it beats again', async () => {
    const session = await connect();
    await live(session, 10);
    expect(status()).toMatchObject({ state: 'ready', reason: '', agentVersion: '1.0', dataAddress: 'd' });
    await silence(2_750);
    expect(status()).toMatchObject({ state: 'suspect', reason: expect.stringContaining('no heartbeat') });
    await silence(2_500);
    expect(status()).toMatchObject({ state: 'down', reason: 'nothing comes on its connection' });
    await live(session, 1);
    await silence(250);
    expect(status()?.state).toBe('ready');
  });

  it('suspect at once where the connection is lost, down later; a new one is pending until it has reported', async () => {
    const session = await connect();
    session.close('cut');
    await settle();
    expect(status()).toMatchObject({ state: 'suspect', reason: 'connection lost: cut' });
    await silence(5_250);
    expect(status()).toMatchObject({ state: 'down', reason: 'no connection: cut' });
    const again = new FakeSession('h1');
    sessions.attach(again);
    again.hello();
    await silence(250);
    expect(status()?.state).toBe('pending');
    again.say(empty);
    await settle();
    expect(status()?.state).toBe('ready');
  });

  it('suspect while its engine does not answer', async () => {
    const session = await connect();
    session.beat(false, 'ECONNREFUSED');
    await settle();
    expect(status()).toMatchObject({ state: 'suspect', reason: expect.stringContaining('ECONNREFUSED') });
    session.beat();
    await settle();
    expect(status()?.state).toBe('ready');
  });

  it.each([
    ['was held up for a minute', 60_000],
    ['had its clock set an hour ahead', 3_600_000],
    ['had its clock set an hour back', -3_600_000],
  ])('are not the worse for a manager that %s; who is silent after it goes down in time', async (_, step) => {
    const session = await connect();
    await live(session, 2);
    vi.setSystemTime(Date.now() + step);
    await silence(250);
    expect(status()?.state).toBe('ready');
    await silence(5_250);
    expect(status()?.state).toBe('down');
  });

  it('count by the new time where they come just after the clock was set back', async () => {
    const session = await connect();
    await live(session, 2);
    vi.setSystemTime(Date.now() - 3_600_000);
    session.beat();
    await silence(250);
    expect(status()?.state).toBe('ready');
  });
});

describe('a host whose machine nobody reaches any more', () => {
  /** Hosts by address that answer nobody. */
  let gone: Set<string>;
  /** Hosts whose machine answers, and whose agent does not. */
  let hangs: Set<string>;
  let peers: FakeSession[];

  beforeEach(async () => {
    sessions.close();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'Date'] });
    gone = new Set();
    hangs = new Set();
    await store.update((tx) => tx.put('hosts', hostRecord('h3')));
    sessions = new HostSessions({
      onLoads: () => undefined,
      metrics: { take: () => undefined, forget: () => undefined },
      keys: testKeys(),
      cookieKey: '0123456789abcdef',
      vault: newTestVault(),
      ...{ store, deltas, events: noEvents, clock: systemClock, logger: silentLogger },
      isHere: () => false,
      reach: async ({ host }) => (gone.has(host) ? undefined : 1),
    });
    peers = [];
    for (const id of ['h1', 'h2', 'h3']) {
      const session = new FakeSession(id);
      const send = session.send.bind(session);
      session.send = (frame) => {
        send(frame);
        if (frame.t !== 'probe' || gone.has(id) || hangs.has(id)) return;
        const answers = frame.targets.map(({ host }) => (gone.has(host) ? null : 1));
        queueMicrotask(() => session.say({ t: 'probed', id: frame.id, answers }));
      };
      sessions.attach(session);
      session.hello({ dataAddress: id });
      session.say(empty);
      peers.push(session);
    }
    await seconds(3);
  });

  async function seconds(count: number): Promise<void> {
    for (let ms = 0; ms < count * 1_000; ms += 50) {
      if (ms % 1_000 === 0)
        for (const peer of peers) if (!gone.has(peer.hostId) && !hangs.has(peer.hostId)) peer.beat();
      await vi.advanceTimersByTimeAsync(50);
      await settle();
    }
  }

  it('is down long before its silence says so; by then it says why', async () => {
    expect(status()?.state).toBe('ready');
    gone.add('h1');
    await seconds(2);
    expect(status()).toMatchObject({ state: 'down', confirmed: true, silent: true });
    expect(status()?.reason).toMatch(/^silent for \d\.\d s, and those that could reach its machine cannot/);
    expect(status('h2')?.state).toBe('ready');
    await seconds(4);
    expect(status()).toMatchObject({ state: 'down', reason: 'nothing comes on its connection' });
    expect(status()?.confirmed).toBeUndefined();
    gone.delete('h1');
    await seconds(1);
    expect(status()?.state).toBe('ready');
  });

  it('is taken back as soon as it is heard', async () => {
    gone.add('h1');
    await seconds(2);
    gone.delete('h1');
    await seconds(1);
    expect(status()).toMatchObject({ state: 'ready', silent: false, reason: '' });
  });

  it('is found out as soon as its connection breaks', async () => {
    gone.add('h1');
    peers[0]?.close('reset');
    await seconds(2);
    expect(status()).toMatchObject({ state: 'down', confirmed: true });
  });

  it('is another thing than an agent that hangs or ended: its machine answers', async () => {
    hangs.add('h1');
    await seconds(2);
    expect(status()?.state).toBe('suspect');
    peers[0]?.close('the agent was killed');
    await seconds(1);
    expect(status()?.state).toBe('suspect');
    await seconds(2);
    expect(status()?.state).toBe('down');
    expect(status()?.confirmed).toBeUndefined();
  });

  it('is not alone: with most others gone as well, silence has its time', async () => {
    gone.add('h1');
    gone.add('h2');
    await seconds(1.2);
    expect([status()?.state, status('h2')?.state]).toEqual(['ready', 'ready']);
    await seconds(4);
    expect([status()?.state, status('h2')?.state]).toEqual(['down', 'down']);
  });
});

describe('a container that moves', () => {
  const ops = (session: FakeSession) =>
    session.news.flatMap((frame) =>
      frame.t === 'deltas'
        ? frame.deltas.map((delta) =>
            delta.op === 'put' ? `put ${delta.assignment.desired.state}` : `drop ${delta.purge}`,
          )
        : [],
    );
  const assign = (assigned: Container['assigned']) =>
    store.update((tx) => {
      const record = tx.get('containers', 'c');
      if (record === undefined) throw new Error('c is gone');
      const desired = { ...record.desired, generation: record.desired.generation + 1 };
      tx.put('containers', { ...record, desired, assigned });
    });
  const begin = async () => {
    const record = containerRecord('c', 'h1');
    const desired = { ...record.desired, state: 'running' as const };
    await store.update((tx) => tx.put('containers', { ...record, desired }));
    const [h1, h2] = [await connect('h1'), await connect('h2')];
    await assign({ hostId: 'h1', at: 1, moving: { hostId: 'h2', phase: 'stop' } });
    await settle();
    expect([ops(h1), ops(h2)]).toEqual([['put stopped'], []]);
    await assign({ hostId: 'h2', at: 2, moving: { hostId: 'h1', phase: 'start' } });
    await settle();
    expect([ops(h1), ops(h2)]).toEqual([['put stopped', 'put stopped'], ['put running']]);
    return [h1, h2] as const;
  };

  it('is stopped on the old host, which drops it only once it runs on the new one', async () => {
    const [h1, h2] = await begin();
    await store.update((tx) => {
      const record = tx.get('containers', 'c');
      if (record) tx.put('containers', { ...record, assigned: { hostId: 'h2', at: 2 } });
    });
    await settle();
    expect([ops(h1).at(-1), ops(h2)]).toEqual(['drop true', ['put running']]);
  });

  it('goes back to the copy that was kept, also in the eyes of a host that has just connected', async () => {
    const [, h2] = await begin();
    const anew = await connect('h1');
    expect(anew.news[0]).toMatchObject({ t: 'snapshot', assignments: [{ desired: { state: 'stopped' } }] });
    await assign({ hostId: 'h1', at: 3 });
    await settle();
    expect([ops(anew), ops(h2)]).toEqual([['put running'], ['put running', 'drop true']]);
  });

  it('is dropped by both hosts when its record goes', async () => {
    const [h1, h2] = await begin();
    await store.update((tx) => tx.delete('containers', 'c'));
    await settle();
    expect([ops(h1).at(-1), ops(h2).at(-1)]).toEqual(['drop true', 'drop true']);
  });
});

it('answers a heartbeat that asks for it with a lease, after what the host has missed', async () => {
  const session = await connect();
  session.say({ t: 'heartbeat', now: 42, engine: true, reason: '', lease: true });
  expect(session.news.map((frame) => frame.t)).toEqual(['snapshot', 'lease']);
  expect(session.news.at(-1)).toEqual({ t: 'lease', now: 42, ms: 3_000 });
  session.beat();
  expect(session.news).toHaveLength(2);
  const early = new FakeSession('h2');
  sessions.attach(early);
  early.say({ t: 'heartbeat', now: 43, engine: true, reason: '', lease: true });
  expect(early.news).toEqual([]);
});

describe('networks that span hosts', () => {
  const sent = (session: FakeSession, t: ManagerFrame['t']) => session.sent.filter((frame) => frame.t === t);
  const usable = { usable: true, reason: '' };

  it('are told to agents that know of them, before the assignments, and what they say of themselves is kept', async () => {
    await store.update((tx) => {
      putNetwork(tx, 'x1', ['10.1.0.0/24']);
      putNetwork(tx, 'x2', ['10.2.0.0/24']);
      putContainer(tx, 'web', 'h1', ['x1']);
    });
    const session = new FakeSession('h1');
    sessions.attach(session);
    const network = { drivers: { xoverlay: usable }, wireMtu: 9000 };
    session.hello({ network });
    session.say(empty);
    await settle();
    expect([...new Set(session.sent.map(({ t }) => t))].slice(0, 3)).toEqual([
      'welcome',
      'members',
      'snapshot',
    ]);
    expect(sent(session, 'members').slice(0, 1)).toMatchObject([
      { all: true, networks: [{ name: 'x1', put: [{ names: ['web', expect.any(String)] }] }] },
    ]);
    expect(store.view((tx) => tx.get('hostStatus', 'h1'))).toMatchObject({ dataAddress: 'd', network });
    await store.update((tx) => putContainer(tx, 'db', 'h1', ['x2']));
    await settle();
    expect(session.sent.slice(-2).map(({ t }) => t)).toEqual(['members', 'deltas']);
  });

  it('of plain docker are levelled with what their host says, once it has said hello', async () => {
    const session = await connect();
    session.say({
      t: 'ask',
      id: 4,
      ask: { op: 'create-network', driver: 'xoverlay', pools: [], options: {}, internal: false },
    });
    await settle();
    const count = () => store.view((tx) => tx.count('networks'));
    expect(count()).toBe(1);
    session.close('lost');
    const next = new FakeSession('h1');
    sessions.attach(next);
    next.say({ t: 'hold', networks: [], addresses: [] });
    await settle();
    expect([count(), next.closedFor]).toEqual([1, 'said "hold" before hello']);
    const last = await connect();
    last.say({ t: 'hold', networks: [], addresses: [] });
    await settle();
    expect(sent(last, 'held')).toEqual([{ t: 'held', refused: [] }]);
    expect(count()).toBe(0);
  });

  it('are told which hosts can be looked at through VXLAN, as these say, also while these are away', async () => {
    await store.update((tx) => {
      putNetwork(tx, 'x1', ['10.1.0.0/24']);
      putContainer(tx, 'web', 'h1', ['x1']);
    });
    const network = { drivers: { xoverlay: usable }, wireMtu: 1500 };
    const probed = () =>
      sent(session, 'members').flatMap((frame) =>
        frame.t === 'members' ? frame.networks.flatMap(({ put }) => put.map((one) => one.probed)) : [],
      );
    const kept = () => store.view((tx) => tx.get('hosts', 'h1')?.probed);
    const life = () => store.view((tx) => tx.get('hosts', 'h1')?.kernelLife);
    const kernelLife = 'ab'.repeat(16);
    let session = new FakeSession('h1');
    sessions.attach(session);
    session.hello({ network: { ...network, probed: true, kernelLife } });
    session.say(empty);
    await expect.poll(() => [probed().at(-1), kept()]).toEqual([true, true]);
    session.say({ t: 'paths', paths: {}, probed: false });
    await expect.poll(() => [probed().at(-1), kept()]).toEqual([undefined, undefined]);
    expect(life()).toBe(kernelLife);
    session.say({ t: 'paths', paths: {}, probed: true });
    await expect.poll(() => [probed().at(-1), kept()]).toEqual([true, true]);
    session.close('gone');
    expect(kept()).toBe(true);
    // Its machine was started anew, and nothing else is another one.
    session = new FakeSession('h1');
    sessions.attach(session);
    session.hello({ network: { ...network, probed: true, kernelLife: 'cd'.repeat(16) } });
    session.say(empty);
    await expect.poll(life).toBe('cd'.repeat(16));
    session.close('gone');
    // An agent of the version before.
    session = new FakeSession('h1');
    sessions.attach(session);
    session.hello({ network });
    session.say(empty);
    await expect.poll(() => [probed().at(-1), kept(), life()]).toEqual([undefined, undefined, undefined]);
  });

  it('are asked for by hosts, whose data paths are noted', async () => {
    const session = await connect();
    session.say({
      t: 'ask',
      id: 4,
      ask: { op: 'create-network', driver: 'xoverlay', pools: [], options: {}, internal: false },
    });
    session.say({
      t: 'ask',
      id: 5,
      ask: { op: 'take-address', network: 'none', endpoint: 'e', subnet: '10.1.0.0/24' },
    });
    session.say({ t: 'paths', paths: { h2: { ms: null, reason: 'no answer' } } });
    await settle();
    // A refusal need not wait for a disk.
    expect(sent(session, 'answer').reverse()).toMatchObject([
      { id: 4, network: expect.stringMatching(/^[0-9a-f]{64}$/), span: { driver: 'xoverlay' } },
      { id: 5, error: { message: 'the cluster has no network none for this host' } },
    ]);
    expect(store.view((tx) => tx.get('hostPaths', 'h1')?.paths)).toMatchObject({ h2: { ms: null } });
  });
});

describe('orphans', () => {
  const keys = () => store.view((tx) => [...tx.all('orphans')].map(({ id }) => id).sort());
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  it('stay through a new connection until its host has told which there are', async () => {
    const first = new FakeSession('h1');
    sessions.attach(first);
    first.hello();
    first.say(empty);
    first.say({ t: 'report', orphans: ['a', 'b'].map((id) => ({ id, name: id })) });
    await expect.poll(keys).toEqual(['a', 'b']);
    first.close('lost');
    const second = new FakeSession('h1');
    sessions.attach(second);
    second.hello();
    second.beat();
    await settled();
    expect(keys()).toEqual(['a', 'b']);
    second.say(empty);
    second.say({ t: 'report', orphans: [{ id: 'b', name: 'b' }] });
    await settled();
    expect(keys()).toEqual(['a', 'b']);
    second.beat();
    await expect.poll(keys).toEqual(['b']);
  });

  it('of a host that tells none any more are forgotten', async () => {
    await store.update((tx) => {
      for (const hostId of ['h1', 'h2']) tx.put('orphans', { kind: 'orphan', id: 'a', name: 'a', hostId });
    });
    const session = new FakeSession('h1');
    sessions.attach(session);
    session.hello();
    session.say(empty);
    await settled();
    session.beat();
    await expect
      .poll(() => store.view((tx) => [...tx.all('orphans')].map((one) => one.hostId)))
      .toEqual(['h2']);
  });
});
