import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentFrame, LINK_VERSION, type ManagerFrame } from '../../contract/link.ts';
import { systemClock } from '../../kit/clock.ts';
import { silentLogger } from '../../kit/logger.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import { DeltaLog } from '../../link/index.ts';
import { defaultSettings } from '../../model/settings.ts';
import { containerRecord } from '../../store/contract.suite.ts';
import { FakeDisk } from '../../store/fake-disk.fixture.ts';
import { newJournalledStore } from '../../store/memory/store.ts';
import type { Store } from '../../store/store.ts';
import { testKeys } from './data-keys.fixture.ts';
import { HostSessions } from './host-sessions.ts';
import { beginLife, isPast } from './lives.ts';
import type { AgentSession } from './session.ts';

let disk: FakeDisk;

/** Nobody can tell of another host. */
const nobodyElse = { reach: () => Promise.resolve(undefined), isHere: () => false };

let store: Store;
let sessions: HostSessions;
let sent: ManagerFrame[] = [];
let say: (frame: AgentFrame) => void = () => {};

async function startManager(): Promise<void> {
  store = newJournalledStore(disk);
  const deltas = new DeltaLog(await beginLife(store, Date.now()));
  const events = { add: () => {}, subscribe: () => () => {} };
  sessions = new HostSessions({
    onLoads: () => undefined,
    metrics: { take: () => undefined, forget: () => undefined },
    keys: testKeys(),
    cookieKey: '0123456789abcdef',
    vault: newTestVault(),
    store,
    deltas,
    events,
    clock: systemClock,
    logger: silentLogger,
    ...nobodyElse,
  });
}
async function stopManager(): Promise<void> {
  sessions.close();
  await store.close();
}

/** Says hello with what an agent remembers of the frames before. */
function connect(seen?: (AgentFrame & { t: 'hello' })['seen']): void {
  sent = [];
  const session: AgentSession = {
    ...{ hostId: 'h1', hostName: 'h1', remoteAddress: '10.0.0.9:1' },
    send: (frame) => sent.push(frame),
    onFrame: (listener) => {
      say = listener;
    },
    onClose: () => {},
    close: () => {},
  };
  sessions.attach(session);
  const hello = {
    t: 'hello' as const,
    version: LINK_VERSION,
    agentVersion: '1',
    machineId: 'm',
    dataAddress: '',
  };
  say({ ...hello, now: Date.now(), ...(seen === undefined ? {} : { seen }) });
}
const settle = async () => {
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setImmediate(resolve));
};
const snapshots = () => sent.flatMap((frame) => (frame.t === 'snapshot' ? [frame] : []));
const place = () => sent.flatMap((frame) => ('at' in frame ? [frame.at] : [])).at(-1);
const put = (id: string) => store.update((tx) => tx.put('containers', containerRecord(id, id)));

beforeEach(async () => {
  disk = new FakeDisk();
  await startManager();
  await store.update((tx) => {
    tx.put('settings', { kind: 'settings', clusterId: 'c1', settings: defaultSettings });
    const made = { labels: {}, cordoned: false, certFingerprint: '', machineId: 'm', joinTokenId: '' };
    tx.put('hosts', { kind: 'host', id: 'h1', name: 'h1', joinedAt: 1, ...made });
  });
});
afterEach(stopManager);

describe('a snapshot', () => {
  it('has nothing that the disk has not taken, and comes once it has', async () => {
    let open = () => {};
    disk.slow = new Promise((resolve) => {
      open = resolve;
    });
    const write = put('a');
    connect();
    await settle();
    expect(snapshots()).toEqual([]);
    open();
    await write;
    await settle();
    expect(snapshots().map(({ assignments }) => assignments.map(({ id }) => id))).toEqual([['a']]);
  });

  it('never has what the disk then refuses, and what comes after it is not lost', async () => {
    await put('kept');
    disk.full = true;
    const refused = put('undone');
    connect();
    await expect(refused).rejects.toThrow(/disk is full/);
    await settle();
    expect(snapshots().map(({ assignments }) => assignments.map(({ id }) => id))).toEqual([['kept']]);
    disk.full = false;
    await put('later');
    await settle();
    expect(sent.at(-1)).toMatchObject({ t: 'deltas', deltas: [{ assignment: { id: 'later' } }] });
  });
});

describe('a backup that was put back', () => {
  it('is told from a restart, whether the backup was taken of this life of the manager or of one before', async () => {
    await put('a');
    connect();
    await settle();
    const backup = new Map(disk.rows);
    const atBackup = place();
    await put('b');
    await settle();
    const later = place();
    await stopManager();

    await startManager();
    connect(later);
    await settle();
    expect(snapshots()[0]?.restored).toBeUndefined();
    const inSecondLife = place();
    await stopManager();

    disk.rows = backup;
    await startManager();
    for (const [seen, restored] of [
      [atBackup, undefined],
      [later, true],
      [inSecondLife, true],
    ] as const) {
      connect(seen);
      await settle();
      expect(snapshots()[0]?.restored, JSON.stringify(seen)).toBe(restored);
    }
    // However far the restored state gets.
    for (let i = 0; i < 20; i++) await put(`c${i}`);
    connect(later);
    await settle();
    expect(snapshots()[0]?.restored).toBe(true);
    // What was heard of the restored state itself is its past.
    const now = place();
    await stopManager();
    await startManager();
    connect(now);
    await settle();
    expect(snapshots()[0]?.restored).toBeUndefined();
  });

  it('is not suspected where agent or manager are of an earlier release', () => {
    store.view((tx) => {
      expect(isPast(tx, { epoch: 'unknown', seq: 5 }, 9)).toBe(true);
      expect(isPast(tx, { epoch: 'unknown', seq: 5, revision: 1 }, 9)).toBe(false);
    });
  });

  it('keeps its orphans until all have been told once more', async () => {
    connect();
    await settle();
    await put('known');
    say({ t: 'full', containers: [], images: [], networks: [], volumes: [] });
    const { apiVersion, desired } = containerRecord('x', 'x');
    const held = { apiVersion, desired, needs: { networks: [], volumes: [] } };
    say({
      t: 'report',
      orphans: [
        { id: 'x', name: 'x', held },
        { id: 'known', name: 'known', held },
      ],
    });
    await settle();
    const ids = () => store.view((tx) => [...tx.all('orphans')].map(({ id }) => id));
    expect(ids()).toEqual(['x']);
    connect(place());
    await settle();
    expect(ids()).toEqual(['x']);
    say({ t: 'full', containers: [], images: [], networks: [], volumes: [] });
    await settle();
    say({ t: 'heartbeat', now: Date.now(), engine: true, reason: '' });
    await settle();
    expect(ids()).toEqual([]);
  });
});
