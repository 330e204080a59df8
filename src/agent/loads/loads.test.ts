import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentFrame } from '../../contract/link.ts';
import type { Engine } from '../../engine/index.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { cgroupFolders } from './cgroup-folders.ts';
import { readCounters } from './counters.ts';
import { containerFigures, loadOf } from './load-of.ts';
import { LoadReports } from './load-reports.ts';
import { Readings } from './readings.ts';

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n';
const V1 = [
  '31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
  '',
].join('\n');

describe('the folders of a cgroup', () => {
  it('are found in version 2', () => {
    expect(cgroupFolders(V2, '0::/system.slice/docker-abc.scope\n')).toEqual({
      version: 2,
      folder: '/sys/fs/cgroup/system.slice/docker-abc.scope',
    });
  });

  it('are found in version 1, also beside a version 2 without controllers', () => {
    expect(cgroupFolders(V1, '5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/docker/abc\n')).toEqual({
      version: 1,
      cpu: '/sys/fs/cgroup/cpu,cpuacct/docker/abc',
      memory: '/sys/fs/cgroup/memory/docker/abc',
      disk: undefined,
      pids: undefined,
    });
  });

  it('are found below a mount that shows a part, and with spaces', () => {
    const mounts = '30 23 0:26 /host /sys/fs/c\\040g rw - cgroup2 cgroup2 rw\n';
    expect(cgroupFolders(mounts, '0::/host/docker/abc\n')).toEqual({
      version: 2,
      folder: '/sys/fs/c g/docker/abc',
    });
    expect(cgroupFolders(mounts, '0::/hostile/abc\n')).toBeUndefined();
  });

  it('are none where they lie outside of what is mounted, or nothing is', () => {
    expect(cgroupFolders(V2, '0::/../other\n')).toBeUndefined();
    expect(cgroupFolders('', '0::/docker/abc\n')).toBeUndefined();
    expect(cgroupFolders('garbage - ', 'garbage')).toBeUndefined();
  });
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-loads-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const NET = [
  'Inter-|   Receive                                                |  Transmit',
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
  '    lo: 900 1 0 0 0 0 0 0 900 1 0 0 0 0 0 0',
  '  eth0: 100 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0',
  'eth1:5000 1 0 0 0 0 0 0 600 1 0 0 0 0 0 0',
  '',
].join('\n');

function writeV2(pid: number, id: string, { usec = 0, current = 1_000 } = {}): void {
  write(`/proc/${pid}/cgroup`, `0::/docker/${id}\n`);
  write('/proc/self/mountinfo', V2);
  write(`/proc/${pid}/net/dev`, NET);
  const folder = `/sys/fs/cgroup/docker/${id}`;
  write(`${folder}/cpu.stat`, `usage_usec ${usec}\nuser_usec 1\n`);
  write(`${folder}/memory.current`, `${current}\n`);
  write(`${folder}/memory.stat`, 'anon 1\nfile 400\ninactive_file 400\n');
  write(`${folder}/memory.max`, 'max\n');
  write(
    `${folder}/io.stat`,
    '8:0 rbytes=4096 wbytes=100 rios=1 wios=1 dbytes=7 dios=0\n8:16 rbytes=4 wbytes=1 rios=1\n',
  );
  write(`${folder}/pids.current`, '3\n');
}

describe('counters', () => {
  it('are read of version 2', () => {
    writeV2(7, 'abc', { usec: 1500 });
    expect(readCounters({ version: 2, folder: '/sys/fs/cgroup/docker/abc' }, 7, root)).toEqual({
      ...{ cpu: 1500, memory: 600, memoryLimit: Number.POSITIVE_INFINITY, received: 5100, sent: 620 },
      ...{ diskRead: 4100, diskWrite: 101, pids: 3 },
    });
  });

  it('are read of version 1', () => {
    write('/proc/7/net/dev', NET);
    write('/c/cpuacct.usage', '1500000\n');
    write('/m/memory.usage_in_bytes', '1000\n');
    write('/m/memory.limit_in_bytes', '9223372036854771712\n');
    write('/m/memory.stat', 'cache 5\ninactive_file 1\ntotal_inactive_file 300');
    write(
      '/b/blkio.throttle.io_service_bytes_recursive',
      '8:0 Read 70\n8:0 Write 5\n8:0 Total 75\nTotal 75\n',
    );
    write('/p/pids.current', '9\n');
    const folders = { version: 1, cpu: '/c', memory: '/m' } as const;
    expect(readCounters({ ...folders, disk: '/b', pids: '/p' }, 7, root)).toEqual({
      ...{ cpu: 1500, memory: 700, memoryLimit: Number('9223372036854771712'), received: 5100, sent: 620 },
      ...{ diskRead: 70, diskWrite: 5, pids: 9 },
    });
    // A kernel that does not count these is not a container that cannot be read.
    expect(readCounters({ ...folders, disk: '/none', pids: undefined }, 7, root)).toMatchObject({
      ...{ cpu: 1500, diskRead: Number.NaN, diskWrite: Number.NaN, pids: Number.NaN },
    });
  });

  it('fail where the process is gone', () => {
    expect(() => readCounters({ version: 2, folder: '/none' }, 7, root)).toThrow('ENOENT');
  });
});

describe('what a container did between two looks', () => {
  const at = (ms: number, cpu: number, more = {}, run = 'r1') => ({
    ...{ run, at: ms },
    counters: {
      ...{ cpu, memory: 250, memoryLimit: 1_000, received: 0, sent: 0 },
      ...{ diskRead: 0, diskWrite: 0, pids: 2, ...more },
    },
  });
  const means = { cores: 2, hostMemory: 500, ownNetwork: true };

  it('is told in per cent of its cores and of what memory it may have, and in bytes per second', () => {
    expect(loadOf(at(0, 0), at(2_000, 2_000_000, { received: 500, sent: 3 }), means)).toEqual({
      ...{ cpu: 50, memory: 50, networkIn: 250, networkOut: 2 },
    });
    expect(loadOf(at(0, 0), at(1_000, 0), { ...means, hostMemory: 10_000, ownNetwork: false })).toEqual({
      ...{ cpu: 0, memory: 25 },
    });
  });

  it('is not told where counters go back, or say nothing', () => {
    expect(loadOf(at(0, 10), at(1_000, 5), means)).toBeUndefined();
    expect(loadOf(at(5, 1), at(5, 2), means)).toBeUndefined();
    expect(loadOf(at(0, 1), at(1_000, Number.NaN), means)).toBeUndefined();
    expect(loadOf(at(0, 1), at(1_000, 5, {}, 'r2'), means)).toBeUndefined();
  });

  it('is shown in cores and bytes, with what it may use', () => {
    const shown = { coreLimit: 0.5, hostMemory: 500, ownNetwork: true };
    const after = at(2_000, 1_000_049, { received: 500, sent: 3, diskRead: 9_000 });
    expect(containerFigures(at(0, 0, { diskWrite: 8 }), after, shown)).toEqual({
      ...{ cpu: 0.5, memory: 250, networkIn: 250, networkOut: 2, diskRead: 4500, diskWrite: 0, pids: 2 },
      // More than the host has is no limit.
      ...{ coreLimit: 0.5, memoryLimit: 0 },
    });
    const other = { coreLimit: 0, hostMemory: 10_000, ownNetwork: false };
    const unknown = { diskRead: Number.NaN, diskWrite: Number.NaN, pids: Number.NaN };
    expect(containerFigures(at(0, 0), at(1_000, 0, unknown), other)).toEqual({
      ...{ cpu: 0, memory: 250, networkIn: Number.NaN, networkOut: Number.NaN },
      ...{ ...unknown, coreLimit: 0, memoryLimit: 1_000 },
    });
  });
});

type Report = AgentFrame & { t: 'loads' };
const ENGINE_ID = 'e'.repeat(64);

/** Reports of a container whose process and engine are as told. */
function reportsOf({ pid = 7, networkMode = 'bridge' } = {}) {
  const told: Report[] = [];
  const waits: (() => void)[] = [];
  const state = { status: 'running', startedAt: 1 };
  const observed = { engineId: ENGINE_ID, state, networkMode, reservation: { cpuMilli: 500 } };
  let asked = 0;
  const engine = {
    json: async () => {
      asked++;
      return { State: { Pid: pid } };
    },
  } as unknown as Engine;
  const reports = new LoadReports({
    readings: new Readings(engine, root),
    picture: { find: (id) => (id === 'c1' ? (observed as unknown as ObservedContainer) : undefined) },
    clock: {
      now: () => 0,
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          waits.push(resolve);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    },
    logger: silentLogger,
  });
  reports.attach((frame) => told.push(frame));
  const looks = (count: number) => expect.poll(() => told.length).toBe(count);
  const next = () => waits.shift()?.();
  return { reports, told, state, looks, next, asked: () => asked };
}

describe('reports', () => {
  // So often that no reading is taken for a new one.
  const measure = { t: 'measure' as const, containers: ['c1', 'c2'], ms: 1 };

  it('tell what is asked for from the second look on; the engine is asked once a run', async () => {
    writeV2(7, ENGINE_ID);
    const { reports, told, state, looks, next, asked } = reportsOf();
    reports.onMeasure(measure);
    await looks(1);
    expect(told[0]).toEqual({ t: 'loads', loads: [], unread: [] });
    writeV2(7, ENGINE_ID, { usec: 1_000_000_000 });
    next();
    await looks(2);
    expect(told[1]?.loads).toMatchObject([{ id: 'c1', networkIn: 0, networkOut: 0 }]);
    expect(told[1]?.loads[0]?.cpu).toBeGreaterThan(100);
    expect(asked()).toBe(1);
    // Another run begins anew.
    state.startedAt = 2;
    next();
    await looks(3);
    expect([told[2]?.loads, asked()]).toEqual([[], 2]);
    reports.detach();
  });

  it('leave out the host’s own network, and what does not run', async () => {
    writeV2(7, ENGINE_ID);
    const { reports, told, state, looks, next } = reportsOf({ networkMode: 'host' });
    reports.onMeasure(measure);
    await looks(1);
    next();
    await looks(2);
    expect(Object.keys(told[1]?.loads[0] ?? {})).toEqual(['id', 'cpu', 'memory']);
    state.status = 'exited';
    next();
    await looks(3);
    expect(told[2]).toEqual({ t: 'loads', loads: [], unread: [] });
    reports.detach();
  });

  it('take what was read a moment ago, whoever has asked for it', async () => {
    writeV2(7, ENGINE_ID);
    const { reports, told, looks, next } = reportsOf();
    reports.onMeasure({ ...measure, ms: 600_000 });
    await looks(1);
    writeV2(7, ENGINE_ID, { usec: 1_000_000_000 });
    next();
    await looks(2);
    expect(told[1]).toEqual({ t: 'loads', loads: [], unread: [] });
    reports.detach();
  });

  it('say why one cannot be read: another container’s process, one that is gone, no process', async () => {
    writeV2(7, 'another');
    const other = reportsOf();
    other.reports.onMeasure(measure);
    await other.looks(1);
    expect(other.told[0]?.unread).toEqual([
      { id: 'c1', reason: 'its process is not to be seen from its host’s agent' },
    ]);
    other.reports.detach();
    for (const [pid, reason] of [
      [8, 'ENOENT'],
      [0, 'its engine names no process of it'],
    ] as const) {
      const { reports, told, looks } = reportsOf({ pid });
      reports.onMeasure(measure);
      await looks(1);
      expect(told[0]?.unread[0]?.reason).toContain(reason);
      reports.detach();
    }
  });

  it('end when nothing is asked for, or nobody listens', async () => {
    writeV2(7, ENGINE_ID);
    const { reports, told, looks, next } = reportsOf();
    reports.onMeasure(measure);
    await looks(1);
    reports.onMeasure({ ...measure, containers: [] });
    next();
    reports.onMeasure(measure);
    await looks(2);
    reports.detach();
    next();
    reports.onMeasure(measure);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toHaveLength(2);
  });
});
