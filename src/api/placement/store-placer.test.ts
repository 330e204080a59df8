import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { readStack } from '../../compose/index.ts';
import type { Container, ObservedContainer } from '../../model/container.ts';
import type { HostState } from '../../model/host.ts';
import { hostRecord, hostStatusRecord, observedContainer } from '../../model/records.fixture.ts';
import { settingsSchema } from '../../model/settings.ts';
import type { HostView } from '../../scheduler/host-view.ts';
import { GIB, TEST_IMAGE, testEngine, testImageId } from '../../scheduler/testing.ts';
import { newMemoryStore } from '../../store/index.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { newStorePlacer, type StorePlacer } from './store-placer.ts';
import { StoreView } from './store-view.ts';

let store: Store;
let placer: StorePlacer;

function putHost(
  tx: WriteTx,
  name: string,
  rest: { memory?: number; state?: HostState; images?: string[] } = {},
): void {
  const id = `${name}-id`;
  tx.put('hosts', hostRecord(id, { name, labels: { rack: `rack-of-${name}` } }));
  const engine = testEngine({ name, memory: rest.memory ?? 8 * GIB });
  tx.put('hostStatus', hostStatusRecord(id, { state: rest.state ?? 'ready', engine }));
  for (const image of rest.images ?? [TEST_IMAGE])
    tx.put('observedImages', {
      kind: 'observed-image',
      hostId: id,
      imageId: testImageId(image),
      repoTags: [image],
      repoDigests: [],
      labels: {},
      created: 0,
      size: 0,
      raw: {},
    });
}

const spec = (rest: Record<string, unknown> = {}) => ({ Image: TEST_IMAGE, ...rest });

function record(id: string, host: string, rest: Record<string, unknown> = {}): Container {
  return {
    kind: 'container',
    id,
    name: `name-${id}`,
    createdAt: 0,
    createdBy: '',
    apiVersion: '1.41',
    desired: { generation: 1, state: 'created', spec: spec(rest) as never, starts: 0 },
    assigned: { hostId: `${host}-id`, at: 0 },
  };
}

function seen(
  id: string | undefined,
  host: string,
  rest: Partial<ObservedContainer> = {},
): ObservedContainer {
  return observedContainer(`${host}-id`, `engine-${id ?? 'foreign'}`, {
    ...(id === undefined ? {} : { clusterId: id }),
    name: id === undefined ? 'foreign' : `name-${id}`,
    image: TEST_IMAGE,
    ...rest,
  });
}

const place = (tx: ReadTx, body: Record<string, unknown> = {}) =>
  placer.place(tx, { name: 'web', spec: spec(body) as never }).hostId;
const memory = (gib: number) => ({ HostConfig: { Memory: gib * GIB } });
const published = (port: string) => ({ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: port }] } } });

beforeEach(async () => {
  store = newMemoryStore();
  placer = newStorePlacer({ store });
  await store.update((tx) => {
    putHost(tx, 'a');
    putHost(tx, 'b');
  });
});

describe('store placer', () => {
  it('sees what was there before it', async () => {
    await store.update((tx) => tx.put('containers', record('1', 'a')));
    const late = newStorePlacer({ store });
    expect(store.view((tx) => late.place(tx, { name: 'x', spec: spec() })).hostId).toBe('b-id');
  });

  it('counts what the same transaction wrote before', async () => {
    const hosts = await store.update((tx) =>
      [1, 2, 3, 4].map((i) => {
        const hostId = place(tx, memory(4));
        tx.put('containers', record(String(i), hostId.slice(0, 1), memory(4)));
        return hostId;
      }),
    );
    expect(hosts).toEqual(['a-id', 'b-id', 'a-id', 'b-id']);
    expect(() => store.view((tx) => place(tx, memory(1)))).toThrow(
      '2 hosts: not enough memory (asked 1 GiB, most free 0 B)',
    );
  });

  it('counts what other transactions wrote that are not durable yet, and not what was taken back', async () => {
    const first = store.update((tx) => tx.put('containers', record('1', 'a', memory(8))));
    const second = store.update((tx) => {
      tx.put('containers', record('2', 'b', memory(8)));
      expect(() => place(tx, memory(1))).toThrow('not enough memory');
      throw new Error('taken back');
    });
    expect(store.view((tx) => place(tx, memory(1)))).toBe('b-id');
    await expect(second).rejects.toThrow('taken back');
    await first;
  });

  it('counts a container once that is recorded and seen', async () => {
    await store.update((tx) => tx.put('containers', record('1', 'a', memory(4))));
    await store.update((tx) =>
      tx.put(
        'observedContainers',
        seen('1', 'a', { reservation: { cpuMilli: 0, memory: 4 * GIB, ports: [] } }),
      ),
    );
    await store.update((tx) => tx.put('containers', record('2', 'b', memory(8))));
    expect(store.view((tx) => place(tx, memory(4)))).toBe('a-id');
    expect(() => store.view((tx) => place(tx, memory(5)))).toThrow('most free 4 GiB');
  });

  it('counts what Berth did not make, and copies that were left on another host', async () => {
    const reservation = { cpuMilli: 0, memory: 8 * GIB, ports: [{ ip: '', port: 8080, protocol: 'tcp' }] };
    await store.update((tx) => {
      tx.put('observedContainers', seen(undefined, 'a', { reservation }));
      tx.put('containers', record('1', 'b'));
    });
    expect(store.view((tx) => place(tx, memory(1)))).toBe('b-id');
    expect(store.view((tx) => place(tx, published('8080')))).toBe('b-id');
    await store.update((tx) => {
      tx.delete('observedContainers', 'a-id/engine-foreign');
      tx.put('observedContainers', seen('1', 'a', { reservation }));
    });
    expect(store.view((tx) => place(tx, memory(1)))).toBe('b-id');
    await store.update((tx) => tx.delete('observedContainers', 'a-id/engine-1'));
    expect(store.view((tx) => place(tx, memory(8)))).toBe('a-id');
  });

  it('moves a container with its record, and forgets it with it', async () => {
    await store.update((tx) => tx.put('containers', record('1', 'a', memory(8))));
    await store.update((tx) => tx.put('containers', record('1', 'b', memory(8))));
    expect(store.view((tx) => place(tx, memory(8)))).toBe('a-id');
    await store.update((tx) => tx.put('containers', record('2', 'a', memory(8))));
    await store.update((tx) => tx.delete('containers', '1'));
    expect(store.view((tx) => place(tx, memory(8)))).toBe('b-id');
  });

  it('takes the port that a range was given, once it is seen', async () => {
    await store.update((tx) => {
      tx.delete('hosts', 'b-id');
      tx.put('containers', record('1', 'a', published('8000-8001')));
    });
    expect(store.view((tx) => place(tx, published('8000')))).toBe('a-id');
    await store.update((tx) =>
      tx.put(
        'observedContainers',
        seen('1', 'a', { ports: [{ ip: '0.0.0.0', privatePort: 80, publicPort: 8000, type: 'tcp' }] }),
      ),
    );
    expect(() => store.view((tx) => place(tx, published('8000')))).toThrow('1 host: port 8000/tcp is taken');
    expect(store.view((tx) => place(tx, published('8001')))).toBe('a-id');
  });

  it('leaves a router its ports while it runs', async () => {
    const settings = (port: number) => ({
      ...{ kind: 'settings' as const, clusterId: 'c' },
      settings: settingsSchema.parse({ routerPort: port, routerTlsPort: 443 }),
    });
    const labels = { 'berth.router': 'digest' };
    await store.update((tx) => {
      tx.put('settings', settings(80));
      tx.put('observedContainers', seen(undefined, 'a', { labels, networkMode: 'host' }));
    });
    for (const port of ['80', '443']) expect(store.view((tx) => place(tx, published(port)))).toBe('b-id');
    await store.update((tx) => tx.put('containers', record('1', 'b', published('80'))));
    expect(() => store.view((tx) => place(tx, published('80')))).toThrow(
      '1 host: port 80/tcp is taken by the router; 1 host: port 80/tcp is taken',
    );
    await store.update((tx) => tx.put('settings', settings(8080)));
    expect(store.view((tx) => place(tx, published('80')))).toBe('a-id');
    expect(store.view((tx) => place(tx, published('8080')))).toBe('b-id');
    const state = { ...seen(undefined, 'a').state, status: 'restarting' as const };
    await store.update((tx) => tx.put('observedContainers', seen(undefined, 'a', { labels, state })));
    expect(store.view((tx) => place(tx, published('8080')))).toBe('a-id');
  });

  it('leaves a router the ports at which services and balancers listen, while they do', async () => {
    const labels = { 'berth.router': 'digest' };
    const settings = (routerPort: number) => ({
      ...{ kind: 'settings' as const, clusterId: 'c' },
      settings: settingsSchema.parse({ routerPort, routerTlsPort: 443 }),
    });
    const read = (path: string) =>
      path === '/s/compose.yml'
        ? `services: {db: {image: "db:1", labels: {berth.lb.port_5432: "tcp://any:5432", berth.lb.port_80: "tcp://any:8080", berth.lb.port_53: "udp://any:53"}}}`
        : undefined;
    const [service] = readStack({ files: ['/s/compose.yml'], folder: '/s', read, env: {} }).stack.services;
    if (service === undefined) throw new Error('no service');
    const on = (port: string) => store.view((tx) => place(tx, published(port)));
    await store.update((tx) => {
      tx.put('settings', settings(80));
      // So that all else speaks for the other one.
      for (const id of ['1', '2']) tx.put('containers', record(id, 'b'));
      tx.put('observedContainers', seen(undefined, 'a', { labels, networkMode: 'host' }));
    });
    for (const port of ['5432', '8080', '9000', '53']) expect(on(port)).toBe('a-id');
    await store.update((tx) => {
      tx.put('services', {
        ...{
          kind: 'service-record',
          stack: 's',
          name: 'db',
          service,
          scale: null,
          generation: 1,
          release: 1,
        },
      });
      tx.put('balancers', {
        ...{
          kind: 'balancer',
          name: 'crm',
          targets: [],
          rules: {},
          sticky: false,
          createdAt: 0,
          createdBy: '',
        },
        listens: [
          { kind: 'tcp', port: 9000, names: ['a.example.com'] },
          { kind: 'http', domain: 'crm.example.com', path: '/' },
        ],
      });
    });
    for (const port of ['80', '443', '5432', '8080', '9000']) expect(on(port)).toBe('b-id');
    expect(on('53')).toBe('a-id');
    // What the router has for domains is nobody's, and is its own still.
    await store.update((tx) => tx.put('settings', settings(8080)));
    expect([on('80'), on('8080')]).toEqual(['a-id', 'b-id']);
    await store.update((tx) => {
      tx.delete('services', 's/db');
      tx.delete('balancers', 'crm');
    });
    expect([on('5432'), on('9000'), on('8080')]).toEqual(['a-id', 'a-id', 'b-id']);
  });

  it('takes hosts for having an image that is pulled, and tells plugins which one', async () => {
    await store.update((tx) => putHost(tx, 'c', { images: ['other:1'] }));
    const asked = { name: 'web', spec: { Image: 'big:1' } as never };
    expect(() => store.view((tx) => placer.place(tx, asked))).toThrow('No such image: big:1');
    const home = (by: StorePlacer) => store.view((tx) => by.place(tx, { ...asked, anyImage: true }).hostId);
    expect(home(placer)).toBe('a-id');
    expect(() => store.view((tx) => placer.place(tx, asked))).toThrow('No such image: big:1');
    const onlyC = {
      name: 'big',
      refusals: ({ image }: { image: string }, hosts: readonly HostView[]) =>
        hosts.map(({ name }) => (image === 'big:1' && name !== 'c' ? 'too small' : undefined)),
    };
    const loaded = { filters: [onlyC], strategies: [] };
    expect(home(newStorePlacer({ store, plugins: { load: () => loaded } }))).toBe('c-id');
  });

  it('holds users of a volume or network to its host', async () => {
    const network = { kind: 'network' as const, createdAt: 0, createdBy: '' };
    await store.update((tx) => {
      tx.put('volumes', {
        kind: 'volume',
        name: 'data',
        createdAt: 0,
        createdBy: '',
        hostId: 'b-id',
        spec: {},
      });
      tx.put('volumes', { kind: 'volume', name: 'free', createdAt: 0, createdBy: '', spec: {} });
      tx.put('networks', { ...network, id: 'n1', name: 'back', hostId: 'b-id', spec: { Name: 'back' } });
      tx.put('networks', { ...network, id: 'n2', name: 'anywhere', spec: { Name: 'anywhere' } });
      tx.put('observedVolumes', {
        kind: 'observed-volume',
        hostId: 'b-id',
        name: 'old',
        driver: 'local',
        labels: {},
        raw: {},
      });
      tx.put('observedVolumes', {
        kind: 'observed-volume',
        hostId: 'a-id',
        name: 'free',
        driver: 'local',
        labels: {},
        raw: {},
      });
    });
    const on = (HostConfig: Record<string, unknown>) => store.view((tx) => place(tx, { HostConfig }));
    expect(on({ Binds: ['data:/d'] })).toBe('b-id');
    expect(on({ Binds: ['old:/d'] })).toBe('b-id');
    expect(on({ Binds: ['free:/d'] })).toBe('a-id');
    expect(on({ NetworkMode: 'back' })).toBe('b-id');
    expect(on({ NetworkMode: 'n1' })).toBe('b-id');
    expect(on({ NetworkMode: 'anywhere' })).toBe('a-id');
    await store.update((tx) => tx.delete('hosts', 'b-id'));
    expect(() => on({ Binds: ['data:/d'] })).toThrow('no host fits web: 1 host: volume data is on b-id');
  });

  it('follows hosts, their state, their images and the settings', async () => {
    await store.update((tx) => putHost(tx, 'a', { state: 'down' }));
    expect(store.view((tx) => place(tx))).toBe('b-id');
    await store.update((tx) => {
      putHost(tx, 'a');
      tx.put('settings', {
        kind: 'settings',
        clusterId: 'c',
        settings: settingsSchema.parse({ memoryOvercommit: 2 }),
      });
    });
    expect(store.view((tx) => place(tx, memory(16)))).toBe('a-id');
    await store.update((tx) => tx.delete('observedImages', `a-id/${testImageId(TEST_IMAGE)}`));
    expect(store.view((tx) => place(tx, memory(16)))).toBe('b-id');
    await store.update((tx) => tx.delete('observedImages', `b-id/${testImageId(TEST_IMAGE)}`));
    expect(() => store.view((tx) => place(tx))).toThrow('No such image: app:1');
  });

  it('takes in what was written of a host before the host itself', async () => {
    await store.update((tx) => {
      tx.put('containers', record('1', 'c', memory(8)));
      tx.put('containers', record('2', 'a', memory(8)));
      tx.put('containers', record('3', 'b', memory(8)));
    });
    expect(() => store.view((tx) => place(tx, memory(1)))).toThrow('2 hosts');
    await store.update((tx) => putHost(tx, 'c'));
    expect(() => store.view((tx) => place(tx, memory(1)))).toThrow('3 hosts: not enough memory');
  });

  it('explains every host, and a refusal', () => {
    const explain = (body: Record<string, unknown>) =>
      store.view((tx) => placer.explain(tx, { name: 'web', spec: spec(body) as never }));
    expect(explain({ Env: ['constraint:rack==rack-of-b'], HostConfig: { Memory: 2 * GIB } })).toEqual({
      chosen: 'b-id',
      refusal: undefined,
      hosts: [
        { hostId: 'b-id', hostName: 'b', fits: true, reasons: [], score: 125 },
        {
          hostId: 'a-id',
          hostName: 'a',
          fits: false,
          reasons: ['rack==rack-of-b not met'],
          score: undefined,
          outside: true,
        },
      ],
    });
    expect(explain(memory(9))).toMatchObject({
      chosen: undefined,
      refusal: 'no host fits web: 2 hosts: not enough memory (asked 9 GiB, most free 8 GiB)',
    });
  });

  it('is not stopped by a record with a spec that would be refused today', async () => {
    await store.update((tx) => tx.put('containers', record('1', 'a', { HostConfig: { Memory: -1 } })));
    expect(store.view((tx) => place(tx))).toBe('b-id');
  });

  it('has the same view after any history as one that is made afresh', async () => {
    const id = fc.constantFrom('1', '2', '3');
    const host = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.tuple(id, host, fc.nat(3)).map(
        ([i, h, gib]) =>
          (tx: WriteTx) =>
            tx.put('containers', record(i, h, memory(gib))),
      ),
      id.map((i) => (tx: WriteTx) => void tx.delete('containers', i)),
      fc.tuple(fc.option(id, { nil: undefined }), host, fc.nat(3)).map(
        ([i, h, gib]) =>
          (tx: WriteTx) =>
            tx.put(
              'observedContainers',
              seen(i, h, {
                reservation: {
                  cpuMilli: 0,
                  memory: gib * GIB,
                  ports: [{ ip: '', port: gib, protocol: 'tcp' }],
                },
              }),
            ),
      ),
      // The same engine's container, seen now with and now without the label of Berth.
      fc.tuple(id, host, id).map(
        ([i, h, cluster]) =>
          (tx: WriteTx) =>
            tx.put('observedContainers', { ...seen(i, h), clusterId: cluster }),
      ),
      fc.tuple(fc.option(id, { nil: 'foreign' }), host).map(
        ([i, h]) =>
          (tx: WriteTx) =>
            void tx.delete('observedContainers', `${h}-id/engine-${i}`),
      ),
      host.map((h) => (tx: WriteTx) => putHost(tx, h)),
      host.map((h) => (tx: WriteTx) => void tx.delete('hosts', `${h}-id`)),
    );
    const transaction = fc.record({
      steps: fc.array(step, { maxLength: 4 }),
      back: fc.boolean(),
      look: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { maxLength: 12 }), async (transactions) => {
        const own = newMemoryStore();
        const followed = new StoreView(own);
        for (const { steps, back, look } of transactions) {
          const done = own.update((tx) => {
            for (const one of steps) one(tx);
            if (look) followed.at(tx);
            if (back) throw new Error('back');
          });
          await done.catch(() => undefined);
        }
        const fresh = new StoreView(own);
        own.view((tx) => expect(summary(followed.at(tx).hosts)).toEqual(summary(fresh.at(tx).hosts)));
        await own.close();
      }),
      { numRuns: 300 },
    );
  });
});

function summary(hosts: readonly HostView[]) {
  return hosts.map((host) => ({
    name: host.name,
    memory: host.memoryUsed,
    containers: [...host.containers.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    names: [...host.containerNames()].sort(),
  }));
}
