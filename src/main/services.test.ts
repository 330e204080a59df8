import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assignmentOf } from '../api/agents/assignment-of.ts';
import { FakeCluster } from '../api/docker/testing/fake-cluster.ts';
import type { Placer } from '../api/placement/placer.ts';
import { AccessBook } from '../api/routing/access-book.ts';
import { deploy } from '../api/services/deploy.ts';
import { ServiceHands } from '../api/services/hands.ts';
import { putLogin } from '../api/services/registry-logins.ts';
import { readStack } from '../compose/index.ts';
import { ServiceController } from '../controllers/index.ts';
import { systemClock } from '../kit/clock.ts';
import { BerthError } from '../kit/errors.ts';
import { silentLogger } from '../kit/logger.ts';
import type { Container } from '../model/container.ts';
import { type ReleaseRecord, releaseKey, serviceKey } from '../model/deployment.ts';
import { defaultSettings } from '../model/settings.ts';
import type { Stack } from '../model/stack.ts';
import { TIME_BOUNDS, type Traffic } from '../model/traffic.ts';
import { FakeDisk } from '../store/fake-disk.fixture.ts';
import { newJournalledStore } from '../store/memory/store.ts';
import { beginRelease, splitOf } from '../store/releases.ts';

let cluster: FakeCluster;
let disk: FakeDisk;
let controller: ServiceController;
/** Image to what the engine says to a container of it. */
const refusals = new Map<string, string>();
/** Hosts that have the image `remote:1`. */
const having = new Set<string>();
/** Where the image may be anywhere: hosts that are best in turn, each time that one is asked for. */
const turns: string[] = [];
/** Images whose containers an engine is still making. */
const slow = new Set<string>();
/** Names and places of a service that two containers had at the same time; a watcher that throws fails no test. */
const doubles: string[] = [];
/** How far the manager's clock is ahead of the hosts', milliseconds. */
let ahead = 0;
const now = () => Date.now() + ahead;
/** What routers have counted. */
let access: AccessBook;
/** Containers to which no router leads any more. */
const out = new Set<string>();

beforeEach(async () => {
  disk = new FakeDisk();
  cluster = await FakeCluster.startOn(newJournalledStore(disk), 'a', 'b', 'c');
  refusals.clear();
  slow.clear();
  having.clear();
  turns.length = 0;
  doubles.length = 0;
  out.clear();
  ahead = 0;
  access = new AccessBook({ clock: systemClock, routesOf: () => ['route'], serving: () => [] });
  let acting: Promise<unknown> = Promise.resolve();
  cluster.store.watch(({ changes }) => {
    doubles.push(...doublesNow());
    for (const { table, after, before } of changes) {
      if (table !== 'containers' || after === undefined) continue;
      const { id, desired } = after as Container;
      if ((before as Container | undefined)?.desired.generation === desired.generation) continue;
      const { Image: image } = desired.spec;
      if ((refusals.has(image) || slow.has(image)) && desired.state === 'running') continue;
      acting = acting.then(() => cluster.settled(id, desired.generation)).catch(() => undefined);
    }
  });
  controller = start();
});
afterEach(async () => {
  controller.close();
  expect(doubles).toEqual([]);
  await cluster.close();
});

function start(): ServiceController {
  const hands = new ServiceHands({ ...cluster.deps, placer }, (id) => out.has(id));
  const settled = (id: string) => {
    const image = cluster.store.view((tx) => tx.get('containers', id)?.desired.spec.Image ?? '');
    const refusal = refusals.get(image);
    if (refusal === undefined) return Promise.resolve();
    return Promise.reject(new BerthError('engine', refusal, { status: 500 }));
  };
  return new ServiceController({
    store: cluster.store,
    hands,
    clock: { ...systemClock, now },
    access,
    logger: silentLogger,
    settled,
  });
}

/** The host that an expression names, else the one with the fewest containers. */
const placer: Placer = {
  place(tx, request) {
    const { spec, anyImage } = request;
    if (spec.Image === '') throw new Error('plugins would not see which image it is');
    if (anyImage !== true && spec.Image.startsWith('missing'))
      throw new BerthError('not_found', `No such image: ${spec.Image}`);
    const [, id] = /node\.id==([\w-]+)/.exec(spec.Labels?.['com.docker.swarm.constraints'] ?? '') ?? [];
    if (anyImage !== true && spec.Image === 'remote:1') {
      const found = [...having].find((host) => id === undefined || host === id);
      if (found !== undefined) return { hostId: found };
      throw new BerthError('not_found', 'No such image: remote:1');
    }
    if (id !== undefined) return { hostId: id };
    const [turn] = anyImage === true ? turns.splice(0, 1) : [];
    if (turn === undefined) return cluster.deps.placer.place(tx, request);
    turns.push(turn);
    return { hostId: turn };
  },
  explain: (tx, { spec }) => {
    const [, tier] = /node\.labels\.tier==(\w+)/.exec(spec.Labels?.['berth.placement'] ?? '') ?? [];
    const isOutside = (labels: Readonly<Record<string, string>>) =>
      tier !== undefined && labels.tier !== tier;
    return {
      ...{ chosen: undefined, refusal: undefined },
      hosts: [...tx.all('hosts')].map(({ id, name, cordoned, labels }) => ({
        ...{ hostId: id, hostName: name, fits: !cordoned && !isOutside(labels), reasons: [], score: 0 },
        ...(isOutside(labels) ? { outside: true } : {}),
      })),
    };
  },
};

function stackOf(text: string): Stack {
  const read = (path: string) => (path === '/shop/compose.yml' ? text : undefined);
  return readStack({ files: ['/shop/compose.yml'], folder: '/shop', read, env: {} }).stack;
}

const put = (stack: Stack) =>
  cluster.store.update((tx) => deploy(tx, cluster.deps.vault, stack, { by: 'root', at: Date.now() }));
const members = (service: string): Container[] =>
  cluster.store.view((tx) =>
    [...tx.by('containers', 'stackService', serviceKey('shop', service))].sort(
      (x, y) => (x.service?.index ?? 0) - (y.service?.index ?? 0),
    ),
  );
const release = (service: string) =>
  cluster.store.view((tx) => {
    const record = tx.get('services', serviceKey('shop', service));
    return tx.get('releases', releaseKey('shop', service, record?.release ?? 0));
  });
/** The service `shop/web` is to be as in its first release. */
async function backToFirst(): Promise<void> {
  await cluster.store.update((tx) => {
    const record = tx.get('services', 'shop/web');
    const first = tx.get('releases', 'shop/web/1');
    if (record === undefined || first === undefined) throw new Error('no record');
    const cause = { kind: 'rollback', to: 1, automatic: false } as const;
    beginRelease(tx, record, first.spec, { cause, by: 'root', at: Date.now() });
  });
}
const status = (service: string) =>
  cluster.store.view((tx) => tx.get('serviceStatus', serviceKey('shop', service)));
const until = (check: () => void) => expect.poll(() => outcome(check), { timeout: 8_000 }).toBe('');
function outcome(check: () => void): string {
  try {
    check();
    return '';
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
const isDone = (service: string, number = 1) =>
  until(() => expect(release(service)).toMatchObject({ number, state: 'done' }));

/** So much later the manager looks again, milliseconds from the test's begin. */
async function later(ms: number): Promise<void> {
  ahead = ms;
  const settings = { ...defaultSettings, drainMs: ms };
  await cluster.store.update((tx) => tx.put('settings', { kind: 'settings', clusterId: 'c1', settings }));
}

/** What is pulled meanwhile: all images can be, unless a registry says that it has none. */
async function withPulls(act: (pulled: string[]) => Promise<void>, refusal?: string): Promise<void> {
  const pulled: string[] = [];
  const pull = ServiceHands.prototype.pull;
  ServiceHands.prototype.pull = async (hostId, image) => {
    if (refusal !== undefined) throw new BerthError('engine', refusal, { status: 404 });
    pulled.push(`${hostId} ${image}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    having.add(hostId);
  };
  await act(pulled).finally(() => {
    ServiceHands.prototype.pull = pull;
  });
}

const begin = (cause: ReleaseRecord['cause'], by = 'root') =>
  cluster.store.update((tx) => {
    const record = tx.get('services', 'shop/web');
    if (record !== undefined) beginRelease(tx, record, record.service, { cause, by, at: Date.now() });
  });

function doublesNow(): string[] {
  const all = cluster.store.view((tx) => [...tx.all('containers')]);
  const slots = all.flatMap(({ service: one }) => (one === undefined ? [] : `${one.name} ${one.index}`));
  const names = all.map(({ name }) => name);
  return [slots, names].flatMap((list) => list.filter((one, i) => list.indexOf(one) !== i));
}

const compose = (web = 'web:1', more = '') => `
services:
  web:
    image: ${web}
    depends_on: [db]
    deploy:
      replicas: 3
      update_config: { monitor: 20ms, failure_action: pause }
      rollback_config: { monitor: 20ms }
    volumes: [cache:/cache]
${more}
  db:
    image: db:1
    deploy: { update_config: { monitor: 20ms } }
networks: { default: { driver: bridge } }
volumes: { cache: {} }
`;

describe('a stack', () => {
  it('is made: networks and volumes first, by its order, under the names that compose gives', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    expect(members('web').map(({ name }) => name)).toEqual(['shop_web_1', 'shop_web_2', 'shop_web_3']);
    const [first] = members('web');
    expect(first?.desired.spec.Labels).toMatchObject({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.oneoff': 'False',
      'berth.restart': 'always',
      'berth.failover': 'true',
    });
    const [db] = members('db');
    expect(db?.createdAt).toBeLessThanOrEqual(first?.createdAt ?? 0);
    const made = cluster.store.view((tx) => [
      ...[...tx.all('networks')].map(({ name }) => name),
      ...[...tx.all('volumes')].map(({ name }) => name),
    ]);
    expect(made).toEqual(['shop_default', 'shop_cache']);
    expect(status('web')).toMatchObject({ wanted: 3, ready: 3, current: 3, waiting: '' });
  });

  it('is not changed by being deployed again', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    const before = members('web').map(({ id, desired }) => `${id} ${desired.generation}`);
    const { diff, releases } = await put(stackOf(compose()));
    expect({ ...diff, releases }).toEqual({ created: [], changed: [], removed: [], releases: [] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(members('web').map(({ id, desired }) => `${id} ${desired.generation}`)).toEqual(before);
  });

  it('is released anew where it was changed, one container after the other, and only that service', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    const old = members('db')[0]?.id;
    const { releases } = await put(stackOf(compose('web:2')));
    expect(releases).toEqual([{ service: 'web', number: 2 }]);
    await isDone('web', 2);
    expect(members('web').map(({ desired }) => desired.spec.Image)).toEqual(['web:2', 'web:2', 'web:2']);
    expect(members('web').map(({ service }) => service?.index)).toEqual([1, 2, 3]);
    expect(members('db').map(({ id }) => id)).toEqual([old]);
    expect(release('web')?.changes).toContainEqual({
      ...{ field: 'container.Image', before: 'web:1', after: 'web:2' },
    });
  });

  it('gets a container back that somebody removed, and goes with its networks and files, and without its volumes', async () => {
    await put(stackOf(`${compose()}\nconfigs: { site: { content: listen 80 } }\n`));
    expect(cluster.store.view((tx) => tx.count('keptFiles'))).toBe(1);
    await isDone('web');
    const [first] = members('web');
    await cluster.store.update((tx) => tx.delete('containers', first?.id ?? ''));
    await until(() => expect(members('web')).toHaveLength(3));
    expect(members('web').map(({ name }) => name)).toContain('shop_web_1');
    await cluster.store.update((tx) => {
      const record = tx.get('stacks', 'shop');
      if (record !== undefined) tx.put('stacks', { ...record, removing: true });
      tx.put('triggers', {
        ...{ kind: 'trigger', id: 't1', stack: 'shop', service: 'web', name: 'ci', tokenHash: '' },
        ...{ action: { kind: 'redeploy' }, createdAt: 0, createdBy: 'root', deliveries: [] },
      });
    });
    const left = () =>
      cluster.store.view((tx) =>
        (
          [
            ...(['stacks', 'services', 'releases', 'serviceStatus', 'containers'] as const),
            ...(['networks', 'triggers', 'keptFiles'] as const),
          ] as const
        ).map((table) => tx.count(table)),
      );
    await until(() => expect(left()).toEqual([0, 0, 0, 0, 0, 0, 0, 0]));
    expect(cluster.store.view((tx) => tx.get('volumes', 'shop_cache'))).toBeDefined();
  });

  it('holds containers by volumes of one host alone: what is on each, or comes from elsewhere, is made where they are', async () => {
    await put(
      stackOf(`
services:
  agent:
    image: agent:1
    network_mode: none
    volumes: [state:/state, nas:/nas]
    deploy: { mode: global, update_config: { monitor: 20ms } }
  web: { image: web:1, network_mode: none, volumes: [nas:/nas], deploy: { update_config: { monitor: 20ms } } }
volumes:
  state: {}
  nas: { driver_opts: { type: nfs, o: addr=192.0.2.1, device: ':/x' } }
`),
    );
    await isDone('agent');
    await isDone('web');
    const volumes = cluster.store.view((tx) => [...tx.all('volumes')]);
    expect(volumes.map(({ name, hostId, onEachHost }) => [name, hostId, onEachHost]).sort()).toEqual([
      ['shop_nas', undefined, undefined],
      ['shop_state', undefined, true],
    ]);
    const needed = cluster.store.view((tx) =>
      members('agent').map((one) =>
        assignmentOf(tx, one)
          .needs.volumes.map(({ spec }) => spec.Name)
          .sort(),
      ),
    );
    expect(needed).toEqual(Array.from({ length: 3 }, () => ['shop_nas', 'shop_state']));
  });

  it('loses a network that its file has no more once its release is through, and gets it back with that release', async () => {
    const file = (image: string, networks: string) =>
      compose(image, `    networks: [${networks}]`).replace(
        'networks: {',
        'networks: { back: { driver: bridge },',
      );
    await put(stackOf(file('web:1', 'default, back')));
    await isDone('web');
    const known = () => cluster.store.view((tx) => [...tx.by('networks', 'name', 'shop_back')].length);
    const former = () => cluster.store.view((tx) => tx.get('stacks', 'shop')?.formerNetworks?.length ?? 0);
    expect(known()).toBe(1);
    const without = file('web:2', 'default').replace('back: { driver: bridge },', '');
    await put(stackOf(without));
    expect([known(), former()]).toEqual([1, 1]);
    await isDone('web', 2);
    await until(() => expect([known(), former()]).toEqual([0, 1]));
    // As its host reports.
    await cluster.store.update((tx) => {
      for (const { hostId, networkId } of [...tx.by('observedNetworks', 'name', 'shop_back')])
        tx.delete('observedNetworks', `${hostId}/${networkId}`);
    });
    await backToFirst();
    await isDone('web', 3);
    expect(known()).toBe(1);
    await put(stackOf(without));
    await isDone('web', 4);
    await until(() => expect(known()).toBe(0));
    await cluster.store.update((tx) => {
      for (const number of [1, 3]) tx.delete('releases', releaseKey('shop', 'web', number));
    });
    await until(() => expect(former()).toBe(0));
  });

  it('follows the number that was set by hand, until it is deployed again', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    await cluster.store.update((tx) => {
      const record = tx.get('services', 'shop/web');
      if (record !== undefined) tx.put('services', { ...record, scale: 5 });
    });
    await until(() => expect(members('web')).toHaveLength(5));
    const { diff, releases } = await put(stackOf(compose()));
    expect(diff.changed).toEqual([
      {
        item: { kind: 'service', key: 'web' },
        fields: [{ field: 'scale, set by hand', before: 5, after: 3 }],
      },
    ]);
    expect(releases).toEqual([]);
    await until(() => expect(members('web').map(({ service }) => service?.index)).toEqual([1, 2, 3]));
  });
});

describe('a release', () => {
  it('stops at the first container that an engine refuses; the others stay, and resuming or going back ends it', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    refusals.set('web:bad', 'no such device');
    await put(stackOf(compose('web:bad')));
    await until(() => expect(release('web')).toMatchObject({ state: 'paused', failed: [1] }));
    expect(release('web')?.reason).toBe('container 1 no such device');
    expect(members('web').filter(({ desired }) => desired.spec.Image === 'web:1')).toHaveLength(2);
    await cluster.store.update((tx) => {
      const record = tx.get('services', 'shop/web');
      const good = tx.get('releases', 'shop/web/1');
      if (record === undefined || good === undefined) throw new Error('no record');
      const cause = { kind: 'rollback', to: 1, automatic: false } as const;
      beginRelease(tx, record, good.spec, { cause, by: 'root', at: Date.now() });
    });
    await isDone('web', 3);
    expect(members('web').map(({ desired }) => desired.spec.Image)).toEqual(['web:1', 'web:1', 'web:1']);
    // What was as it is to be again has stayed.
    expect(members('web').map(({ service }) => service?.release)).toEqual([3, 1, 1]);
  });

  it('leaves the old version serving where all of a service is replaced at once, and goes on when it is told to', async () => {
    const one = (image: string) => compose(image).replace('replicas: 3', 'replicas: 1');
    const images = () => members('web').map(({ desired }) => desired.spec.Image);
    await put(stackOf(one('web:1')));
    await isDone('web');
    refusals.set('web:2', 'no such device');
    await put(stackOf(one('web:2')));
    await until(() => expect(release('web')?.state).toBe('paused'));
    await until(() => expect([images(), status('web')?.ready]).toEqual([['web:1'], 1]));
    expect(members('web')[0]?.name).toBe('shop_web_1');
    expect(release('web')).toMatchObject({
      ...{ number: 2, state: 'paused', reason: 'container 1 no such device' },
    });
    refusals.clear();
    await cluster.store.update((tx) => {
      const paused = tx.get('releases', 'shop/web/2');
      if (paused !== undefined) tx.put('releases', { ...paused, state: 'releasing', reason: '', failed: [] });
    });
    await isDone('web', 2);
    expect(images()).toEqual(['web:2']);
    // A way back that fails itself leads to the version that served before it.
    refusals.set('web:1', 'no such device');
    await backToFirst();
    await until(() => expect(release('web')).toMatchObject({ number: 3, state: 'paused' }));
    await until(() => expect([images(), status('web')?.ready]).toEqual([['web:2'], 1]));
  });

  it('goes back by itself where the file says so', async () => {
    const back = (image: string) =>
      compose(image).replace('failure_action: pause', 'failure_action: rollback');
    await put(stackOf(back('web:1')));
    await isDone('web');
    refusals.set('web:bad', 'no such device');
    await put(stackOf(back('web:bad')));
    await isDone('web', 3);
    expect(release('web')?.cause).toEqual({ kind: 'rollback', to: 1, automatic: true });
    const bad = cluster.store.view((tx) => tx.get('releases', 'shop/web/2'));
    expect(bad).toMatchObject({ state: 'rolled-back', reason: 'container 1 no such device' });
  });

  it('goes back to what was deployed beside the version by then', async () => {
    const back = (image: string, replicas: number) =>
      compose(image)
        .replace('failure_action: pause', 'failure_action: rollback')
        .replace('replicas: 3', `replicas: ${replicas}`);
    await put(stackOf(back('web:1', 1)));
    await isDone('web');
    expect((await put(stackOf(back('web:1', 3)))).releases).toEqual([]);
    refusals.set('web:bad', 'no such device');
    await put(stackOf(back('web:bad', 3)));
    await isDone('web', 3);
    expect(members('web').map(({ desired }) => desired.spec.Image)).toEqual(['web:1', 'web:1', 'web:1']);
  });

  it('takes no container away for one that no host would take, and says why', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    await put(stackOf(compose('missing:1')));
    await until(() => expect(status('web')?.waiting).toMatch(/^image missing:1 cannot be pulled on [abc]: /));
    expect(members('web').map(({ desired }) => desired.spec.Image)).toEqual(['web:1', 'web:1', 'web:1']);
    expect(release('web')).toMatchObject({ state: 'releasing', failed: [] });
  });

  it('stops where it has found no image for ten minutes, and goes on when it is told to', async () => {
    await put(stackOf(compose()));
    await isDone('web');
    await put(stackOf(compose('missing:1')));
    await until(() => expect(status('web')?.waiting).toMatch(/^image missing:1 cannot be pulled on [abc]: /));
    await later(590_000);
    await until(() => expect(status('web')?.waiting).toMatch(/^image missing:1 cannot be pulled on [abc]: /));
    expect(release('web')?.state).toBe('releasing');
    await later(620_000);
    await until(() => expect(release('web')?.state).toBe('paused'));
    expect(release('web')?.reason).toMatch(/^image missing:1 cannot be pulled on [abc]: /);
    expect(members('web').map(({ desired }) => desired.spec.Image)).toEqual(['web:1', 'web:1', 'web:1']);
    const paused = release('web');
    if (paused === undefined) throw new Error('no release');
    await cluster.store.update((tx) => tx.put('releases', { ...paused, state: 'releasing', reason: '' }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(release('web')?.state).toBe('releasing');
  });

  it('says after a minute why a first release goes no further, of what waits for it too, and goes on', async () => {
    refusals.set('db:1', 'no such device');
    await put(stackOf(compose()));
    await until(() => expect(status('db')?.waiting).toBe('shop_db_1 no such device'));
    await later(50_000);
    await until(() => expect(members('db')[0]?.service?.refusal).toBe('no such device'));
    expect(status('db')).not.toHaveProperty('overdue');
    await later(70_000);
    await until(() => expect(status('db')?.overdue?.reason).toBe('shop_db_1 no such device'));
    const waits = 'waits for db (to be started): shop_db_1 no such device';
    expect(status('web')).toMatchObject({
      waiting: 'waits for db (to be started)',
      overdue: { reason: waits },
    });
    expect(release('db')?.state).toBe('releasing');
    refusals.clear();
    await later(90_000);
    await isDone('web');
    await until(() => expect(status('db')).not.toHaveProperty('overdue'));
    expect(status('web')).not.toHaveProperty('overdue');
  });

  it('gives a first release its time anew once another one of the stack has come further', async () => {
    const text = compose()
      .replace('depends_on: [db]', 'restart: always')
      .replace('replicas: 3', 'replicas: 1');
    refusals.set('web:1', 'no such device');
    slow.add('db:1');
    await put(stackOf(text));
    await until(() => expect(status('web')?.waiting).toBe('shop_web_1 no such device'));
    await later(50_000);
    slow.clear();
    for (const { id, desired } of members('db')) await cluster.settled(id, desired.generation);
    await isDone('db');
    await later(70_000);
    await until(() => expect(members('web')[0]?.service?.refusal).toBe('no such device'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(status('web')).not.toHaveProperty('overdue');
    await later(120_000);
    await until(() => expect(status('web')?.overdue?.reason).toBe('shop_web_1 no such device'));
  });

  it('counts the time of a first release through the moments in which a container runs', async () => {
    await put(
      stackOf(
        compose().replace(
          'deploy: { update_config: { monitor: 20ms',
          'deploy: { update_config: { monitor: 55s',
        ),
      ),
    );
    const set = (state: 'exited' | 'running') => {
      for (const name of ['a', 'b', 'c'])
        for (const container of cluster.host(name).engine.containers.values())
          if (container.name === 'shop_db_1') cluster.host(name).engine.set(container, state, 3);
    };
    await until(() => expect(status('db')?.ready).toBe(1));
    for (const ms of [20_000, 40_000]) {
      set('exited');
      await until(() => expect(status('db')).toMatchObject({ ready: 0, waiting: 'shop_db_1 ended with 3' }));
      await later(ms);
      set('running');
      await until(() => expect(status('db')).toMatchObject({ ready: 1, waiting: '' }));
    }
    expect(status('db')).not.toHaveProperty('overdue');
    await later(62_000);
    await until(() =>
      expect(status('db')).toMatchObject({
        ready: 1,
        overdue: { reason: 'shop_db_1 has ended, and was started again' },
      }),
    );
    await later(130_000);
    await isDone('db');
    await until(() => expect(status('db')).not.toHaveProperty('overdue'));
  });

  it('makes no container anew that an engine is slow to make, and says of which it takes too long', async () => {
    slow.add('web:1');
    await put(stackOf(compose()));
    await until(() => expect(members('web')).toHaveLength(3));
    const ids = members('web').map(({ id }) => id);
    await later(300_000);
    await later(600_000);
    await until(() =>
      expect(status('web')?.waiting).toBe('shop_web_1 is being made, though there was time enough'),
    );
    await later(900_000);
    slow.clear();
    for (const { id, desired } of members('web')) await cluster.settled(id, desired.generation);
    await isDone('web');
    expect(members('web').map(({ id }) => id)).toEqual(ids);
  });
});

it('stops a container that has routes once no router leads to it any more, or nobody says so for long', async () => {
  const routed = (image: string) =>
    compose(image).replace(
      '    depends_on',
      '    labels: { berth.routing.port_80: a.example.com }\n    depends_on',
    );
  await put(stackOf(routed('web:1')));
  await isDone('web');
  const other = { ...stackOf(routed('web:1')), name: 'other' };
  await expect(put(other)).rejects.toThrow('a.example.com is taken by service shop/web');
  const [first] = members('web');
  expect(first?.desired.spec.HostConfig).toMatchObject({ PortBindings: { '80/tcp': [{ HostPort: '' }] } });
  await put(stackOf(routed('web:2')));
  await until(() => expect(members('web')[0]?.service).toMatchObject({ leaving: true }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(members('web')[0]?.desired.state).toBe('running');
  const told = () =>
    cluster.store.update((tx) => {
      for (const { id, service: of } of tx.all('containers')) if (of?.leaving === true) out.add(id);
      tx.put('hostRouters', {
        kind: 'host-router',
        id: 'h-a',
        serving: true,
        error: '',
        seq: Math.random(),
        draining: [],
      });
    });
  await told();
  await until(() => expect(members('web')[0]?.service).toMatchObject({ release: 2 }));
  out.clear();
  const record = cluster.store.view((tx) => tx.get('settings', 'cluster'));
  const settings = { ...defaultSettings, ...record?.settings, drainMs: 0 };
  await cluster.store.update((tx) => tx.put('settings', { kind: 'settings', clusterId: 'c1', settings }));
  // Nobody says so any more: five seconds each.
  await expect.poll(() => members('web')[1]?.service?.release, { timeout: 12_000 }).toBe(2);
}, 30_000);

it('waits for what it depends on: a job that ends well', async () => {
  const text = `
services:
  migrate: { image: migrate:1 }
  web:
    image: web:1
    depends_on: { migrate: { condition: service_completed_successfully } }
    deploy: { update_config: { monitor: 10ms } }
networks: { default: { driver: bridge } }
`;
  await put(stackOf(text));
  await until(() => expect(status('web')?.waiting).toBe('waits for migrate (to end well)'));
  expect(members('web')).toEqual([]);
  const [job] = members('migrate');
  expect(job?.desired.spec.Labels?.['berth.restart']).toBeUndefined();
  const seen = () => cluster.store.view((tx) => [...tx.by('observedContainers', 'name', job?.name ?? '')]);
  await until(() => expect(seen()).toMatchObject([{ state: { status: 'running' } }]));
  const own = [...cluster.hosts.values()].flatMap(({ engine }) =>
    [...engine.containers.values()].map((container) => ({ engine, container })),
  );
  for (const { engine, container } of own) engine.set(container, 'exited');
  await isDone('migrate');
  await isDone('web');
  expect(members('migrate')).toHaveLength(1);
});

it('is on each host once, also on those that come later', async () => {
  const text = `
services:
  agent: { image: agent:1, labels: { berth.global: "true" } }
networks: { default: { driver: bridge } }
`;
  await put(stackOf(text.replace(/\n {2}agent: \{/, '\n  agent: { network_mode: host,')));
  await until(() => expect(members('agent')).toHaveLength(3));
  expect(new Set(members('agent').map(({ assigned }) => assigned.hostId)).size).toBe(3);
  await cluster.addHost('d', '10.0.0.4');
  await until(() => expect(members('agent').map(({ assigned }) => assigned.hostId)).toContain('h-d'));
});

it('is on each host no longer where its constraints let the host through no more', async () => {
  const text = (tier: string) =>
    `services: {agent: {image: a, network_mode: host, deploy: {mode: global, update_config: {monitor: 20ms}, placement: {constraints: [node.labels.tier==${tier}]}}}}\n`;
  const label = (tiers: Readonly<Record<string, string>>) =>
    cluster.store.update((tx) => {
      for (const [id, tier] of Object.entries(tiers)) {
        const host = tx.get('hosts', id);
        if (host !== undefined) tx.put('hosts', { ...host, labels: { ...host.labels, tier } });
      }
    });
  const hosts = () => members('agent').map(({ assigned }) => assigned.hostId);
  await label({ 'h-a': 'front', 'h-b': 'front', 'h-c': 'back' });
  await put(stackOf(text('front')));
  await isDone('agent');
  expect(hosts().sort()).toEqual(['h-a', 'h-b']);
  for (const { id } of members('agent')) out.add(id);
  await label({ 'h-b': 'none' });
  await until(() => expect(hosts()).toEqual(['h-a']));
  await put(stackOf(text('back')));
  await isDone('agent', 2);
  expect(hosts()).toEqual(['h-c']);
});

it('goes on where a manager was killed, at any moment, and makes nothing twice', async () => {
  await put(stackOf(compose()));
  for (const image of ['web:2', 'web:3']) {
    await put(stackOf(compose(image)));
    for (let turn = 0; turn < 15; turn++) {
      controller.close();
      await new Promise((resolve) => setTimeout(resolve, turn));
      controller = start();
      await new Promise((resolve) => setTimeout(resolve, turn % 4));
    }
  }
  await until(() => expect(release('web')).toMatchObject({ state: 'done' }));
  expect(members('web').map(({ name, desired }) => `${name} ${desired.spec.Image}`)).toEqual(
    [1, 2, 3].map((index) => `shop_web_${index} web:3`),
  );
});

it('does nothing by half while the disk is full, and goes on by itself once there is room', async () => {
  await put(stackOf(compose()));
  await isDone('web');
  const before = members('web').map(({ id }) => id);
  await put(stackOf(compose('web:2')));
  disk.full = true;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const kept = [...disk.rows.values()].filter(({ table }) => table === 'containers');
  expect(kept.map(({ json }) => (JSON.parse(json) as Container).id).sort()).toEqual(
    cluster.store.view((tx) => [...tx.all('containers')].map(({ id }) => id).sort()),
  );
  disk.full = false;
  await isDone('web', 2);
  expect(members('web').map(({ name, desired }) => `${name} ${desired.spec.Image}`)).toEqual(
    [1, 2, 3].map((index) => `shop_web_${index} web:2`),
  );
  expect(before.some((id) => members('web').some((one) => one.id === id))).toBe(false);
});

describe('a job with times', () => {
  const MINUTE = 60_000;
  const text = (more = '') => `
services:
  job:
    image: job:1
    labels: { berth.cron: "* * * * *", berth.cron.keep: "3"${more} }
networks: { default: { driver: bridge } }
`;
  const runs = () =>
    cluster.store
      .view((tx) => [...tx.by('jobRuns', 'service', 'shop/job')])
      .sort((a, b) => a.number - b.number);
  const states = () => runs().map(({ number, state }) => `${number} ${state}`);
  /** The manager's next life begins so much later. */
  const later = (ms: number) => {
    controller.close();
    ahead += ms;
    controller = start();
  };
  const end = (number: number, exitCode = 0) => {
    for (const host of ['a', 'b', 'c'])
      for (const container of cluster.host(host).engine.containers.values())
        if (container.name === `shop_job_${number}`)
          cluster.host(host).engine.set(container, 'exited', exitCode);
  };
  const running = (number: number) =>
    until(() =>
      expect(
        cluster.store.view((tx) => [...tx.by('observedContainers', 'name', `shop_job_${number}`)]),
      ).toMatchObject([{ state: { status: 'running' } }]),
    );

  it('runs at its times, says how each run ended and what was missed, and keeps the last ones', async () => {
    await put(stackOf(text()));
    await isDone('job');
    expect(members('job')).toEqual([]);
    later(MINUTE);
    await running(1);
    expect(members('job')[0]?.desired.spec.Labels).not.toHaveProperty('berth.failover');
    end(1, 3);
    await until(() =>
      expect(runs()).toMatchObject([{ state: 'failed', exitCode: 3, reason: 'ended with 3' }]),
    );
    later(20 * MINUTE);
    await running(3);
    end(3);
    await until(() => expect(states()).toEqual(['1 failed', '2 missed', '3 succeeded']));
    expect(runs()[1]).toMatchObject({ count: expect.toSatisfy((count: number) => count >= 18) });
    later(MINUTE);
    await running(4);
    end(4);
    await until(() => expect(states()).toEqual(['2 missed', '3 succeeded', '4 succeeded']));
    await until(() => expect(members('job').map(({ name }) => name)).toEqual(['shop_job_3', 'shop_job_4']));
    await cluster.store.update((tx) => {
      const stack = tx.get('stacks', 'shop');
      if (stack !== undefined) tx.put('stacks', { ...stack, removing: true });
    });
    await until(() =>
      expect(cluster.store.view((tx) => [...tx.all('jobRuns'), ...tx.all('containers')])).toEqual([]),
    );
  });

  it('runs once where the manager is killed, at any moment', async () => {
    await put(stackOf(text(', berth.cron.overlap: allow')));
    await isDone('job');
    ahead += MINUTE;
    for (let i = 0; i < 8; i++) {
      later(0);
      await new Promise((resolve) => setTimeout(resolve, i * 2));
    }
    await running(1);
    const due = runs().map(({ dueAt }) => dueAt);
    expect(new Set(due).size).toBe(due.length);
    expect(members('job')).toHaveLength(due.length);
  });

  it('waits for a host, and says so where none comes in time', async () => {
    for (const name of ['a', 'b', 'c']) await cluster.setConnected(name, false);
    await put(stackOf(text()));
    await isDone('job');
    later(MINUTE);
    await until(() =>
      expect(runs()).toMatchObject([{ state: 'starting', reason: expect.stringMatching(/./) }]),
    );
    later(11 * MINUTE);
    await until(() =>
      expect(runs()[0]).toMatchObject({ state: 'failed', reason: expect.stringMatching(/./) }),
    );
  });
});

describe('a release in which both versions serve', () => {
  const both = (image: string, labels: string) =>
    compose(image).replace(
      '    depends_on',
      `    labels: { berth.routing.port_80: a.example.com, ${labels} }\n    depends_on`,
    );
  const green = (image: string) => both(image, 'berth.release: blue-green');
  const images = () => {
    const found = new Map<string, number>();
    for (const { desired, service } of members('web'))
      if (service?.leaving !== true) found.set(desired.spec.Image, (found.get(desired.spec.Image) ?? 0) + 1);
    return Object.fromEntries(found);
  };
  const shares = () =>
    cluster.store.view((tx) => {
      const record = tx.get('services', 'shop/web');
      const split = record && splitOf(tx, record);
      const sides = [...new Set(members('web').map(({ service }) => split?.sideOf(service?.release ?? 0)))];
      return split === undefined ? undefined : `${split.weight} % ${sides.sort().join(' ')}`;
    });
  const change = (more: Partial<ReleaseRecord>) =>
    cluster.store.update((tx) => {
      const record = tx.get('services', 'shop/web');
      const now = tx.get('releases', releaseKey('shop', 'web', record?.release ?? 0));
      if (now !== undefined) tx.put('releases', { ...now, ...more });
    });
  const back = (to: number) =>
    cluster.store.update((tx) => {
      const record = tx.get('services', 'shop/web');
      const target = tx.get('releases', releaseKey('shop', 'web', to));
      if (record === undefined || target === undefined) throw new Error('no record');
      const cause = { kind: 'rollback', to, automatic: false } as const;
      beginRelease(tx, record, target.spec, { cause, by: 'root', at: Date.now() });
    });
  /** Routers say that they lead to none that leaves. */
  const drain = () => {
    const all = cluster.store.view((tx) => [...tx.all('containers')]);
    for (const { id, service } of all) if (service?.leaving === true) out.add(id);
    return cluster.store.update((tx) => {
      tx.put('hostRouters', {
        ...{ kind: 'host-router', id: 'h-a', serving: true, error: '', seq: Math.random(), draining: [] },
      });
    });
  };
  const draining = async (check: () => void) => {
    const timer = setInterval(() => void drain(), 20);
    try {
      await until(check);
    } finally {
      clearInterval(timer);
    }
  };

  it('is not confirmed by a number of 0 while it goes out', async () => {
    const canary = (image: string) => both(image, 'berth.release: canary, berth.release.steps: "20:1h"');
    const scale = (count: number) =>
      cluster.store.update((tx) => {
        const record = tx.get('services', 'shop/web');
        if (record !== undefined) tx.put('services', { ...record, scale: count });
      });
    await put(stackOf(canary('web:1')));
    await isDone('web');
    await put(stackOf(canary('web:2')));
    await until(() => expect(release('web')).toMatchObject({ state: 'releasing', shift: { weight: 20 } }));
    await scale(0);
    await draining(() => expect(images()).toEqual({}));
    expect(release('web')).toMatchObject({ number: 2, state: 'waiting', shift: { weight: 20 } });
    await scale(3);
    await until(() => expect(images()).toEqual({ 'web:1': 3, 'web:2': 1 }));
    await change({ state: 'confirmed' });
    await draining(() => expect(release('web')).toMatchObject({ number: 2, state: 'done' }));
    expect(images()).toEqual({ 'web:2': 3 });
  });

  it('waits with both for a user, whose word takes the old one away, or the new one', async () => {
    await put(stackOf(green('web:1')));
    await isDone('web');
    await put(stackOf(green('web:2')));
    await until(() => expect(release('web')).toMatchObject({ number: 2, state: 'waiting' }));
    expect(images()).toEqual({ 'web:1': 3, 'web:2': 3 });
    expect(shares()).toBe('0 % new old');
    await change({ shift: { weight: 30, step: -1, since: 0 } });
    await change({ state: 'confirmed' });
    await draining(() => expect(release('web')).toMatchObject({ number: 2, state: 'done' }));
    expect(images()).toEqual({ 'web:2': 3 });
    expect(shares()).toBeUndefined();
    await put(stackOf(green('web:3')));
    await until(() => expect(release('web')).toMatchObject({ number: 3, state: 'waiting' }));
    await back(2);
    // In the same moment: the old one is the new one's now, and the other gets nothing more.
    expect(shares()).toBe('100 % new none');
    await draining(() => expect(release('web')).toMatchObject({ number: 4, state: 'done' }));
    expect(images()).toEqual({ 'web:2': 3 });
  });

  it('counts one that was confirmed as done only once it has all requests', async () => {
    const canary = (image: string) => both(image, 'berth.release: canary, berth.release.steps: "5:1h"');
    await put(stackOf(canary('web:1')));
    await isDone('web');
    await put(stackOf(canary('web:2')));
    await until(() => expect(release('web')).toMatchObject({ number: 2, shift: { weight: 5 } }));
    expect(images()).toEqual({ 'web:1': 3, 'web:2': 1 });
    slow.add('web:2');
    await change({ state: 'confirmed' });
    await until(() => expect(images()).toEqual({ 'web:1': 3, 'web:2': 3 }));
    await put(stackOf(canary('web:3')));
    expect(cluster.store.view((tx) => tx.get('releases', 'shop/web/2')?.state)).toBe('superseded');
    expect(shares()).toBe('0 % none old');
    await draining(() => expect(images()).toEqual({ 'web:1': 3, 'web:3': 1 }));
    // The way back from one that is confirmed and not complete: the old version has all requests at once.
    await until(() => expect(release('web')).toMatchObject({ number: 3, shift: { weight: 5 } }));
    slow.add('web:3');
    await change({ state: 'confirmed' });
    await back(1);
    expect(shares()).toMatch(/^100 % new/);
  });

  it('keeps shares and containers where managers are killed, hosts die, and the number is set by hand', async () => {
    await put(stackOf(green('web:1')));
    await isDone('web');
    await put(stackOf(green('web:2')));
    for (let turn = 0; turn < 12; turn++) {
      controller.close();
      await new Promise((resolve) => setTimeout(resolve, turn));
      controller = start();
      await new Promise((resolve) => setTimeout(resolve, turn % 4));
    }
    await until(() => expect(release('web')).toMatchObject({ number: 2, state: 'waiting' }));
    await change({ shift: { weight: 70, step: -1, since: 0 } });
    controller.close();
    controller = start();
    const lost = members('web').filter((_, i) => i % 2 === 0);
    await cluster.store.update((tx) => {
      for (const { id } of lost) tx.delete('containers', id);
    });
    await until(() => expect(images()).toEqual({ 'web:1': 3, 'web:2': 3 }));
    await cluster.store.update((tx) => {
      const record = tx.get('services', 'shop/web');
      if (record !== undefined) tx.put('services', { ...record, scale: 4 });
    });
    await until(() => expect(images()).toEqual({ 'web:1': 4, 'web:2': 4 }));
    expect(release('web')).toMatchObject({ number: 2, state: 'waiting', shift: { weight: 70 } });
    expect(shares()).toBe('70 % new old');
    for (let turn = 0; turn < 8; turn++) {
      if (turn === 1) await change({ state: 'confirmed' });
      controller.close();
      controller = start();
      await new Promise((resolve) => setTimeout(resolve, turn * 5));
    }
    await draining(() => expect(release('web')).toMatchObject({ number: 2, state: 'done' }));
    expect(images()).toEqual({ 'web:2': 4 });
  });

  it(
    'tells the image of a redeployment from the one before it, though both have one name',
    () =>
      withPulls(async () => {
        const live = () => members('web').flatMap(({ id, service }) => (service?.leaving === true ? [] : id));
        await put(stackOf(green('web:1')));
        await isDone('web');
        const old = live();
        await begin({ kind: 'redeploy' }, 'trigger:ci');
        await until(() => expect(release('web')).toMatchObject({ number: 2, state: 'waiting' }));
        expect(live()).toHaveLength(6);
        expect(shares()).toBe('0 % new old');
        await back(1);
        // In the same moment: those of the redeployment are nobody's any more.
        expect(shares()).toBe('100 % new none');
        await draining(() => expect(release('web')).toMatchObject({ number: 3, state: 'done' }));
        expect(live()).toEqual(old);
        await begin({ kind: 'redeploy' }, 'trigger:ci');
        await until(() => expect(release('web')).toMatchObject({ number: 4, state: 'waiting' }));
        await change({ state: 'confirmed' });
        await draining(() => expect(release('web')).toMatchObject({ number: 4, state: 'done' }));
        expect(live().filter((id) => old.includes(id))).toEqual([]);
        const fresh = live();
        await put(stackOf(green('web:2')));
        await until(() => expect(release('web')).toMatchObject({ number: 5, state: 'waiting' }));
        await back(4);
        expect(shares()).toBe('100 % new none');
        await draining(() => expect(release('web')).toMatchObject({ number: 6, state: 'done' }));
        expect(live()).toEqual(fresh);
      }),
    30_000,
  );

  it('goes back by itself where the canary answers worse, and says why', async () => {
    const canary = (image: string) =>
      both(
        image,
        'berth.release: canary, berth.release.steps: "30:1s,60:1s", berth.release.min_requests: "10"',
      ).replace('failure_action: pause', 'failure_action: rollback');
    const told = (pool: string, good: number, bad: number): Traffic => ({
      ...{ kind: 'http', route: 'route', pool, responses: [0, good, 0, 0, bad, 0], sessions: good + bad },
      ...{ failures: 0, bytesIn: 0, bytesOut: 0, times: [...TIME_BOUNDS, 0].map(() => 0) },
    });
    const counting = setInterval(
      () => access.take('h-a', { t: 'traffic', ms: 100, traffic: [told('r1', 20, 0), told('r2', 10, 10)] }),
      100,
    );
    try {
      await put(stackOf(canary('web:1')));
      await isDone('web');
      await put(stackOf(canary('web:2')));
      await until(() => expect(release('web')).toMatchObject({ number: 2, shift: { weight: 30, step: 0 } }));
      expect(images()).toEqual({ 'web:1': 3, 'web:2': 1 });
      // Four seconds are needed for figures, more where the machine is busy.
      await expect.poll(() => release('web')?.number, { timeout: 20_000 }).toBe(3);
      await draining(() => expect(release('web')).toMatchObject({ state: 'done' }));
    } finally {
      clearInterval(counting);
    }
    expect(images()).toEqual({ 'web:1': 3 });
    expect(release('web')?.cause).toEqual({ kind: 'rollback', to: 1, automatic: true });
    expect(cluster.store.view((tx) => tx.get('releases', 'shop/web/2'))).toMatchObject({
      state: 'rolled-back',
      reason: expect.stringMatching(/^50 % of its \d+ requests ended in errors, 0 % of those before it$/),
    });
  }, 30_000);

  it('leaves the old one alone where there is no room for both, and says why', async () => {
    await put(stackOf(green('web:1')));
    await isDone('web');
    await put(stackOf(green('missing:1')));
    await until(() => expect(status('web')?.waiting).toMatch(/^image missing:1 cannot be pulled on [abc]: /));
    expect(images()).toEqual({ 'web:1': 3 });
    expect(shares()).toBe('0 % old');
  });
});

it('is taken from a host that is drained where it is on each host, and comes back with it', async () => {
  await put(stackOf('services: {agent: {image: a, deploy: {mode: global}, network_mode: none}}\n'));
  const hosts = () =>
    members('agent')
      .map(({ assigned }) => assigned.hostId)
      .sort();
  await until(() => expect(hosts()).toEqual(['h-a', 'h-b', 'h-c']));
  await isDone('agent');
  const set = (cordoned: boolean, drained: boolean) =>
    cluster.store.update((tx) => {
      const host = tx.get('hosts', 'h-b');
      if (host !== undefined) tx.put('hosts', { ...host, cordoned, drained });
    });
  await set(true, false);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(hosts()).toEqual(['h-a', 'h-b', 'h-c']);
  await set(true, true);
  await until(() => expect(hosts()).toEqual(['h-a', 'h-c']));
  await until(() => expect(status('agent')).toMatchObject({ wanted: 2, ready: 2 }));
  await set(false, false);
  await until(() => expect(hosts()).toEqual(['h-a', 'h-b', 'h-c']));
});

it('is started again with what it depends on where the file says so', async () => {
  const text = (db: string) => `
services:
  web:
    image: web
    depends_on: { db: { condition: service_started, restart: true } }
    deploy: { update_config: { monitor: 20ms } }
  api: { image: api, depends_on: [db] }
  db: { image: ${db}, deploy: { update_config: { monitor: 20ms } } }
networks: { default: { driver: bridge } }
`;
  expect((await put(stackOf(text('db:1')))).releases).toHaveLength(3);
  await isDone('web');
  const [before] = members('web');
  expect((await put(stackOf(text('db:1')))).releases).toEqual([]);
  expect((await put(stackOf(text('db:2')))).releases).toEqual([
    { service: 'db', number: 2 },
    { service: 'web', number: 2 },
  ]);
  await isDone('web', 2);
  expect(members('web')[0]?.id).not.toBe(before?.id);
  expect(release('web')?.cause).toEqual({ kind: 'restart' });
  expect(release('api')?.number).toBe(1);
});

const homes = () => members('web').map(({ assigned }) => assigned.hostId);

it('is spread over hosts that have yet to pull its image, which they do side by side', () =>
  withPulls(async (pulled) => {
    await put(stackOf(compose('remote:1')));
    await isDone('web');
    expect(homes().sort()).toEqual(['h-a', 'h-b', 'h-c']);
    expect(pulled.sort()).toEqual(['h-a remote:1', 'h-b remote:1', 'h-c remote:1']);
  }));

it('stays with the host that has pulled its image for it, though another one is the best by then', () =>
  withPulls(async (pulled) => {
    turns.push('h-b', 'h-c', 'h-a');
    const one = (more: string) => compose('remote:1', more).replace('replicas: 3', 'replicas: 1');
    await put(stackOf(one('')));
    await isDone('web');
    expect(pulled).toEqual([expect.stringMatching(/^h-[abc] remote:1$/)]);
    expect(homes().map((home) => `${home} remote:1`)).toEqual(pulled);
    // Nor does one stop for another that has to wait for its image then.
    having.clear();
    await put(stackOf(one('    environment: { A: b }')));
    await isDone('web', 2);
    expect(homes().map((home) => `${home} remote:1`)).toEqual(pulled.slice(1));
  }));

it('is where its image is as long as it cannot be pulled elsewhere, or is not to be', async () => {
  having.add('h-b');
  await withPulls(async () => {
    await put(stackOf(compose('remote:1')));
    await isDone('web');
    expect(homes()).toEqual(['h-b', 'h-b', 'h-b']);
  }, 'no route to host');
  await withPulls(async (pulled) => {
    await put(stackOf(compose('web:1')));
    await isDone('web', 2);
    await put(stackOf(compose('remote:1', '    pull_policy: never')));
    await isDone('web', 3);
    expect(homes()).toEqual(['h-b', 'h-b', 'h-b']);
    expect(pulled).toEqual([]);
    const { coming } = controller.scaledPlaces('shop', 'web', 5);
    expect(coming.map(({ hostId }) => hostId)).toEqual(['h-b', 'h-b']);
    having.clear();
    const { refusal } = controller.scaledPlaces('shop', 'web', 4);
    expect(refusal).toBe('No such image: remote:1');
  });
});

it('pulls again at once where a log-in is another one, whatever the pause after a failure', () =>
  withPulls(async () => {
    await put(
      stackOf(
        'services: {web: {image: "reg:5000/web", pull_policy: always, network_mode: none, deploy: {update_config: {monitor: 20ms}}}}\n',
      ),
    );
    await until(() => expect(status('web')?.waiting).toMatch(/cannot be pulled on \w: no basic auth/));
    // The pause is over in an hour.
    ahead = -3_600_000;
    await withPulls(async (pulled) => {
      const auth = { username: 'ann', password: 'x' };
      const login = { registry: 'reg:5000', auth, by: 'root', at: 1 };
      await cluster.store.update((tx) => putLogin(tx, cluster.deps.vault, login));
      await until(() => expect(pulled).toHaveLength(1));
    });
  }, 'no basic auth credentials'));

it('pulls for each release where it is to be the newest, and for no container that is made again', () =>
  withPulls(async (pulled) => {
    const text = (tag: string) =>
      `services: {web: {image: "web:${tag}", pull_policy: always, network_mode: none, deploy: {update_config: {monitor: 20ms}}}}\n`;
    await put(stackOf(text('1')));
    await isDone('web');
    const host = members('web')[0]?.assigned.hostId;
    expect(pulled).toEqual([`${host} web:1`]);
    const [old] = members('web');
    await cluster.store.update((tx) => void tx.delete('containers', old?.id ?? ''));
    await until(() => expect(members('web')[0]?.id).not.toBe(old?.id));
    expect(pulled).toHaveLength(1);
    await begin({ kind: 'restart' });
    await isDone('web', 2);
    expect(pulled.length).toBeGreaterThan(1);
  }));

it('pulls for a release that a trigger begins, and for none after it', () =>
  withPulls(async (pulled) => {
    await put(stackOf(compose()));
    await isDone('web');
    const old = members('web').map(({ id }) => id);
    await begin({ kind: 'redeploy' }, 'trigger:ci');
    await isDone('web', 2);
    expect(new Set(pulled)).toEqual(
      new Set(members('web').map(({ assigned }) => `${assigned.hostId} web:1`)),
    );
    expect(members('web').filter(({ id }) => old.includes(id))).toEqual([]);
    const count = pulled.length;
    await begin({ kind: 'restart' });
    await isDone('web', 3);
    expect(pulled).toHaveLength(count);
  }));

it('keeps what serves where the image of a trigger cannot be pulled, and says why', () =>
  withPulls(async () => {
    await put(stackOf(compose()));
    await isDone('web');
    const old = members('web').map(({ id }) => id);
    await begin({ kind: 'redeploy' }, 'trigger:ci');
    const why = /^image web:1 cannot be pulled on \w+: manifest unknown$/;
    await until(() => expect(status('web')?.waiting).toMatch(why));
    expect(members('web').map(({ id }) => id)).toEqual(old);
    expect(release('web')).toMatchObject({ number: 2, state: 'releasing' });
  }, 'manifest unknown'));
