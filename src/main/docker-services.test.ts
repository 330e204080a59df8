import { beforeEach, describe, expect, it } from 'vitest';
import type { TestClient } from '../api/docker/testing/client.ts';
import { startEndpoint } from '../api/docker/testing/endpoint.ts';
import type { FakeCluster } from '../api/docker/testing/fake-cluster.ts';
import { AccessBook } from '../api/routing/access-book.ts';
import { ServiceHands } from '../api/services/hands.ts';
import { ServiceController } from '../controllers/index.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLogger } from '../kit/logger.ts';
import type { Container } from '../model/container.ts';

/** The services view of the endpoint with the controller behind it, on fake engines. */
let cluster: FakeCluster;
let client: TestClient;
let controller: ServiceController;

beforeEach(async () => {
  const started = await startEndpoint('a', 'b');
  ({ cluster, client } = started);
  let acting: Promise<unknown> = Promise.resolve();
  cluster.store.watch(({ changes }) => {
    for (const { table, after, before } of changes) {
      if (table !== 'containers' || after === undefined) continue;
      const { id, desired } = after as Container;
      if ((before as Container | undefined)?.desired.generation === desired.generation) continue;
      acting = acting.then(() => cluster.settled(id, desired.generation)).catch(() => undefined);
    }
  });
  controller = new ServiceController({
    store: cluster.store,
    hands: new ServiceHands(cluster.deps, () => true),
    clock: systemClock,
    logger: silentLogger,
    access: new AccessBook({ clock: systemClock, routesOf: () => [], serving: () => [] }),
    settled: () => Promise.resolve(),
  });
  return async () => {
    controller.close();
    await started.close();
  };
});

type Service = {
  ID: string;
  Version: { Index: number };
  Spec: { Name: string; Labels: Record<string, string>; TaskTemplate: Record<string, unknown> };
  UpdateStatus?: { State: string };
  ServiceStatus?: { RunningTasks: number; DesiredTasks: number };
};
type Task = {
  ID: string;
  Slot: number;
  NodeID?: string;
  DesiredState: string;
  Status: { State: string; Err?: string; ContainerStatus?: { ContainerID: string } };
};

const QUICK = { Parallelism: 0, Monitor: 1_000_000, FailureAction: 'pause' };
const spec = (Name: string, more: Record<string, unknown> = {}, Image = 'web:1') => ({
  Name,
  TaskTemplate: { ContainerSpec: { Image, Env: ['PASSWORD=x'] } },
  Mode: { Replicated: { Replicas: 2 } },
  UpdateConfig: QUICK,
  RollbackConfig: QUICK,
  ...more,
});
const create = async (name: string, more?: Record<string, unknown>, image?: string) =>
  (await client.json<{ ID: string }>('POST', '/services/create', spec(name, more, image), 201)).ID;
const inspect = (ref: string) => client.json<Service>('GET', `/services/${ref}`);
const filters = (value: unknown) => `filters=${encodeURIComponent(JSON.stringify(value))}`;
const tasks = (service: string, more = {}) =>
  client.json<Task[]>('GET', `/tasks?${filters({ service: [service], ...more })}`);
const running = async (service: string) =>
  (await tasks(service, { 'desired-state': ['running'], '_up-to-date': ['true'] })).filter(
    ({ Status }) => Status.State === 'running',
  );
const update = async (ref: string, body: unknown, more = '') => {
  const { Version } = await inspect(ref);
  return client.send('POST', `/services/${ref}/update?version=${Version.Index}${more}`, body);
};
const runs = (service: string, count: number) =>
  expect.poll(async () => (await running(service)).length, { timeout: 15_000 }).toBe(count);

describe('a service of Docker', () => {
  it('is created, listed, scaled, updated, rolled back and removed', async () => {
    const id = await create('web');
    await runs('web', 2);
    const [listed] = await client.json<Service[]>(
      'GET',
      `/services?status=true&${filters({ name: ['web'] })}`,
    );
    expect(listed).toMatchObject({
      ID: id,
      Spec: { Name: 'web', Labels: {}, Mode: { Replicated: { Replicas: 2 } } },
      ServiceStatus: { RunningTasks: 2, DesiredTasks: 2 },
    });
    expect((await inspect(id.slice(0, 8))).ID).toBe(id);
    const [first] = await tasks('web');
    expect(first).toMatchObject({ Slot: 1, NodeID: expect.stringMatching(/^h-/), DesiredState: 'running' });
    const container = first?.Status.ContainerStatus?.ContainerID ?? '';
    expect(container.startsWith(first?.ID ?? '-')).toBe(true);
    expect(await client.json('GET', `/tasks/${first?.ID}`)).toMatchObject({ ServiceID: id });

    const scaled = await inspect('web');
    expect((await update('web', { ...scaled.Spec, Mode: { Replicated: { Replicas: 3 } } })).status).toBe(200);
    await runs('web', 3);
    expect((await tasks('web')).some(({ ID }) => ID === first?.ID)).toBe(true);

    expect((await update('web', spec('web', {}, 'web:2'))).status).toBe(200);
    await expect.poll(async () => (await inspect('web')).UpdateStatus?.State).toBe('completed');
    await runs('web', 2);
    expect((await tasks('web')).some(({ ID }) => ID === first?.ID)).toBe(false);

    expect((await update('web', spec('web'), '&rollback=previous')).status).toBe(200);
    await expect.poll(async () => (await inspect('web')).UpdateStatus?.State).toBe('rollback_completed');
    // What was so before the update, not what the first release began with.
    expect((await inspect('web')).Spec).toMatchObject({
      TaskTemplate: { ContainerSpec: { Image: 'web:1' } },
      Mode: { Replicated: { Replicas: 3 } },
    });
    await runs('web', 3);

    expect((await client.send('DELETE', '/services/web')).status).toBe(200);
    expect((await client.send('GET', '/services/web')).status).toBe(404);
    // At once, though its containers are still being stopped.
    await create('web');
    await runs('web', 2);
  }, 60_000);

  it('refuses an update of what somebody else has changed meanwhile', async () => {
    await create('web');
    const { Version, Spec } = await inspect('web');
    const send = () => client.send('POST', `/services/web/update?version=${Version.Index}`, Spec);
    await update('web', { ...Spec, Mode: { Replicated: { Replicas: 1 } } });
    const late = await send();
    expect([late.status, late.text]).toEqual([409, expect.stringContaining('update out of sequence')]);
    const none = await client.send('POST', '/services/web/update', Spec);
    expect(none.status).toBe(409);
  });

  it('belongs to the stack that its label names, and the others of that stack stay as they are', async () => {
    const Labels = { 'com.docker.stack.namespace': 'shop', own: 'x' };
    await create('shop_web', { Labels });
    await create('shop_db', { Labels });
    const stack = cluster.store.view((tx) => tx.get('stacks', 'shop'));
    expect(stack?.stack.services.map(({ name }) => name)).toEqual(['db', 'web']);
    expect((await inspect('shop_web')).Spec.Labels).toEqual(Labels);
    await runs('shop_web', 2);
    const label = filters({ label: ['com.docker.stack.namespace=shop'] });
    expect(await client.json<Task[]>('GET', `/tasks?${label}`)).toHaveLength(4);
    const names = cluster.store.view((tx) => [...tx.all('containers')].map(({ name }) => name).sort());
    expect(names).toEqual(['shop_db_1', 'shop_db_2', 'shop_web_1', 'shop_web_2']);
    await client.json('DELETE', '/services/shop_web');
    expect(cluster.store.view((tx) => tx.get('stacks', 'shop')?.removing)).toBeUndefined();
    await client.json('DELETE', '/services/shop_db');
    await expect.poll(() => cluster.store.view((tx) => tx.get('stacks', 'shop'))).toBeUndefined();
  });

  it('has configs and secrets in its containers, which cannot be removed meanwhile', async () => {
    const keep = async (path: string, Name: string, text: string) => {
      const Data = Buffer.from(text).toString('base64');
      return (await client.json<{ ID: string }>('POST', `/${path}/create`, { Name, Data }, 201)).ID;
    };
    const SecretID = await keep('secrets', 'token', 'hunter2');
    const ConfigID = await keep('configs', 'site', 'listen 80;');
    const File = { UID: '33', GID: '0', Mode: 0o440 };
    const wanted = {
      Image: 'web:1',
      Secrets: [{ File: { Name: 'token', ...File }, SecretID, SecretName: 'token' }],
      Configs: [{ File: { Name: '/etc/site.conf', ...File }, ConfigID, ConfigName: 'site' }],
    };
    const RestartPolicy = { Condition: 'any' };
    await create('web', { TaskTemplate: { ContainerSpec: wanted, RestartPolicy } });
    await runs('web', 2);
    const place = { uid: '33', gid: '0', mode: 0o440 };
    const [record] = cluster.store.view((tx) => [...tx.all('containers')]);
    expect(record?.files).toEqual([
      { noun: 'config', id: ConfigID, name: 'site', target: '/etc/site.conf', ...place },
      { noun: 'secret', id: SecretID, name: 'token', target: '/run/secrets/token', ...place },
    ]);
    // The agent starts it again, as the engine would without its files after a start of the machine.
    expect(record?.desired.spec.HostConfig?.RestartPolicy).toBeUndefined();
    expect(record?.desired.spec.Labels?.['berth.restart']).toBe('always');
    const { Spec } = await inspect('web');
    expect(Spec.TaskTemplate.ContainerSpec).toMatchObject(wanted);
    expect(await client.send('DELETE', '/secrets/token')).toMatchObject({
      status: 409,
      text: expect.stringContaining("secret 'token' is in use by the following service: standalone/web"),
    });
    expect(
      (
        await update('web', {
          ...Spec,
          TaskTemplate: { ...Spec.TaskTemplate, ContainerSpec: { ...wanted, Secrets: [] } },
        })
      ).status,
    ).toBe(200);
    await expect
      .poll(async () => (await client.send('DELETE', '/secrets/token')).status, { timeout: 15_000 })
      .toBe(204);
    const missing = { ...wanted, Secrets: [{ ...wanted.Secrets[0], SecretName: 'other' }] };
    const refused = await client.send(
      'POST',
      '/services/create',
      spec('b', { TaskTemplate: { ContainerSpec: missing } }),
    );
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('secret other not found') });
    // `docker stack rm` does not wait in between.
    await client.json('DELETE', '/services/web');
    expect((await client.send('DELETE', `/configs/${ConfigID}`)).status).toBe(204);
  });

  it('counts the containers of a job from 0, as clients that wait for all of them do', async () => {
    await create('job', { Mode: { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 2 } } });
    const slots = async () => (await tasks('job')).map(({ Slot }) => Slot).sort();
    await expect.poll(slots, { timeout: 15_000 }).toEqual([0, 1]);
  });

  it('says what a place without a container waits for', async () => {
    await cluster.setConnected('a', false);
    await cluster.setConnected('b', false);
    await create('web');
    await expect.poll(async () => (await tasks('web'))[0]?.Status.Err).toContain('no resources available');
    expect(await tasks('web')).toMatchObject([
      { Slot: 1, Status: { State: 'pending' } },
      { Slot: 2, Status: { State: 'pending' } },
    ]);
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['web', {}, 409, 'name conflicts with an existing object'],
    ['web2', { Labels: { 'com.docker.stack.namespace': 'shop' } }, 400, 'call it shop_web2'],
    ['s_a', { Labels: { 'com.docker.stack.namespace': 'standalone' } }, 400, 'no name of a stack'],
    ['-x', {}, 400, 'invalid Name'],
    ['a', { Mode: { Replicated: { Replicas: -1 } } }, 400, 'Replicas'],
    ['a', { TaskTemplate: { ContainerSpec: { Image: '' } } }, 400, 'name an image'],
    ['a', { Networks: [{ Target: 'ghost' }] }, 404, 'network ghost not found'],
    ['a', { TaskTemplate: { ContainerSpec: { Image: 'a', Secrets: [{}] } } }, 400, 'Secrets'],
    [
      'a',
      { TaskTemplate: { ContainerSpec: { Image: 'a' }, Placement: { Constraints: ['x==y'] } } },
      400,
      'unknown key "x"',
    ],
  ])('%s %j: %i %s', async (name, more, status, says) => {
    await create('web');
    const { text, ...answer } = await client.send('POST', '/services/create', spec(name, more));
    expect([answer.status, JSON.parse(text).message]).toEqual([status, expect.stringContaining(says)]);
  });

  it('refuses another name, another mode, and a way back where there is none', async () => {
    await create('web');
    const refused = async (body: unknown, more = '') => {
      const { status, text } = await update('web', body, more);
      return `${status} ${JSON.parse(text).message}`;
    };
    expect(await refused(spec('other'))).toMatch(/^501 renaming services is not supported/);
    expect(await refused(spec('web', { Mode: { Global: {} } }))).toMatch(/^501 .*mode change/);
    expect(await refused(spec('web'), '&rollback=previous')).toMatch(/^400 .*does not have a previous spec/);
    expect(await refused(spec('web'), '&rollback=x')).toMatch(/^400 invalid rollback/);
  });
});

describe('a service of a compose file', () => {
  it('is scaled, keeps what Docker has no word for, and has no more containers than names', async () => {
    await create('shop_web', { Labels: { 'com.docker.stack.namespace': 'shop' } });
    const kept = () => cluster.store.view((tx) => tx.get('services', 'shop/web')) ?? expect.fail();
    await cluster.store.update((tx) => {
      const record = kept();
      const naming = { kind: 'fixed', name: 'front' } as const;
      tx.put('services', { ...record, scale: 1, service: { ...record.service, naming, weight: 7 } });
    });
    const { Spec } = await inspect('shop_web');
    expect(Spec).toMatchObject({ Mode: { Replicated: { Replicas: 1 } } });
    const scaled = (Replicas: number) => update('shop_web', { ...Spec, Mode: { Replicated: { Replicas } } });
    const refused = await scaled(3);
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('names it front')]);
    expect((await scaled(0)).status).toBe(200);
    expect(kept()).toMatchObject({ scale: null, service: { weight: 7, scale: { replicas: 0 } } });
  });
});

describe('nodes and the cluster', () => {
  type Node = { ID: string; Version: { Index: number }; Spec: Record<string, unknown> };

  it('shows hosts, and changes their labels and whether new containers go there', async () => {
    const nodes = await client.json<Node[]>('GET', '/nodes');
    expect(nodes).toMatchObject([
      {
        Spec: { Role: 'worker', Availability: 'active' },
        Description: { Hostname: 'a' },
        Status: { State: 'ready' },
      },
      { Description: { Hostname: 'b' } },
    ]);
    const { ID, Version, Spec } = await client.json<Node>('GET', '/nodes/a');
    const send = (body: unknown) => client.send('POST', `/nodes/${ID}/update?version=${Version.Index}`, body);
    expect((await send({ ...Spec, Role: 'manager' })).status).toBe(501);
    expect((await send({ ...Spec, Availability: 'pause', Labels: { rack: 'r2' } })).status).toBe(200);
    expect((await client.json<Node>('GET', '/nodes/a')).Spec).toMatchObject({
      Availability: 'pause',
      Labels: { rack: 'r2' },
    });
    expect((await send(Spec)).text).toContain('update out of sequence');
    const none = `/nodes?${filters({ role: ['manager'] })}`;
    expect(await client.json('GET', none)).toEqual([]);
  });

  it('drains hosts, shows them so, and ends it', async () => {
    const set = async (change: Record<string, unknown>) => {
      const { ID, Version, Spec } = await client.json<Node>('GET', '/nodes/a');
      return client.send('POST', `/nodes/${ID}/update?version=${Version.Index}`, { ...Spec, ...change });
    };
    const now = async () => {
      const { Spec } = await client.json<Node>('GET', '/nodes/a');
      const host = cluster.store.view((tx) => tx.get('hosts', 'h-a'));
      return [Spec.Availability, host?.cordoned, host?.drained];
    };
    const stale = await client.json<Node>('GET', '/nodes/a');
    expect((await set({ Availability: 'drain', Labels: { rack: 'r9' } })).status).toBe(200);
    expect(await now()).toEqual(['drain', true, true]);
    const { ID, Version, Spec } = stale;
    const late = await client.send('POST', `/nodes/${ID}/update?version=${Version.Index}`, Spec);
    expect(late.text).toContain('update out of sequence');
    expect((await set({ Labels: { rack: 'r3' } })).status).toBe(200);
    expect(await now()).toEqual(['drain', true, true]);
    expect((await set({ Availability: 'pause' })).status).toBe(200);
    expect(await now()).toEqual(['pause', true, false]);
    expect((await set({ Availability: 'active' })).status).toBe(200);
    expect(await now()).toEqual(['active', false, false]);
    await expect
      .poll(() =>
        cluster.store.view((tx) =>
          [...tx.all('audit')].flatMap(({ action, target }) => (action === 'node.update' ? target : [])),
        ),
      )
      .toEqual(['a (drain)', 'a (active)', 'a', 'a (pause)', 'a (active)']);
  });

  it('is a swarm that is controlled here, and that no client makes, joins or leaves', async () => {
    expect(await client.json('GET', '/info')).toMatchObject({
      Swarm: { LocalNodeState: 'active', ControlAvailable: true, Nodes: 2, Cluster: { TLSInfo: {} } },
    });
    const compose = await client.send('GET', '/info', undefined, { 'user-agent': 'docker-compose/1.29.2 x' });
    expect(JSON.parse(compose.text).Swarm.LocalNodeState).toBe('inactive');
    for (const verb of ['init', 'join', 'leave', 'update', 'unlock'])
      expect((await client.send('POST', `/swarm/${verb}`, {})).text).toContain('Berth is the cluster');
    expect(await client.json('GET', '/secrets')).toEqual([]);
    expect((await client.send('GET', '/configs/x')).status).toBe(404);
  });
});

describe('logs of a service', () => {
  it('are those of all its containers, each line with whose it is', async () => {
    await create('web');
    await runs('web', 2);
    const plain = await client.send('GET', '/services/web/logs?stdout=1');
    expect(plain.status).toBe(200);
    const detailed = await client.send('GET', '/services/web/logs?stdout=1&details=1');
    const [first, second] = await tasks('web');
    for (const task of [first, second])
      expect(detailed.text).toContain(`com.docker.swarm.task.id=${task?.ID} `);
    const stamped = await client.send('GET', '/services/web/logs?stdout=1&details=1&timestamps=1');
    expect(stamped.text).toMatch(/2026-01-01T00:00:00\.000000000Z com\.docker\.swarm\.node\.id=\S+ line\n/);
    expect((await client.send('GET', '/services/web/logs')).text).toContain('at least one stream');
    const one = await client.send('GET', `/tasks/${first?.ID}/logs?stdout=1&details=1`);
    expect(one.text).toContain(first?.ID);
    expect(one.text).not.toContain(second?.ID);
  });
});

it('keeps the client’s log-in of a registry for the service that it is sent with', async () => {
  const auth = { username: 'ann', password: 'hunter2', serveraddress: 'reg:5000' };
  const header = { 'x-registry-auth': Buffer.from(JSON.stringify(auth)).toString('base64url') };
  const answer = await client.send('POST', '/services/create', spec('own', {}, 'reg:5000/app:1'), header);
  expect(answer.status).toBe(201);
  const logins = () => cluster.store.view((tx) => [...tx.all('registryLogins')]);
  expect(logins()).toMatchObject([{ registry: 'reg:5000', service: 'standalone/own', username: 'ann' }]);
  expect(JSON.stringify(logins())).not.toContain('hunter2');
  expect((await client.send('DELETE', '/services/own')).status).toBe(200);
  await expect.poll(logins, { timeout: 15_000 }).toEqual([]);
  for (const wrong of ['', 'e30', 'bm8', '!'])
    await client.send(
      'POST',
      '/services/create',
      spec(`x${wrong.length}${wrong.at(-1) === '!' ? 'y' : ''}`),
      { 'x-registry-auth': wrong },
    );
  expect(logins()).toEqual([]);
});
