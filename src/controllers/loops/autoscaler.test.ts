import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../kit/logger.ts';
import type { Container, ObservedContainer } from '../../model/container.ts';
import {
  type ReleaseRecord,
  type ServiceRecord,
  type StackRecord,
  serviceKey,
} from '../../model/deployment.ts';
import type { Scaling } from '../../model/scaling.ts';
import { DEFAULT_POLICY, type Service } from '../../model/service.ts';
import { replicasOf } from '../../model/service-scale.ts';
import type { AccessSummary } from '../../model/traffic.ts';
import { FakeDisk } from '../../store/fake-disk.fixture.ts';
import { newJournalledStore } from '../../store/memory/store.ts';
import type { Store } from '../../store/store.ts';
import { AutoScaler, type AutoScalerDeps, type ScaleLook } from './autoscaler.ts';

const KEY = serviceKey('shop', 'web');
const scaling: Scaling = {
  ...{ kind: 'scaling', min: 1, max: 4, step: 1, rules: [{ metric: 'cpu', above: 70, below: 30 }] },
  ...{ periodMs: 10_000, upAfterMs: 20_000, downAfterMs: 40_000 },
};
const service: Service = {
  ...{ kind: 'service', name: 'web', runs: { kind: 'service' }, scale: { kind: 'replicated', replicas: 2 } },
  ...{ naming: { kind: 'indexed', prefix: 'shop_web_' }, identity: { hostnames: false, ips: {} } },
  ...{ container: { Image: 'web' }, pull: 'missing', files: [], dependsOn: [] },
  ...{ update: DEFAULT_POLICY, rollback: DEFAULT_POLICY, restart: { delayMs: 0, windowMs: 0 } },
  ...{ routes: [], weight: 100, listeners: [], scaling, logs: [], labels: {} },
};
const record: ServiceRecord = {
  ...{ kind: 'service-record', stack: 'shop', name: 'web', service, scale: null, generation: 1, release: 1 },
};

class Cluster {
  readonly disk = new FakeDisk();
  readonly store: Store = newJournalledStore(this.disk);
  readonly audited: string[] = [];
  readonly looks: (ScaleLook & Readonly<{ service: string }>)[] = [];
  readonly silent = new Set<string>();
  /** Containers on hosts whose agents are too old. */
  old = false;
  /** Containers beside the service's number that do nothing, on host `a`. */
  idle: readonly string[] = [];
  now = 1_000_000;
  requests: Pick<AccessSummary, 'requestsPerSecond' | 'p95' | 'missing'> | undefined;
  scaler = this.start();

  start(): AutoScaler {
    const deps: AutoScalerDeps = {
      ...{ store: this.store, logger: silentLogger, now: () => this.now, wall: () => this.now },
      access: { of: () => ({ ...NO_TRAFFIC, ...this.requests }) },
      connected: (hostId) => !this.silent.has(hostId),
      measures: () => !this.old,
      audit: (_, __, target) => this.audited.push(target),
      looked: (stack, name, look) => this.looks.push({ service: `${stack}/${name}`, ...look }),
    };
    return new AutoScaler(deps);
  }

  async begin(more: Partial<ServiceRecord> = {}): Promise<void> {
    await this.store.update((tx) => tx.put('services', { ...record, ...more }));
    await this.follow();
  }

  number(): number {
    return replicasOf(this.store.view((tx) => tx.get('services', KEY)) ?? record);
  }

  /** Makes containers what the service wants, as its controller would. */
  async follow(): Promise<void> {
    await this.store.update((tx) => {
      for (let i = 1; i <= 6; i++) {
        const id = `c${i}`;
        const hostId = i % 2 === 0 ? 'b' : 'a';
        if (i <= this.number()) {
          tx.put('containers', containerOf(id, i, hostId));
          tx.put('observedContainers', seenAs(id, hostId));
        } else tx.delete('containers', id);
      }
    });
  }

  /** So many seconds in which each container uses that share of its CPU. */
  async pass(seconds: number, cpu: number): Promise<void> {
    for (let s = 0; s < seconds; s++) {
      this.now += 1_000;
      for (let i = 1; i <= this.number(); i++) {
        const hostId = i % 2 === 0 ? 'b' : 'a';
        if (!this.silent.has(hostId))
          this.scaler.onLoads(hostId, { loads: [{ id: `c${i}`, cpu }], unread: [] });
      }
      this.scaler.onLoads('a', { loads: this.idle.map((id) => ({ id, cpu: 0 })), unread: [] });
      await this.scaler.look();
      if (!this.disk.full) await this.follow();
    }
  }
}

const NO_TRAFFIC: AccessSummary = {
  ...{ windowMs: 0, requests: 0, errors: 0, requestsPerSecond: 0, errorRate: 0, responses: [] },
  ...{ bytesIn: 0, bytesOut: 0, p50: undefined, p95: undefined, p99: undefined, missing: [] },
};

function containerOf(id: string, index: number, hostId: string, release = 1): Container {
  return {
    ...{
      kind: 'container',
      id,
      name: `shop_web_${index}`,
      createdAt: 0,
      createdBy: 'root',
      apiVersion: '1.41',
    },
    desired: { generation: 1, state: 'running', spec: { Image: 'web' }, starts: 1 },
    assigned: { hostId, at: 0 },
    service: { stack: 'shop', name: 'web', index, release },
  };
}

function seenAs(id: string, hostId: string): ObservedContainer {
  return {
    ...{ kind: 'observed-container', hostId, engineId: `e${id}`, clusterId: id, generation: 1, name: id },
    state: {
      ...{ status: 'running', exitCode: 0, oomKilled: false, error: '', startedAt: 1, finishedAt: 0 },
      health: 'none',
    },
    ...{ created: 0, image: 'web', imageId: 'i', command: '', labels: {}, ports: [], networkMode: 'bridge' },
    ...{ networkSettings: {}, mounts: [], reservation: { cpuMilli: 0, memory: 0, ports: [] } },
  };
}

let cluster: Cluster | undefined;
afterEach(() => cluster?.scaler.close());
const begun = async (more: Partial<ServiceRecord> = {}): Promise<Cluster> => {
  cluster = new Cluster();
  await cluster.begin(more);
  return cluster;
};
const history = ({ store }: Cluster) => store.view((tx) => tx.get('scaleHistory', KEY)?.changes ?? []);

describe('a service that scales by itself', () => {
  it('follows its load up to its most, and back to its least, and says who did it and why', async () => {
    const own = await begun();
    await own.pass(200, 90);
    expect(own.number()).toBe(4);
    await own.pass(400, 5);
    expect(own.number()).toBe(1);
    expect(history(own).map(({ from, to, by }) => [from, to, by])).toEqual(
      [
        [2, 3],
        [3, 4],
        [4, 3],
        [3, 2],
        [2, 1],
      ].map(([from, to]) => [from, to, 'autoscaler']),
    );
    expect(history(own)[0]?.why).toBe('CPU: 90 % on average, over 70 %');
    expect(own.audited[0]).toBe('shop/web from 2 to 3');
  });

  it('goes on from a number that was set by hand, after it has looked for as long again', async () => {
    const own = await begun();
    await own.pass(25, 90);
    await own.store.update((tx) => tx.put('services', { ...record, scale: 1, generation: 2 }));
    await own.follow();
    await own.pass(15, 90);
    expect(own.number()).toBe(1);
    await own.pass(30, 90);
    expect(own.number()).toBe(2);
  });

  it('a manager that starts changes nothing before it has looked for long enough', async () => {
    const own = await begun();
    await own.pass(100, 50);
    own.scaler.close();
    own.scaler = own.start();
    await own.pass(20, 90);
    expect(own.number()).toBe(2);
    await own.pass(20, 90);
    expect(own.number()).toBe(3);
  });

  it('gets no fewer while a host is silent, and says which', async () => {
    const own = await begun();
    own.silent.add('b');
    await own.pass(200, 1);
    expect(own.number()).toBe(2);
    expect(own.scaler.explain('shop', 'web').sentences.join(' ')).toContain(
      'no figures of shop_web_2 (its host b is silent): no fewer',
    );
    own.silent.clear();
    await own.pass(100, 1);
    expect(own.number()).toBe(1);
  });

  it('says which agent is too old, and what cannot be read', async () => {
    const own = await begun();
    own.old = true;
    expect(own.scaler.explain('shop', 'web').sentences[1]).toContain('too old to measure: upgrade it');
    own.old = false;
    own.scaler.onLoads('a', { loads: [], unread: [{ id: 'c1', reason: 'its cgroup is not mounted' }] });
    expect(own.scaler.explain('shop', 'web').sentences[1]).toContain('(its cgroup is not mounted)');
  });

  it('does not believe a host about containers of another one', async () => {
    const own = await begun();
    for (let s = 0; s < 100; s++) {
      own.now += 1_000;
      own.scaler.onLoads('evil', {
        loads: [
          { id: 'c1', cpu: 100 },
          { id: 'c2', cpu: 100 },
        ],
        unread: [],
      });
      await own.scaler.look();
    }
    expect(own.number()).toBe(2);
  });

  it('is tried again where the number could not be written', async () => {
    const own = await begun();
    await own.pass(15, 90);
    own.disk.full = true;
    await own.pass(40, 90);
    expect([own.number(), own.audited.length > 1]).toEqual([2, true]);
    own.disk.full = false;
    await own.pass(30, 90);
    expect(own.number()).toBe(3);
    expect(history(own)).toHaveLength(1);
  });

  it('is left alone where its rules were taken away, by hand or by its stack', async () => {
    const own = await begun({ scaling: { kind: 'off' } });
    await own.pass(100, 90);
    expect(own.number()).toBe(2);
    expect(() => own.scaler.explain('shop', 'web')).toThrow('service shop/web does not scale by itself');
  });

  it('is left alone while its stack is taken away', async () => {
    const own = await begun();
    const stack = { kind: 'stack-record', name: 'shop', removing: true } as StackRecord;
    await own.store.update((tx) => tx.put('stacks', stack));
    await own.pass(100, 90);
    expect(own.number()).toBe(2);
    expect(() => own.scaler.explain('shop', 'web')).toThrow();
  });

  it('gets no fewer while a release goes out', async () => {
    const own = await begun();
    const release = { kind: 'release-record', stack: 'shop', service: 'web', number: 1, spec: service };
    const put = (state: ReleaseRecord['state']) =>
      own.store.update((tx) => tx.put('releases', { ...release, state } as ReleaseRecord));
    await put('releasing');
    await own.pass(200, 1);
    expect(own.number()).toBe(2);
    await put('done');
    await own.pass(200, 1);
    expect(own.number()).toBe(1);
  });

  it('takes no container for idle that leaves', async () => {
    const own = await begun();
    own.idle = ['l1', 'l2', 'l3'];
    await own.store.update((tx) => {
      for (const [i, id] of own.idle.entries()) {
        const leaving = { stack: 'shop', name: 'web', index: 11 + i, release: 1, leaving: true };
        tx.put('containers', { ...containerOf(id, 11 + i, 'a'), service: leaving });
        tx.put('observedContainers', seenAs(id, 'a'));
      }
    });
    await own.pass(40, 90);
    expect(own.number()).toBe(3);
  });

  it('does not write over a number that somebody sets at that moment', async () => {
    const own = await begun();
    await own.pass(25, 90);
    const update = own.store.update.bind(own.store);
    own.store.update = (async (task) => {
      own.store.update = update;
      await update((tx) => tx.put('services', { ...record, scale: 1, generation: 2 }));
      return update(task);
    }) as Store['update'];
    for (let s = 0; s < 10; s++) {
      own.now += 1_000;
      own.scaler.onLoads('a', { loads: [{ id: 'c1', cpu: 90 }], unread: [] });
      own.scaler.onLoads('b', { loads: [{ id: 'c2', cpu: 90 }], unread: [] });
      await own.scaler.look();
    }
    expect([own.number(), own.audited]).toEqual([1, []]);
    expect(own.store.update).toBe(update);
  });

  it('tells with each look what it saw, and the number then', async () => {
    const own = await begun();
    await own.pass(40, 90);
    const known = own.looks.filter(({ seen }) => seen.cpu !== undefined);
    expect(known.length).toBeGreaterThan(3);
    expect(known[0]).toEqual({ service: 'shop/web', count: 2, seen: { cpu: 90 } });
    expect(known.at(-1)?.count).toBeGreaterThan(2);
  });

  it('scales by what routers say', async () => {
    const rules: Scaling['rules'] = [{ metric: 'requests', target: 100 }];
    const routes: Service['routes'] = [
      {
        ...{
          kind: 'route',
          port: 80,
          host: { kind: 'domain', name: 'x.example' },
          path: '/',
          scheme: 'http',
        },
        ...{ scope: 'public', sticky: false },
      },
    ];
    const own = await begun({ service: { ...service, routes, scaling: { ...scaling, rules } } });
    own.requests = { requestsPerSecond: 380, p95: 10, missing: [] };
    await own.pass(40, 0);
    expect(own.number()).toBe(4);
  });

  it('judges each of two versions that serve at once by its own load', async () => {
    const own = await begun({ release: 2 });
    const release = (number: number, Image: string): ReleaseRecord => ({
      ...{ kind: 'release-record', stack: 'shop', service: 'web', number, at: 0, by: 'root', changes: [] },
      ...{ spec: { ...service, container: { Image } }, cause: { kind: 'deploy' }, reason: '', failed: [] },
      state: 'done',
    });
    own.idle = ['n1', 'n2'];
    await own.store.update((tx) => {
      tx.put('releases', release(1, 'web'));
      const shift = { weight: 0, step: -1, since: 0 };
      tx.put('releases', { ...release(2, 'web:2'), state: 'waiting', shift });
      for (const [i, id] of own.idle.entries()) {
        tx.put('containers', containerOf(id, 11 + i, 'a', 2));
        tx.put('observedContainers', seenAs(id, 'a'));
      }
    });
    await own.pass(40, 90);
    expect(own.number()).toBe(3);
    expect(history(own)[0]?.why).toBe('release 1, CPU: 90 % on average, over 70 %');
    expect(own.scaler.explain('shop', 'web').sentences.join(' ')).toContain('release 2, CPU: 0 % on average');
  });

  it('forgets containers that are gone', async () => {
    const own = await begun();
    await own.pass(60, 90);
    await own.store.update((tx) => tx.delete('services', KEY));
    await own.pass(100, 90);
    expect(own.number()).toBe(2);
  });
});
