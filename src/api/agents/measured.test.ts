import { afterEach, expect, it } from 'vitest';
import type { ManagerFrame } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Container } from '../../model/container.ts';
import type { ServiceRecord } from '../../model/deployment.ts';
import type { Scaling } from '../../model/scaling.ts';
import type { Service } from '../../model/service.ts';
import { newMemoryStore } from '../../store/index.ts';
import { Measured } from './measured.ts';

const store = newMemoryStore();
let measured: Measured | undefined;
afterEach(() => measured?.close());

const scaling: Scaling = {
  ...{ kind: 'scaling', min: 1, max: 4, step: 1, rules: [{ metric: 'cpu', target: 50 }], periodMs: 12_000 },
};
const record = (name: string, rules: Scaling | undefined): ServiceRecord => ({
  ...{ kind: 'service-record', stack: 'shop', name, scale: null, generation: 1, release: 1 },
  service: {
    ...{ name, runs: { kind: 'service' }, scale: { kind: 'replicated', replicas: 1 } },
    ...(rules === undefined ? {} : { scaling: rules }),
  } as Service,
});
const container = (id: string, name: string, hostId: string, leaving?: boolean): Container => ({
  ...{ kind: 'container', id, name: id, createdAt: 0, createdBy: 'root', apiVersion: '1.41' },
  desired: { generation: 1, state: 'running', spec: { Image: 'web' }, starts: 1 },
  assigned: { hostId, at: 0 },
  service: { stack: 'shop', name, index: 1, release: 1, ...(leaving === undefined ? {} : { leaving }) },
});

it('each host is asked for the containers of services that scale by what they use, and for others when these change', async () => {
  measured = new Measured({ store, logger: silentLogger });
  const told: ManagerFrame[] = [];
  const old: ManagerFrame[] = [];
  measured.attach('a', 6, (frame) => told.push(frame));
  measured.attach('b', 5, (frame) => old.push(frame));
  await store.update((tx) => {
    tx.put('services', record('web', scaling));
    tx.put('services', record('db', undefined));
    tx.put('services', record('edge', { ...scaling, rules: [{ metric: 'requests', target: 5 }] }));
    for (const [id, name, host] of [
      ...[
        ['w2', 'web', 'a'],
        ['w1', 'web', 'a'],
        ['w3', 'web', 'b'],
        ['d1', 'db', 'a'],
        ['e1', 'edge', 'a'],
      ],
    ] as const)
      tx.put('containers', container(id ?? '', name ?? '', host ?? ''));
  });
  await expect.poll(() => told).toEqual([{ t: 'measure', containers: ['w1', 'w2'], ms: 2_000 }]);
  await store.update((tx) => tx.put('containers', container('w1', 'web', 'a', true)));
  await expect.poll(() => told.at(-1)).toEqual({ t: 'measure', containers: ['w2'], ms: 2_000 });
  await store.update((tx) => tx.put('services', { ...record('web', scaling), scaling: { kind: 'off' } }));
  await expect.poll(() => told.at(-1)).toEqual({ t: 'measure', containers: [], ms: 5_000 });
  expect(told).toHaveLength(3);
  expect([old, measured.knows('a'), measured.knows('b')]).toEqual([[], true, false]);
});
