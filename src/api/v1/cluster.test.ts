import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../../contract/v1/cluster.ts';
import type { Container, ObservedContainer } from '../../model/container.ts';
import type { ReleaseRecord, ServiceRecord } from '../../model/deployment.ts';
import type { HostState, HostStatus } from '../../model/host.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import type { Orphan } from '../../model/life.ts';
import { observedContainer } from '../../model/records.fixture.ts';
import type { WriteTx } from '../../store/store.ts';
import { assignmentOf } from '../agents/assignment-of.ts';
import { endContainer } from '../networks/give-back.ts';
import { putContainer, putNetwork } from '../networks/networks.fixture.ts';
import { takeEndpoint } from '../networks/take-address.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

function status(id: string, state: HostState, reason = ''): HostStatus {
  return {
    kind: 'host-status',
    id,
    state,
    reason,
    address: '10.0.0.1:1',
    dataAddress: '10.0.0.1',
    agentVersion: '1',
    engine: {
      engineId: id,
      serverVersion: '20.10.24',
      apiVersion: '1.41',
      minApiVersion: '1.12',
      operatingSystem: 'Debian',
      osType: 'linux',
      architecture: 'x86_64',
      kernelVersion: '6',
      storageDriver: 'overlay2',
      cpus: 4,
      memory: 8e9,
      labels: {},
    },
    lastHeardAt: 1,
    connectedAt: 1,
  };
}

async function twoHosts(): Promise<void> {
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('aaaa1111', 'h1'));
    tx.put('hosts', hostRecord('aaaa2222', 'H2', { labels: { rack: 'r1' } }));
    tx.put('hostStatus', status('aaaa1111', 'ready'));
    tx.put('hostStatus', status('aaaa2222', 'down', 'no heartbeat for 6 s'));
    tx.put('containers', containerRecord('c1', 'web', 'aaaa1111'));
    tx.put('containers', {
      ...containerRecord('c2', 'db', 'aaaa2222'),
      desired: {
        generation: 1,
        state: 'running',
        spec: { Image: 'redis', HostConfig: { Memory: 1e9, NanoCpus: 5e8 } },
        starts: 0,
      },
    });
  });
}

describe('hosts', () => {
  beforeEach(twoHosts);

  it('are shown with what they hold', async () => {
    const { nodes } = await api.client(api.tokens.viewer).call('node.list');
    expect(nodes).toMatchObject([
      { name: 'h1', state: 'ready', containers: { managed: 1, unmanaged: 0 } },
      { name: 'H2', state: 'down', reserved: { cpuMilli: 500, memory: 1e9 }, labels: { rack: 'r1' } },
    ]);
  });

  it('are found by name, ID and the beginning of an ID', async () => {
    for (const node of ['h2', 'H2', 'aaaa2222', 'aaaa2'])
      expect((await api.root.call('node.get', { node })).name).toBe('H2');
    await expect(api.root.call('node.get', { node: 'aaaa' })).rejects.toMatchObject({
      code: 'conflict',
      hint: 'name one: h1, H2',
    });
    await expect(api.root.call('node.get', { node: 'aa' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('get and lose labels', async () => {
    const changed = await api.root.call('node.label', {
      node: 'h2',
      add: { disk: 'ssd' },
      remove: ['rack', 'nil'],
    });
    expect(changed.labels).toEqual({ disk: 'ssd' });
    await expect(api.root.call('node.label', { node: 'h2', add: { '9x': '' } })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('"9x" is not a label key'),
    });
  });

  it('keep a label that somebody else has changed meanwhile', async () => {
    const label = (was: Record<string, string>) =>
      api.root.call('node.label', { node: 'h2', add: { disk: 'hdd' }, remove: ['nil'], was });
    await expect(label({ disk: 'ssd' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'labels of host H2 have changed meanwhile: disk is not there now and was "ssd"',
    });
    // Others than those that are changed do not count.
    expect((await label({ rack: 'r9' })).labels).toEqual({ disk: 'hdd', rack: 'r1' });
    await expect(label({ rack: 'r1' })).rejects.toMatchObject({
      message: 'labels of host H2 have changed meanwhile: disk is "hdd" now and was not there',
    });
  });

  it('are cordoned and back', async () => {
    expect((await api.root.call('node.cordon', { node: 'h1' })).cordoned).toBe(true);
    expect((await api.root.call('node.cordon', { node: 'h1' })).cordoned).toBe(true);
    expect((await api.root.call('node.uncordon', { node: 'h1' })).cordoned).toBe(false);
  });

  it('are not removed while something is on them, and with force tell what is lost', async () => {
    await api.store.update((tx) => {
      tx.put('volumes', {
        kind: 'volume',
        name: 'data',
        createdAt: 1,
        createdBy: '',
        hostId: 'aaaa2222',
        spec: {},
      });
      tx.put('networks', {
        kind: 'network',
        id: 'n1',
        name: 'back',
        createdAt: 1,
        createdBy: '',
        hostId: 'aaaa2222',
        spec: { Name: 'back' },
      });
    });
    await expect(api.root.call('node.delete', { node: 'h2' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'host H2 still has 1 container (db) and 1 volume (data)',
    });
    const { lost } = await api.root.call('node.delete', { node: 'h2', force: true });
    expect(lost).toEqual({
      containers: [{ id: 'c2', name: 'db', image: 'redis', state: 'pending' }],
      volumes: ['data'],
    });
    api.store.view((tx) => {
      expect([
        tx.count('hosts'),
        tx.count('hostStatus'),
        tx.count('containers'),
        tx.count('volumes'),
      ]).toEqual([1, 1, 1, 0]);
      // A network has no data: it goes where its next container goes.
      expect(tx.get('networks', 'n1')?.hostId).toBeUndefined();
    });
    await expect(api.root.call('node.delete', { node: 'h2' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('leave addresses taken with which their containers may run on', async () => {
    const id = await api.store.update((tx) => {
      const pools = [{ subnet: '10.1.0.0/24', gateway: '10.1.0.254' }];
      const network = putNetwork(tx, 'v1', [], { driver: 'vlan', pools });
      putContainer(tx, 'web', 'aaaa2222', ['v1']);
      return network.id;
    });
    const { lost } = await api.root.call('node.delete', { node: 'h2', force: true });
    expect(lost.addresses).toEqual([{ network: 'v1', ip: '10.1.0.1' }]);
    const left = api.store.view((tx) => tx.get('addresses', `${id}/10.1.0.1`));
    expect(left?.holder).toEqual({ kind: 'aux', name: 'left on host H2', left: true });
    await api.root.call('ip.release', { network: 'v1', reservation: '10.1.0.1' });
    expect(api.store.view((tx) => tx.get('addresses', `${id}/10.1.0.1`))).toBeUndefined();
  });

  it('leave none of their orphans, and what these have on a VLAN taken', async () => {
    const id = await api.store.update((tx) => {
      const pools = [{ subnet: '10.1.0.0/24', gateway: '10.1.0.254' }];
      const network = putNetwork(tx, 'v1', [], { driver: 'vlan', pools });
      const orphans = ['moved', 'lost'].map((name): Orphan => {
        const { id, name: _, ...held } = assignmentOf(tx, putContainer(tx, name, 'aaaa2222', ['v1']));
        endContainer(tx, id, 0);
        return { kind: 'orphan', id, name, hostId: 'aaaa2222', held };
      });
      // By now the address of the first one is this one's.
      const holder = { kind: 'container', id: putContainer(tx, 'web', 'aaaa1111', []).id } as const;
      takeEndpoint(tx, 0, { network, holder, name: 'moved' });
      for (const orphan of orphans) tx.put('orphans', orphan);
      return network.id;
    });
    const { lost } = await api.root.call('node.delete', { node: 'h2', force: true });
    expect(lost.addresses).toEqual([{ network: 'v1', ip: '10.1.0.2' }]);
    api.store.view((tx) => {
      expect(tx.count('orphans')).toBe(0);
      const holders = [1, 2].map((n) => tx.get('addresses', `${id}/10.1.0.${n}`)?.holder);
      expect(holders).toMatchObject([
        { kind: 'container' },
        { kind: 'aux', name: 'left on host H2', left: true },
      ]);
    });
  });
});

describe('the status', () => {
  it('warns of what a host has by plain docker and is another’s', async () => {
    await twoHosts();
    const warnings = async () =>
      (await api.root.call('cluster.status')).warnings.filter((one) => one.includes('plain docker'));
    expect(await warnings()).toEqual([]);
    const refused = ['Address already in use: 10.7.0.2 is held by container db', 'the second'].map(
      (reason) => ({ network: 'n', reason }),
    );
    await api.store.update((tx) =>
      tx.put('plainRefusals', { kind: 'plain-refusals', id: 'aaaa1111', refused }),
    );
    expect(await warnings()).toEqual([
      "host h1 has by plain docker what is another's: Address already in use: 10.7.0.2 is held by container db, and 1 more",
    ]);
    await api.root.call('node.delete', { node: 'h1', force: true });
    expect(api.store.view((tx) => tx.count('plainRefusals'))).toBe(0);
  });

  it('says once what routers of several hosts lack, and takes routers for none of the users’ containers', async () => {
    await twoHosts();
    await api.store.update((tx) => {
      for (const id of ['aaaa1111', 'aaaa2222']) {
        const error = 'the router does not run: image haproxy:9 is not there';
        tx.put('hostRouters', { kind: 'host-router', id, seq: 1, serving: false, error, draining: [] });
      }
      tx.put('observedContainers', observedContainer('aaaa1111', 'p1'));
      const labels = { [LABEL_ROUTER]: 'digest' };
      tx.put('observedContainers', observedContainer('aaaa1111', 'r1', { labels }));
    });
    const { warnings, containers } = await api.root.call('cluster.status');
    expect(warnings).toContain('hosts h1, H2: the router does not run: image haproxy:9 is not there');
    expect(containers).toEqual({ managed: 2, unmanaged: 1, byState: { pending: 1, unreachable: 1 } });
  });

  it('counts runs of jobs that have ended well apart from what should run', async () => {
    await twoHosts();
    await api.store.update((tx) => {
      const runs = { job: 'cron', web: 'service' };
      for (const [name, kind] of Object.entries(runs))
        tx.put('services', {
          ...{ kind: 'service-record', stack: 's', name, scale: null, generation: 1, release: 1 },
          service: {
            scale: { kind: 'replicated', replicas: 1 },
            runs: { kind },
            container: { Image: 'busybox' },
            routes: [],
            listeners: [],
          },
        } as unknown as ServiceRecord);
      for (const [id, name, exitCode] of [
        ['r1', 'job', 0],
        ['r2', 'job', 3],
        ['r3', 'web', 0],
      ] as const) {
        const service = { stack: 's', name, index: 1, release: 1 };
        tx.put('containers', { ...containerRecord(id, id, 'aaaa1111'), service });
        const seen = observedContainer('aaaa1111', `e-${id}`, { clusterId: id });
        tx.put('observedContainers', { ...seen, state: { ...seen.state, status: 'exited', exitCode } });
      }
    });
    const { containers } = await api.root.call('cluster.status');
    expect(containers.byState).toEqual({ pending: 1, unreachable: 1, finished: 1, exited: 2 });
  });

  it('warns of containers that end soon after each start or are unhealthy, unless their service does', async () => {
    await twoHosts();
    const put = (id: string, part: Partial<ObservedContainer['state']>, service?: Container['service']) =>
      api.store.update((tx) => {
        const record = containerRecord(id, id, 'aaaa1111');
        tx.put('containers', service === undefined ? record : { ...record, service });
        const seen = observedContainer('aaaa1111', `e-${id}`, { clusterId: id });
        tx.put('observedContainers', { ...seen, state: { ...seen.state, ...part } });
      });
    const failing = { status: 'restarting', startedAt: 1_000_000, finishedAt: 1_000_400 } as const;
    await put('crash', failing);
    await put('sick', { status: 'running', health: 'unhealthy' });
    await put('well', { status: 'running', health: 'healthy' });
    await put('web.1', failing, { stack: 's', name: 'web', index: 1, release: 1 });
    const found = async () => (await api.root.call('cluster.status')).warningDetails?.listed ?? [];
    const ofContainers = async () =>
      (await found()).filter(({ subject, text }) => subject.kind === 'container' && !text.includes('not on'));
    expect(await ofContainers()).toEqual([
      {
        ...{ severity: 'warn', subject: { kind: 'container', names: ['crash', 'web.1'] }, count: 2 },
        text: 'containers crash, web.1 end soon after each start: "docker logs crash" may say why',
      },
      {
        ...{ severity: 'warn', subject: { kind: 'container', names: ['sick'] }, count: 1 },
        text: 'container sick is unhealthy',
      },
    ]);
    await api.store.update((tx) => putFailedService(tx, 'web', 'web.1 ends with 1'));
    expect((await ofContainers())[0]?.subject.names).toEqual(['crash']);
    for (let at = 10; at < 30; at++) await put(`crash-${at}`, failing);
    expect((await ofContainers())[0]).toMatchObject({
      count: 21,
      text: 'containers crash, crash-10, crash-11, crash-12, crash-13 and 16 more end soon after each start: "docker logs crash" may say why',
    });
  });

  it('tells of how many things there are warnings, of what each is and how bad, the worst first', async () => {
    await twoHosts();
    await api.store.update((tx) => {
      for (let at = 1; at <= 60; at++) putFailedService(tx, `web${at}`, `web${at}.1 ends with 1`);
      for (let at = 1; at <= 8; at++) putFailedService(tx, `job${at}`, 'no image', 'paused');
    });
    const { warnings, warningDetails } = await api.root.call('cluster.status');
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toBe('and 50 more');
    expect(warningDetails?.total).toBe(70);
    expect(warningDetails?.listed).toHaveLength(20);
    expect(warningDetails?.listed.slice(0, 2)).toEqual([
      {
        ...{ severity: 'bad', subject: { kind: 'host', names: ['H2'] }, count: 1 },
        text: 'host H2 is down: no heartbeat for 6 s',
      },
      {
        ...{ severity: 'bad', subject: { kind: 'service', names: ['s/web1'] }, count: 1 },
        text: 'service s/web1: release 1 is failed: web1.1 ends with 1',
      },
    ]);
    const all = (await api.root.call('cluster.status', { warnings: 500 })).warningDetails?.listed ?? [];
    expect(all).toHaveLength(63);
    expect(all.at(-2)).toEqual({
      ...{ severity: 'warn', count: 8 },
      subject: { kind: 'service', names: ['s/job1', 's/job2', 's/job3', 's/job4', 's/job5'] },
      text: 'services s/job1, s/job2, s/job3, s/job4, s/job5 and 3 more: their releases are paused: no image',
    });
  });

  it('counts, adds up what is ready and warns', async () => {
    expect((await api.root.call('cluster.status')).warnings).toEqual([
      'no host has joined: "berth token create" prints how to add one',
    ]);
    await twoHosts();
    const found = await api.client(api.tokens.viewer).call('cluster.status');
    expect(found).toMatchObject({
      hosts: { total: 2, byState: { ready: 1, down: 1, pending: 0, suspect: 0 }, cordoned: 0 },
      containers: { managed: 2, unmanaged: 0, byState: { pending: 1, unreachable: 1 } },
      capacity: { cpuMilli: 4000, memory: 8e9 },
      reserved: { cpuMilli: 0, memory: 0 },
      caFingerprint: api.deps.ca.fingerprint,
    });
    expect(found.warnings).toEqual([
      'host H2 is down: no heartbeat for 6 s',
      '1 container is not on the host where it should be',
    ]);
  });
});

it('names a host in the audit log, also where its ID was given', async () => {
  await api.store.update((tx) => tx.put('hosts', hostRecord('aaaa1111', 'h1')));
  await api.root.call('node.cordon', { node: 'aaaa1111' });
  const { entries } = await api.root.call('audit.list', { action: 'node.cordon' });
  expect(entries.map(({ target }) => target)).toEqual(['h1']);
});

it('says once what is so of many hosts', async () => {
  await api.store.update((tx) => {
    for (let at = 1; at <= 200; at++) {
      tx.put('hosts', hostRecord(`id-${at}`, `h${at}`));
      tx.put('hostStatus', status(`id-${at}`, 'down', 'no heartbeat for 6 s'));
      tx.put('hostFailovers', {
        kind: 'host-failover',
        id: `id-${at}`,
        held: true,
        reason: 'kept',
        waiting: [],
      });
    }
  });
  expect((await api.root.call('cluster.status')).warnings).toEqual([
    'hosts h1, h2, h3, h4, h5 and 195 more are down: no heartbeat for 6 s',
    'hosts h1, h2, h3, h4, h5 and 195 more: kept',
    'no host is ready: nothing can be placed',
  ]);
});

describe('settings', () => {
  it('are changed one by one, and go back to their defaults', async () => {
    const { settings } = await api.root.call('settings.patch', { strategy: 'binpack', cpuOvercommit: 2 });
    expect(settings).toMatchObject({ strategy: 'binpack', cpuOvercommit: 2, memoryOvercommit: 1 });
    const ifVersion = (await api.root.call('settings.get')).version;
    const back = await api.root.call('settings.patch', { strategy: null, ifVersion });
    // Somebody else had them open at the same time.
    await expect(api.root.call('settings.patch', { strategy: 'random', ifVersion })).rejects.toMatchObject({
      code: 'conflict',
      message: 'the settings were changed by somebody else at the same time',
    });
    expect(back.settings).toMatchObject({ strategy: 'spread', cpuOvercommit: 2 });
    expect(await api.client(api.tokens.viewer).call('settings.get')).toEqual(back);
  });

  it('name what is unknown or does not fit', async () => {
    const patch = (body: object) => api.root.call('settings.patch', body as never);
    await expect(patch({ strateggy: 'x' })).rejects.toMatchObject({
      message: 'unknown field "strateggy" in the body',
      hint: expect.stringContaining('known are: strategy, failureDomains'),
    });
    await expect(patch({ cpuOvercommit: -1 })).rejects.toMatchObject({
      message: expect.stringMatching(/^"cpuOvercommit": .*\(got -1\)$/),
    });
    await expect(patch({ downAfterMs: 1000 })).rejects.toMatchObject({
      message: 'downAfterMs (1000) is less than suspectAfterMs (2500)',
    });
    await expect(patch({ plugins: ['here.mjs'] })).rejects.toMatchObject({ code: 'bad_request' });
    for (const imageHosts of ['', 'web', 'role=web']) {
      await expect(patch({ imageHosts })).rejects.toMatchObject({
        message: expect.stringContaining(`imageHosts: constraint "${imageHosts}" has`),
        hint: 'write it as role==web, or "all" for every host',
      });
    }
    await expect(patch({ strategy: 'sprad' })).rejects.toMatchObject({
      message: 'strategy: "sprad" is not one',
      hint: expect.stringContaining('spread, binpack, random'),
    });
  });
});

describe('plugins in the settings', () => {
  it('are tried before they are taken, and bring their strategies with them', async () => {
    const loads: string[] = [];
    const plugins = {
      load: (paths: readonly string[]) => {
        loads.push(paths.join());
        if (paths.includes('/broken.mjs')) throw new Error('/broken.mjs: no such file');
        return { filters: [], strategies: paths.map(() => ({ name: 'cheapest', ranks: () => [] })) };
      },
    };
    const other = await startApi({ plugins });
    try {
      const set = (plugins: string[], strategy: string) =>
        other.root.call('settings.patch', { plugins, strategy });
      expect((await set(['/cheap.mjs'], 'cheapest')).settings.strategy).toBe('cheapest');
      await expect(set(['/broken.mjs'], 'spread')).rejects.toMatchObject({
        code: 'bad_request',
        message: 'plugins: /broken.mjs: no such file',
      });
      // Those in use are loaded again.
      expect(loads).toEqual(['/cheap.mjs', '/broken.mjs', '/cheap.mjs']);
      await expect(set([], 'cheapest')).rejects.toMatchObject({ message: 'strategy: "cheapest" is not one' });
    } finally {
      await other.close();
    }
  });
});

describe('a plan', () => {
  it('places one after the other and leaves nothing behind', async () => {
    await twoHosts();
    let changes = 0;
    api.store.watch(() => changes++);
    const plan = await api
      .client(api.tokens.viewer)
      .call('plan.make', { spec: { Image: 'x' }, name: 'web', count: 3 });
    expect(plan.placements).toEqual([
      { name: 'web-1', hostId: 'aaaa1111', hostName: 'h1' },
      { name: 'web-2', hostId: 'aaaa2222', hostName: 'H2' },
      { name: 'web-3', refusal: '2 hosts: no slot' },
    ]);
    expect(plan.hosts).toEqual([
      { hostId: 'aaaa1111', hostName: 'h1', fits: true, reasons: [], score: 1 },
      { hostId: 'aaaa2222', hostName: 'H2', fits: true, reasons: [], score: 1 },
    ]);
    expect(api.store.view((tx) => tx.count('containers'))).toBe(2);
    expect(changes).toBe(0);
  });

  it('of an image that is on no host is the one after a pull', async () => {
    await twoHosts();
    const plan = await api.root.call('plan.make', { spec: { Image: 'nowhere' }, name: 'web' });
    expect(plan).toMatchObject({
      imageMissing: true,
      placements: [{ name: 'web', hostId: 'aaaa1111' }],
      hosts: [{ fits: true }, { fits: true }],
    });
    expect(await api.root.call('plan.make', { spec: { Image: 'x' } })).not.toHaveProperty('imageMissing');
  });

  it('names a value that is none', async () => {
    await expect(api.root.call('plan.make', { spec: { Image: 5 } as never })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('"spec.Image"'),
    });
    await expect(api.root.call('plan.make', { spec: { Image: 'x' }, count: 101 })).rejects.toMatchObject({
      message: expect.stringContaining('(got 101)'),
    });
  });
});

describe('events', () => {
  const short = (event: ChangeEvent) =>
    event.kind === 'node' || event.kind === 'container'
      ? `${event.kind} ${event.name} ${event.change} ${event.state}`
      : event.kind;

  it('tell what changed, and only once, and are resumed where a reader broke off', async () => {
    const client = api.client(api.tokens.viewer);
    const stop = new AbortController();
    const seen: string[] = [];
    let lastId = '';
    let firstId = '';
    const reading = (async () => {
      for await (const { id, event } of client.events({ signal: stop.signal })) {
        if (firstId === '') firstId = id;
        lastId = id;
        seen.push(short(event));
      }
    })();
    // The reader is connected once it hears of a change.
    for (let i = 0; seen.length === 0; i++) {
      await api.store.update((tx) =>
        tx.put('hosts', hostRecord('probe', 'probe', { cordoned: i % 2 === 0 })),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    seen.length = 0;
    await api.store.update((tx) => tx.put('hosts', hostRecord('a1', 'h1')));
    await api.store.update((tx) => tx.put('hostStatus', status('a1', 'ready')));
    // A heartbeat is no news.
    await api.store.update((tx) => tx.put('hostStatus', { ...status('a1', 'ready'), lastHeardAt: 99 }));
    await api.store.update((tx) => tx.put('containers', containerRecord('c1', 'web', 'a1')));
    await api.store.update((tx) => tx.delete('containers', 'c1'));
    const expected = [
      'node h1 added pending',
      'node h1 changed ready',
      'container web added pending',
      'container web removed pending',
    ];
    await expect.poll(() => seen).toEqual(expected);
    stop.abort();
    await reading;

    await api.store.update((tx) => tx.delete('hosts', 'a1'));
    const resume = async (after: string, count: number) => {
      const found: string[] = [];
      for await (const { event } of client.events({ after })) {
        found.push(short(event));
        if (found.length === count) break;
      }
      return found;
    };
    expect(await resume(lastId, 1)).toEqual(['node h1 removed ready']);
    expect((await resume(firstId, 5)).slice(-5)).toEqual([...expected, 'node h1 removed ready']);
    expect(await resume('othermgr-7', 1)).toEqual(['reset']);
  });

  it('a reader that resumes from far back gets all, or is told to read anew, and is not cut off again and again', async () => {
    const client = api.client(api.tokens.viewer);
    const names = Array.from({ length: 1000 }, (_, i) => `far-${i}-`.padEnd(60, 'x'));
    const toggle = (cordoned: boolean) =>
      api.store.update((tx) => {
        for (const name of names) tx.put('hosts', hostRecord(name, name, { cordoned }));
      });
    const idOfNext = async () => {
      for await (const { id } of client.events()) return id;
      return '';
    };
    const first = idOfNext();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await toggle(false);
    const after = await first;
    for (let i = 0; i < 2; i++) await toggle(i % 2 === 0);
    const read = async (count: number) => {
      const ids: string[] = [];
      for await (const { id, event } of client.events({ after })) {
        if (event.kind === 'reset') return 'reset';
        if (ids.push(id) === count) break;
      }
      return new Set(ids).size;
    };
    expect(await read(2999)).toBe(2999);
    for (let i = 0; i < 16; i++) await toggle(i % 2 === 0);
    expect(await read(18_999)).toBe('reset');
    await api.store.update((tx) => {
      for (const name of names) tx.delete('hosts', name);
    });
  });

  it('a reader that never reads is cut off before it is far behind', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connectTls({ host: hostname, port: Number(port), ca: api.caPem });
    const lost = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens.viewer}\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const names = Array.from({ length: 1000 }, (_, i) => `slow-${i}-`.padEnd(60, 'x'));
    for (let round = 0; round < 40; round++)
      await api.store.update((tx) => {
        for (const name of names) tx.put('hosts', hostRecord(name, name, { cordoned: round % 2 === 0 }));
      });
    // It is not reading: only what it writes tells it that the other end is gone. Empty lines are no request (RFC 9112, 2.2).
    const writing = setInterval(() => socket.write('\r\n'), 50);
    await lost.finally(() => clearInterval(writing));
    socket.destroy();
    await api.store.update((tx) => {
      for (const name of names) tx.delete('hosts', name);
    });
  });

  it('end when the API closes', async () => {
    const client = api.client(api.tokens.viewer);
    const reading = (async () => {
      for await (const one of client.events({ reconnect: false })) if (one.id === '') break;
      return 'ended';
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await api.endpoint.close();
    expect(await Promise.race([reading.catch(() => 'ended'), new Promise((r) => setTimeout(r, 3000))])).toBe(
      'ended',
    );
  });

  it('are refused to whoever has no token', async () => {
    const reading = async () => {
      for await (const one of api.client().events()) return one;
      return undefined;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

function putFailedService(tx: WriteTx, name: string, reason: string, state: 'failed' | 'paused' = 'failed') {
  tx.put('services', {
    ...{ kind: 'service-record', stack: 's', name, scale: null, generation: 1, release: 1 },
    service: {
      ...{ scale: { kind: 'replicated', replicas: 1 }, runs: { kind: 'service' } },
      ...{ container: { Image: 'busybox' }, routes: [], listeners: [] },
    },
  } as unknown as ServiceRecord);
  tx.put('releases', {
    ...{ kind: 'release', stack: 's', service: name, number: 1, state, reason },
  } as unknown as ReleaseRecord);
}
