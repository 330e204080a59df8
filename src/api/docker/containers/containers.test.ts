import { beforeEach, describe, expect, it } from 'vitest';
import type { TestClient } from '../testing/client.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import type { FakeCluster } from '../testing/fake-cluster.ts';

let cluster: FakeCluster;
let client: TestClient;

beforeEach(async () => {
  const started = await startEndpoint('alpha', 'beta');
  ({ cluster, client } = started);
  return started.close;
});

type Entry = { Id: string; Names: string[]; State: string; Status: string; Labels: Record<string, string> };

const make = async (name: string, body: object = {}) =>
  (
    await client.json<{ Id: string }>(
      'POST',
      `/containers/create?name=${name}`,
      { Image: 'busybox', ...body },
      201,
    )
  ).Id;
const run = async (name: string, body: object = {}) => {
  const id = await make(name, body);
  await client.json('POST', `/containers/${id}/start`, undefined, 204);
  return id;
};
const ps = (query = 'all=1') => client.json<Entry[]>('GET', `/containers/json?${query}`);
const names = async (query?: string) => (await ps(query)).map(({ Names }) => Names[0]).sort();
const refusal = async (method: string, path: string, body?: unknown) => {
  const { status, text } = await client.send(method, path, body);
  return { status, message: text === '' ? '' : JSON.parse(text).message };
};
const filters = (value: object) => `all=1&filters=${encodeURIComponent(JSON.stringify(value))}`;
const on = (host: string) => ({ Env: [`constraint:node==${host}`] });
const record = (id: string) => cluster.store.view((tx) => tx.get('containers', id));

it('is in the audit log by its name, also where its ID was given, and once it is gone', async () => {
  const id = await run('audited');
  await client.json('DELETE', `/containers/${id}?force=1`, undefined, 204);
  await client.send('POST', '/containers/nobody/start');
  const log = () =>
    cluster.store.view((tx) => [...tx.all('audit')].map(({ action, target }) => [action, target]));
  await expect.poll(log).toEqual([
    ['container.create', 'audited'],
    ['container.start', 'audited'],
    ['container.remove', 'audited'],
    ['container.start', 'nobody'],
  ]);
});

describe('a create that the engine refuses', () => {
  const volumes = () => cluster.store.view((tx) => [...tx.all('volumes')]);

  it('ties nothing to the host, and leaves no volume behind that was never made', async () => {
    await client.json('POST', '/volumes/create', { Name: 'before' }, 201);
    cluster.refuse = { status: 400, message: 'no such driver' };
    const HostConfig = { Binds: ['before:/b', 'with:/w'], VolumeDriver: 'none' };
    expect(await refusal('POST', '/containers/create?name=xx', { Image: 'busybox', HostConfig })).toEqual({
      status: 400,
      message: 'no such driver',
    });
    expect(volumes()).toMatchObject([{ name: 'before' }]);
    expect(volumes()[0]?.hostId).toBeUndefined();
    await make('xx', { HostConfig: { Binds: ['with:/w'] }, ...on('beta') });
    expect(volumes().find(({ name }) => name === 'with')).toMatchObject({ hostId: 'h-beta' });
  });

  it('leaves tied what is there after all', async () => {
    cluster.refuse = { status: 404, message: 'No such image' };
    await cluster.store.update((tx) =>
      tx.put('observedVolumes', {
        ...{
          kind: 'observed-volume',
          hostId: 'h-alpha',
          name: 'other',
          driver: 'local',
          labels: {},
          raw: {},
        },
      }),
    );
    const asked = client.send('POST', '/containers/create?name=yy', {
      Image: 'busybox',
      HostConfig: { Binds: ['made:/m'] },
    });
    await expect.poll(() => volumes().map(({ hostId }) => hostId)).toEqual(['h-alpha']);
    await cluster.store.update((tx) =>
      tx.put('observedVolumes', {
        ...{ kind: 'observed-volume', hostId: 'h-alpha', name: 'made', driver: 'local', labels: {}, raw: {} },
      }),
    );
    expect((await asked).status).toBe(404);
    expect(volumes()).toMatchObject([{ name: 'made', hostId: 'h-alpha' }]);
  });
});

describe('create', () => {
  it('gives an ID of the cluster, keeps expressions as labels and out of the environment', async () => {
    const { Id, Warnings } = await client.json<{ Id: string; Warnings: string[] }>(
      'POST',
      '/v1.41/containers/create?name=web&platform=linux/amd64',
      { Image: 'busybox', Env: ['A=1', 'constraint:node==beta'], Unheard: { Of: true } },
      201,
    );
    expect(Id).toMatch(/^[0-9a-f]{64}$/);
    expect(Warnings).toEqual([]);
    expect(cluster.host('beta').engine.find('web')?.id).not.toBe(Id);
    expect(record(Id)).toMatchObject({
      name: 'web',
      apiVersion: '1.41',
      desired: {
        state: 'created',
        platform: 'linux/amd64',
        spec: {
          Env: ['A=1'],
          Labels: { 'com.docker.swarm.constraints': '["node==beta"]' },
          Unheard: { Of: true },
        },
      },
      assigned: { hostId: 'h-beta' },
    });
  });

  it('makes up a name, as Docker does', async () => {
    const { Id } = await client.json<{ Id: string }>('POST', '/containers/create', { Image: 'busybox' }, 201);
    expect(record(Id)?.name).toMatch(/^[a-z]+_[a-z]+$/);
  });

  it('of two who want one name at once, one gets it and the other a 409 that names it', async () => {
    const asks = [1, 2].map(() => client.send('POST', '/containers/create?name=web', { Image: 'busybox' }));
    const replies = await Promise.all(asks);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    const id = JSON.parse(replies.find(({ status }) => status === 201)?.text ?? '{}').Id;
    expect(JSON.parse(replies.find(({ status }) => status === 409)?.text ?? '{}').message).toBe(
      `Conflict. The container name "/web" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  });

  it('does not take the name of a container that Berth only shows', async () => {
    cluster.host('beta').engine.create('old', { Image: 'busybox' });
    expect((await refusal('POST', '/containers/create?name=old', { Image: 'busybox' })).status).toBe(409);
  });

  it.each([
    ['no body', 'xx', undefined, 400, 'config cannot be empty'],
    ['no image', 'xx', {}, 400, 'invalid Image'],
    ['an image that does not exist', 'xx', { Image: 'missing' }, 404, 'No such image: missing'],
    ['a bad name', '-x', { Image: 'b' }, 400, 'Invalid container name (-x)'],
    ['a negative memory', 'xx', { Image: 'b', HostConfig: { Memory: -5 } }, 400, 'HostConfig.Memory -5'],
    ['a wrong type', 'xx', { Image: 'b', HostConfig: { Memory: 'much' } }, 400, 'HostConfig.Memory'],
    [
      'an operator that is none',
      'xx',
      { Image: 'b', Env: ['constraint:rack=>1'] },
      400,
      'unknown operator "=>"',
    ],
    [
      'a link to nobody',
      'xx',
      { Image: 'b', HostConfig: { Links: ['ghost:db'] } },
      404,
      'No such container: ghost',
    ],
  ])('refuses %s', async (_, name, body, status, message) => {
    const refused = await refusal('POST', `/containers/create?name=${name}`, body);
    expect(refused.status).toBe(status);
    expect(refused.message).toContain(message);
    expect(cluster.store.view((tx) => tx.count('containers'))).toBe(0);
  });

  it("an engine's refusal is passed on in its words, and leaves no record", async () => {
    cluster.refuse = { status: 400, message: 'invalid mount config' };
    expect(await refusal('POST', '/containers/create?name=web', { Image: 'busybox' })).toEqual({
      status: 400,
      message: 'invalid mount config',
    });
    expect(cluster.store.view((tx) => tx.count('containers'))).toBe(0);
  });

  it('ties local networks and volumes to the host of their first user, and makes records of new volumes', async () => {
    await cluster.store.update((tx) => {
      const own = { createdAt: 0, createdBy: 'admin' };
      tx.put('networks', { ...own, kind: 'network', id: 'n1', name: 'back', spec: { Name: 'back' } });
      tx.put('volumes', { ...own, kind: 'volume', name: 'data', spec: { Name: 'data' } });
    });
    await make('db', {
      ...on('beta'),
      HostConfig: { NetworkMode: 'back', Binds: ['data:/d', 'fresh:/f', '/etc:/e'] },
    });
    cluster.store.view((tx) => {
      expect(tx.get('networks', 'n1')?.hostId).toBe('h-beta');
      expect(tx.get('volumes', 'data')?.hostId).toBe('h-beta');
      expect([...tx.all('volumes')].map(({ name }) => name).sort()).toEqual(['data', 'fresh']);
    });
  });

  it('refers to other containers by ID, and to volumes without their host', async () => {
    const db = await make('db', on('beta'));
    const web = await make('web', {
      HostConfig: {
        Links: ['db', 'beta/db:other'],
        NetworkMode: `container:${db.slice(0, 12)}`,
        VolumesFrom: ['db:ro'],
        Binds: ['beta/data:/data:ro'],
      },
    });
    expect(record(web)).toMatchObject({
      desired: {
        spec: {
          HostConfig: {
            Links: [`${db}:db`, `${db}:other`],
            NetworkMode: `container:${db}`,
            VolumesFrom: [`${db}:ro`],
            Binds: ['data:/data:ro'],
          },
        },
      },
      assigned: { hostId: 'h-beta' },
    });
  });
});

describe('names', () => {
  it('a container is found by ID, beginning of it, name, and node/name', async () => {
    const id = await run('web', on('beta'));
    for (const ref of [id, id.slice(0, 12), 'web', 'beta/web', `beta/${id.slice(0, 8)}`]) {
      expect(await client.json('GET', `/containers/${ref}/json`)).toMatchObject({ Id: id, Name: '/web' });
    }
    for (const ref of ['alpha/web', 'we', 'f'.repeat(64)]) {
      expect(await refusal('GET', `/containers/${ref}/json`)).toEqual({
        status: 404,
        message: `No such container: ${ref}`,
      });
    }
  });

  it('containers that Berth did not make are acted on like on any engine', async () => {
    const { engine } = cluster.host('alpha');
    const old = engine.create('old', { Image: 'busybox' });
    await client.json('POST', `/containers/${old.id.slice(0, 10)}/start`, undefined, 204);
    expect(old.status).toBe('running');
    expect(await names()).toEqual(['/alpha/old']);
    await client.json('DELETE', '/containers/old?force=1', undefined, 204);
    expect(engine.containers.size).toBe(0);
  });

  it('says so where a name or the beginning of an ID stands for several', async () => {
    for (const host of ['alpha', 'beta']) cluster.host(host).engine.create('twin', { Image: 'busybox' });
    expect(await refusal('GET', '/containers/twin/json')).toEqual({
      status: 400,
      message: 'several containers are called "twin": alpha/twin, beta/twin: name one of them with its host',
    });
    expect((await client.send('GET', '/containers/beta/twin/json')).status).toBe(200);
    for (let i = 0; i < 17; i++) await make(`c${i}`);
    const firsts = (await ps()).map(({ Id }) => Id.slice(0, 1));
    const double = firsts.find((first, i) => firsts.indexOf(first) !== i);
    expect((await refusal('GET', `/containers/${double}/json`)).message).toContain(
      'Multiple IDs found with provided prefix',
    );
  });
});

describe('life', () => {
  it('start, stop, pause, unpause, restart, kill, rm: each with the statuses of Docker', async () => {
    const id = await make('web');
    const status = async () => (await ps()).find(({ Id }) => Id === id)?.State;
    const post = async (action: string) => (await client.send('POST', `/containers/web/${action}`)).status;
    expect([await status(), await post('start'), await status()]).toEqual(['created', 204, 'running']);
    expect(await post('start')).toBe(304);
    expect([await post('pause'), await status(), await post('pause'), await post('start')]).toEqual([
      ...[204, 'paused', 409, 409],
    ]);
    expect([await post('unpause'), await status(), await post('unpause')]).toEqual([204, 'running', 409]);
    expect([await post('stop?t=1'), await status(), await post('stop')]).toEqual([204, 'exited', 304]);
    expect([await post('pause'), await post('kill')]).toEqual([409, 409]);
    expect([await post('restart'), await status()]).toEqual([204, 'running']);
    expect((await refusal('DELETE', '/containers/web')).message).toContain(
      `You cannot remove a running container ${id}`,
    );
    expect([await post('kill'), await status()]).toEqual([204, 'exited']);
    expect(record(id)?.desired.state).toBe('stopped');
    expect((await client.send('DELETE', '/containers/web')).status).toBe(204);
    expect(await ps()).toEqual([]);
    expect((await client.send('DELETE', '/containers/web')).status).toBe(404);
  });

  it('trusts the engine, not a report that is a moment old', async () => {
    const id = await run('web');
    const { engine } = cluster.host('alpha');
    const own = engine.find('web');
    if (own === undefined) throw new Error('not there');
    // Ended, and not reported yet.
    own.status = 'exited';
    expect((await client.send('POST', '/containers/web/start')).status).toBe(204);
    own.status = 'exited';
    expect((await client.send('DELETE', '/containers/web')).status).toBe(204);
    expect(record(id)).toBeUndefined();
  });

  it('a start that the engine refuses is not tried again and again', async () => {
    const id = await make('web');
    cluster.refuse = { status: 500, message: 'port is already allocated' };
    expect(await refusal('POST', '/containers/web/start')).toMatchObject({
      message: 'port is already allocated',
    });
    expect(record(id)?.desired).toMatchObject({ state: 'created', generation: 3 });
  });

  it('a removal that the engine refuses leaves the container wanted as it was', async () => {
    const id = await run('web');
    cluster.refuse = { status: 409, message: 'busy' };
    expect((await refusal('DELETE', '/containers/web?force=1')).status).toBe(409);
    expect(record(id)?.desired).toMatchObject({ state: 'running', remove: undefined });
  });

  it('wait answers when the container ends, from before its start on', async () => {
    await make('web');
    const res = await client.open('POST', '/containers/web/wait?condition=next-exit');
    expect(res.statusCode).toBe(200);
    await client.json('POST', '/containers/web/start', undefined, 204);
    const own = cluster.host('alpha').engine.find('web');
    if (own === undefined) throw new Error('not there');
    cluster.host('alpha').engine.set(own, 'exited', 3);
    let text = '';
    for await (const part of res) text += part;
    expect(JSON.parse(text)).toEqual({ StatusCode: 3 });
    expect((await ps(filters({ exited: ['3'] }))).length).toBe(1);
  });

  it('rename keeps the ID, and refuses a name that is taken', async () => {
    const id = await run('web');
    await make('db');
    expect((await refusal('POST', '/containers/web/rename?name=db')).status).toBe(409);
    expect((await refusal('POST', '/containers/web/rename?name=web')).status).toBe(409);
    expect((await refusal('POST', '/containers/web/rename')).status).toBe(400);
    await client.json('POST', '/containers/web/rename?name=front', undefined, 204);
    expect(await client.json('GET', '/containers/front/json')).toMatchObject({ Id: id, Name: '/front' });
    expect(cluster.host('alpha').engine.find('front')).toBeDefined();
  });

  it('update reaches the engine and the record, without what was not named', async () => {
    const id = await run('web', { HostConfig: { CpuShares: 5 } });
    await client.json('POST', '/containers/web/update', {
      Memory: 1000,
      CpuShares: 0,
      RestartPolicy: { Name: '' },
    });
    expect(record(id)?.desired.spec.HostConfig).toEqual({ CpuShares: 5, Memory: 1000 });
  });

  it('prune removes what is stopped on every host and adds up what it frees', async () => {
    await run('up');
    const a = await make('aa', on('alpha'));
    const b = await make('bb', { ...on('beta'), Labels: { keep: 'yes' } });
    const old = cluster.host('beta').engine.create('old', { Image: 'busybox' });
    const pruned = await client.json<{ ContainersDeleted: string[]; SpaceReclaimed: number }>(
      'POST',
      `/containers/prune?filters=${encodeURIComponent('{"label!":["keep"]}')}`,
    );
    expect([...pruned.ContainersDeleted].sort()).toEqual([a, old.id].sort());
    expect(pruned.SpaceReclaimed).toBe(2000);
    expect(record(b)).toBeDefined();
    expect(await client.json('POST', '/containers/prune?filters=%7B%22until%22%3A%5B%221h%22%5D%7D')).toEqual(
      {
        ContainersDeleted: null,
        SpaceReclaimed: 0,
      },
    );
    expect(
      (await refusal('POST', '/containers/prune?filters=%7B%22until%22%3A%5B%22soon%22%5D%7D')).status,
    ).toBe(400);
  });
});

describe('a host that is away', () => {
  it('is named at once, and its containers are shown as such', async () => {
    await run('web', on('beta'));
    await cluster.setConnected('beta', false);
    expect(await ps()).toMatchObject([{ Names: ['/beta/web'], State: 'running', Status: 'Host Down' }]);
    for (const path of ['/containers/web/json', '/containers/web/logs?follow=1']) {
      expect(await refusal('GET', path)).toEqual({
        status: 503,
        message:
          'container web is on host beta, which is not connected (no connection: cut): bring the host back, or give the container up with "docker rm -f web"',
      });
    }
    expect((await client.send('POST', '/containers/web/stop')).status).toBe(503);
    expect((await client.send('DELETE', '/containers/web')).status).toBe(503);
  });

  it('a container on it can be given up: its name is free, and it is removed when the host is back', async () => {
    const id = await run('web', on('beta'));
    await cluster.setConnected('beta', false);
    expect((await client.send('DELETE', '/containers/web?force=1&v=1')).status).toBe(204);
    expect(await ps()).toEqual([]);
    expect((await client.send('GET', '/containers/web/json')).status).toBe(404);
    expect(record(id)?.desired).toMatchObject({ state: 'removed', remove: { force: true, volumes: true } });
    expect(record(await make('web'))?.assigned.hostId).toBe('h-alpha');
  });

  it('one that hangs costs a list with sizes its time limit, and is named', async () => {
    await run('aa', on('alpha'));
    await run('bb', on('beta'));
    await cluster.store.update((tx) => {
      const settings = { fanoutTimeoutMs: 200 };
      tx.put('settings', { kind: 'settings', clusterId: 'c', settings: settings as never });
    });
    cluster.host('beta').engine.frozen = true;
    const started = Date.now();
    const { text, headers } = await client.send('GET', '/containers/json?size=1');
    expect(Date.now() - started).toBeLessThan(1500);
    const sizes = Object.fromEntries(
      JSON.parse(text).map((one: Entry & { SizeRw?: number }) => [one.Names[0], one.SizeRw]),
    );
    expect(sizes).toEqual({ '/alpha/aa': 1000, '/beta/bb': undefined });
    expect(headers.warning).toContain('host beta: no answer within 200 ms');
  });
});

describe('list and inspect', () => {
  it("shows node/name, the host's address, the user's labels, and classic Swarm's Node", async () => {
    const id = await run('web', { Labels: { app: 'shop' } });
    const [entry] = await client.json<(Entry & { Ports: object[] })[]>('GET', '/containers/json');
    expect(entry).toMatchObject({
      Id: id,
      Names: ['/alpha/web'],
      Image: 'busybox',
      Labels: { app: 'shop' },
      Status: 'Up Less than a second',
      Ports: [{ IP: '10.0.0.1', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }],
    });
    expect(Object.keys(entry?.Labels ?? {})).toEqual(['app']);
    const inspected = await client.json<Record<string, { Labels: object; Ports: object }>>(
      'GET',
      '/containers/web/json',
    );
    expect(inspected).toMatchObject({
      Id: id,
      Node: {
        ID: 'h-alpha',
        Name: 'alpha',
        IP: '10.0.0.1',
        Addr: '10.0.0.1',
        Cpus: 2,
        Memory: 4_000_000_000,
      },
    });
    expect(inspected.Config?.Labels).toEqual({ app: 'shop' });
    expect(inspected.NetworkSettings?.Ports).toEqual({
      '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '8080' }],
    });
  });

  it('stats and container modes speak of cluster IDs', async () => {
    const id = await run('web');
    expect(JSON.parse((await client.send('GET', '/containers/web/stats')).text)).toMatchObject({ id });
    const engineId = cluster.host('alpha').engine.find('web')?.id;
    await make('side', { ...on('alpha'), HostConfig: { PidMode: `container:${engineId}` } });
    expect(await client.json('GET', '/containers/side/json')).toMatchObject({
      HostConfig: { PidMode: `container:${id}` },
    });
  });

  it('filters, limits and sorts', async () => {
    const first = await run('web', { ...on('alpha'), Labels: { app: 'shop', tier: 'front' } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await make('db', { ...on('beta'), Image: 'redis:7', ExposedPorts: { '6379/tcp': {} } });
    const cases: [object, string[]][] = [
      [{ name: ['web'] }, ['/alpha/web']],
      [{ name: ['^/?d.$'] }, ['/beta/db']],
      [{ name: ['beta/'] }, ['/beta/db']],
      [{ name: ['web', 'db'] }, ['/alpha/web', '/beta/db']],
      [{ id: [first.slice(0, 12)] }, ['/alpha/web']],
      [{ label: ['app=shop', 'tier'] }, ['/alpha/web']],
      [{ label: ['app=shop', 'tier=back'] }, []],
      [{ label: { 'app=shop': true } }, ['/alpha/web']],
      [{ status: ['created'] }, ['/beta/db']],
      [{ status: ['running', 'created'] }, ['/alpha/web', '/beta/db']],
      [{ node: ['beta'] }, ['/beta/db']],
      [{ ancestor: ['redis:7'] }, ['/beta/db']],
      [{ ancestor: ['redis'] }, []],
      [{ before: ['db'] }, ['/alpha/web']],
      [{ since: ['web'] }, ['/beta/db']],
      [{ expose: ['6000-7000/tcp'] }, ['/beta/db']],
      [{ publish: ['80'] }, ['/alpha/web', '/beta/db']],
      [{ publish: ['80/udp'] }, []],
      [{ volume: ['data'] }, ['/alpha/web', '/beta/db']],
      [{ network: ['net1'] }, ['/alpha/web', '/beta/db']],
      [{ network: ['other'] }, []],
      [{ health: ['none'] }, ['/alpha/web', '/beta/db']],
      [{ 'is-task': ['true'] }, []],
      [{ name: ['web'], node: ['beta'] }, []],
    ];
    for (const [filter, expected] of cases) {
      expect(await names(filters(filter)), JSON.stringify(filter)).toEqual(expected);
    }
    expect(await names('')).toEqual(['/alpha/web']);
    expect(await names('limit=1')).toEqual(['/beta/db']);
    expect((await ps()).map(({ Names }) => Names[0])).toEqual(['/beta/db', '/alpha/web']);
  });

  it.each([
    [{ status: ['gone'] }, "invalid filter 'status=gone'"],
    [{ exited: ['x'] }, "invalid filter 'exited=x'"],
    [{ publish: ['70000'] }, "invalid filter 'publish=70000'"],
    [{ nothing: ['x'] }, "invalid filter 'nothing'"],
    [{ since: ['nobody'] }, 'No such container: nobody'],
  ])('refuses the filter %j', async (filter, message) => {
    const refused = await refusal('GET', `/containers/json?${filters(filter)}`);
    expect(refused.status).toBeLessThan(500);
    expect(refused.message).toContain(message);
  });

  it('commit names the container by its engine, and answers with the image', async () => {
    await run('web');
    await cluster.store.update((tx) => {
      const image = {
        imageId: 'sha256:feed',
        repoTags: [],
        repoDigests: [],
        labels: {},
        created: 0,
        size: 0,
        raw: {},
      };
      tx.put('observedImages', { kind: 'observed-image', hostId: 'h-alpha', ...image });
    });
    expect(await client.json('POST', '/commit?container=web&repo=mine', {}, 201)).toEqual({
      Id: 'sha256:feed',
    });
    const { engine } = cluster.host('alpha');
    expect(engine.requests.at(-1)).toContain(`container=${engine.find('web')?.id}`);
  });
});
