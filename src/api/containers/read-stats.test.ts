import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { EngineCall } from '../docker/call.ts';
import type { Target } from '../docker/containers/find.ts';
import { readStats } from './read-stats.ts';

const answer = {
  read: '2026-01-01T00:00:01.5Z',
  cpu_stats: { cpu_usage: { total_usage: 2e9 } },
  memory_stats: { usage: 1000, limit: 4000, stats: { inactive_file: 300 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 20 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'Read', value: 5 },
      { op: 'write', value: 7 },
      { op: 'Total', value: 12 },
    ],
  },
  pids_stats: { current: 3 },
};

function read(said: object) {
  const body = Readable.from([JSON.stringify(said)]);
  const engines = { request: async () => ({ status: 200, headers: {}, body }) };
  const call = { deps: { engines }, apiVersion: '1.41' } as unknown as EngineCall;
  return readStats(call, { hostId: 'h', engineRef: 'e1', id: 'e1', name: 'web' } as Target);
}

it('counts as docker stats does', async () => {
  expect(await read(answer)).toEqual({
    ...{ at: Date.parse(answer.read), cpu: 2e6, memory: 700, memoryLimit: 4000, processes: 3 },
    ...{ received: 11, sent: 22, read: 5, written: 7 },
  });
});

it('does without what an engine leaves out', async () => {
  const poor = {
    memory_stats: { usage: 1000, stats: { total_inactive_file: 2000, inactive_file: 1 } },
    ...{ networks: undefined, blkio_stats: { io_service_bytes_recursive: null }, pids_stats: {} },
  };
  expect(await read({ ...answer, ...poor })).toMatchObject({
    ...{ memory: 0, memoryLimit: 0, received: 0, sent: 0, read: 0, written: 0, processes: 0 },
  });
});

it('says that what has ended uses nothing', async () => {
  const ended = { ...answer, read: '0001-01-01T00:00:00Z' };
  for (const said of [ended, { cpu_stats: {}, pids_stats: {} }])
    await expect(read(said)).rejects.toMatchObject({ code: 'conflict' });
});
