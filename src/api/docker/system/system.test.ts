import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../../contract/link.ts';
import type { Role } from '../../../model/access.ts';
import { RUNNING } from '../../../model/records.fixture.ts';
import { FILTERS } from '../../../scheduler/filters/registry.ts';
import { bytesSize } from './bytes-size.ts';
import { type Asked, type Cluster, linesOf, newCluster, putContainer, putImages } from './cluster.fixture.ts';
import { askUsage } from './disk-usage.ts';
import { eventMatches } from './event-filters.ts';
import { untilMs } from './until-filter.ts';

let cluster: Cluster;
afterEach(() => cluster.close());

const nothing = () => undefined;

describe('ping, version, info', () => {
  it('agrees on a version with GET and HEAD', async () => {
    cluster = await newCluster({ h1: nothing });
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await cluster.call(method, '/_ping');
      expect([status, text]).toEqual([200, method === 'GET' ? 'OK' : '']);
      expect(headers).toMatchObject({ 'api-version': '1.41', 'builder-version': '1', ostype: 'linux' });
    }
  });

  it('has a version that tools can parse, and what it is made of', async () => {
    cluster = await newCluster({ h1: nothing, h2: nothing });
    expect(await cluster.json('GET', '/version')).toMatchObject({
      Version: '20.10.24+berth.1.2.3',
      ApiVersion: '1.41',
      MinAPIVersion: '1.24',
      Os: 'linux',
      Arch: 'amd64',
      Platform: { Name: 'Berth 1.2.3' },
      Components: [
        {
          Name: 'Engine',
          Version: '20.10.24+berth.1.2.3',
          Details: { ApiVersion: '1.41', Experimental: 'false' },
        },
        { Name: 'berth', Version: '1.2.3', Details: { Hosts: '2' } },
        { Name: 'docker', Version: '20.10.24+dfsg1', Details: { Hosts: '2' } },
      ],
    });
  });

  it('adds the hosts up, and writes classic Swarm’s lines', async () => {
    cluster = await newCluster({ h1: nothing, h2: nothing });
    await putContainer(cluster.store, 'h1', 'c1', {
      reservation: { cpuMilli: 500, memory: 256 * 1024 ** 2, ports: [] },
    });
    await putContainer(cluster.store, 'h1', 'c2', {
      state: { ...RUNNING, status: 'exited' },
    });
    for (const host of ['h1', 'h2']) await putImages(cluster.store, host, { Id: 'sha256:a', Created: 1 });
    await cluster.store.update((tx) => {
      const status = tx.get('hostStatus', 'h2');
      if (status !== undefined)
        tx.put('hostStatus', { ...status, state: 'down', reason: 'no connection: reset' });
    });
    cluster.cut('h2');
    const info = await cluster.json<Record<string, unknown>>('GET', '/info');
    expect(info).toMatchObject({
      Containers: 2,
      ContainersRunning: 1,
      ContainersStopped: 1,
      Images: 1,
      NCPU: 4,
      MemTotal: 8 * 1024 ** 3,
      ServerVersion: '20.10.24+berth.1.2.3',
      Warnings: ['host h2: no connection: reset; what is shown of it is what was last seen'],
    });
    const labels = 'kernelversion=6.18, operatingsystem=Debian GNU/Linux 12 (bookworm), ostype=linux';
    expect(info.SystemStatus).toEqual([
      ['Role', 'primary'],
      ['Strategy', 'spread'],
      ['Filters', FILTERS.map(({ name }) => name).join(', ')],
      ['Nodes', '2'],
      [' h1', '10.0.0.1:h1'],
      ['  └ ID', 'h1'],
      ['  └ Status', 'Healthy'],
      ['  └ Containers', '2 (1 Running, 0 Paused, 1 Stopped)'],
      ['  └ Reserved CPUs', '0.5 / 2'],
      ['  └ Reserved Memory', '256MiB / 4GiB'],
      ['  └ Labels', `${labels}, rack=r-h1, storagedriver=overlay2`],
      ['  └ UpdatedAt', '2025-11-21T04:40:00Z'],
      ['  └ ServerVersion', '20.10.24+dfsg1'],
      [' h2', '10.0.0.1:h2'],
      ['  └ ID', 'h2'],
      ['  └ Status', 'Disconnected'],
      ['  └ Containers', '0 (0 Running, 0 Paused, 0 Stopped)'],
      ['  └ Reserved CPUs', '0 / 2'],
      ['  └ Reserved Memory', '0B / 4GiB'],
      ['  └ Labels', `${labels}, rack=r-h2, storagedriver=overlay2`],
      ['  └ UpdatedAt', '2025-11-21T04:40:00Z'],
      ['  └ ServerVersion', '20.10.24+dfsg1'],
      ['  └ Error', 'no connection: reset'],
    ]);
  });

  it('writes bytes as Docker does', () => {
    cluster = { close: async () => undefined } as Cluster;
    expect([0, 1023, 1024, 1536, 2_087_321_600, 1024 ** 4].map(bytesSize)).toEqual([
      '0B',
      '1023B',
      '1KiB',
      '1.5KiB',
      '1.944GiB',
      '1TiB',
    ]);
  });
});

/** Seconds since the epoch of the first event. */
const T = 1_763_700_000;
const event = (seconds: number, more: Partial<EngineEvent> = {}): EngineEvent => ({
  Type: 'container',
  Action: 'start',
  Actor: { ID: `id${seconds}`, Attributes: { name: `web${seconds}`, image: 'reg:5000/app:1', tier: 'x' } },
  scope: 'local',
  time: T + seconds,
  timeNano: (T + seconds) * 1e9,
  ...more,
});

describe('events', () => {
  const ids = (answer: Parameters<typeof linesOf>[0]) =>
    linesOf(answer).map(({ Actor }) => (Actor as { ID: string }).ID);

  it('gives what is between since and until, of all hosts in order, and ends', async () => {
    cluster = await newCluster({ h1: nothing, h2: nothing });
    cluster.events.add('h1', [event(0), event(2), event(4)]);
    cluster.events.add('h2', [event(1), event(3)]);
    // The last ones are held for their order while it is asked: they must not be missed.
    const all = await cluster.call('GET', `/events?until=${(Date.now() / 1000).toFixed(3)}`);
    expect(ids(all)).toEqual(['id0', 'id1', 'id2', 'id3', 'id4']);
    expect(ids(await cluster.call('GET', `/events?since=${T + 1}&until=${T + 3}`))).toEqual([
      'id1',
      'id2',
      'id3',
    ]);
    expect(ids(await cluster.call('GET', `/events?since=${T + 1}.000001&until=${T + 3}`))).toEqual([
      'id2',
      'id3',
    ]);
    const filters = encodeURIComponent('{"node":["h2"]}');
    const [line] = linesOf(await cluster.call('GET', `/events?since=${T}&until=${T + 2}&filters=${filters}`));
    expect(line).toMatchObject({
      Actor: {
        ID: 'id1',
        Attributes: { 'node.name': 'h2', 'node.addr': '10.0.0.1:h2', 'node.ip': '10.0.0.1' },
      },
      from: 'node:h2',
    });
  });

  it('flushes at once, and lets go of a client that leaves', async () => {
    cluster = await newCluster({ h1: nothing });
    let left = 0;
    const { subscribe } = cluster.events;
    Object.assign(cluster.events, {
      subscribe: (...args: Parameters<typeof subscribe>) => {
        const leave = subscribe(...args);
        return () => {
          left++;
          leave();
        };
      },
    });
    await new Promise<void>((resolve) => {
      const req = request({ port: cluster.port, path: '/events' }, (res) => {
        expect(res.headers['content-type']).toBe('application/json');
        cluster.events.add('h1', [event(0)]);
        res.once('data', (part: Buffer) => {
          expect(JSON.parse(part.toString()).Actor.ID).toBe('id0');
          req.destroy();
        });
        res.on('error', () => undefined);
        res.on('close', resolve);
      });
      req.on('error', () => undefined).end();
    });
    await expect.poll(() => left).toBe(1);
  });

  it('refuses times and filters that are none', async () => {
    cluster = await newCluster({ h1: nothing });
    for (const query of [
      'since=yesterday',
      'until=1.1234567890',
      'since=5&until=4',
      'filters=x',
      'filters={"x":["y"]}',
    ]) {
      expect([query, (await cluster.call('GET', `/events?${query}`)).status]).toEqual([query, 400]);
    }
  });

  it('filters as Docker does', () => {
    cluster = { close: async () => undefined } as Cluster;
    const match = (filters: Record<string, string[]>, one = event(0)) =>
      eventMatches(one, new Map(Object.entries(filters)));
    expect(match({})).toBe(true);
    expect(match({ event: ['stop', 'start'] })).toBe(true);
    expect(match({ event: ['stop'] })).toBe(false);
    expect(match({ event: ['health_status'] }, event(0, { Action: 'health_status: healthy' }))).toBe(true);
    expect(match({ event: ['start'] }, event(0, { Action: 'start: x' }))).toBe(false);
    expect(match({ type: ['image', 'container'] })).toBe(true);
    expect(match({ type: ['image'] })).toBe(false);
    expect(match({ container: ['web0'] })).toBe(true);
    expect(match({ container: ['id'] })).toBe(true);
    expect(match({ container: ['db'] })).toBe(false);
    expect(match({ image: ['reg:5000/app'] })).toBe(true);
    expect(match({ image: ['reg:5000/app:1'] })).toBe(true);
    expect(match({ image: ['reg'] })).toBe(false);
    expect(match({ label: ['tier=x'] })).toBe(true);
    expect(match({ label: ['tier=x', 'tier=y'] })).toBe(false);
    expect(match({ volume: ['web0'] })).toBe(false);
    expect(match({ scope: ['swarm'] })).toBe(false);
    expect(match({ container: ['web0'], event: ['stop'] })).toBe(false);
  });
});

describe('asking all hosts', () => {
  it('adds up what is on disk, with the cluster’s names', async () => {
    const usage = ({ host }: Asked) => ({
      json: {
        LayersSize: 100,
        Images: [{ Id: 'sha256:a', Containers: 1, Size: 100 }],
        Containers: [{ Id: `${host}-c`, Names: ['/web'], Labels: { 'berth.cluster.id': 'x', a: 'b' } }],
        Volumes: [{ Name: 'data', Labels: null, UsageData: { Size: 3, RefCount: 1 } }],
        BuildCache: null,
        BuilderSize: 5,
      },
    });
    cluster = await newCluster({ h1: usage, h2: usage });
    await putContainer(cluster.store, 'h1', 'h1-c', { clusterId: 'cluster-c' });
    await cluster.store.update((tx) =>
      tx.put('volumes', {
        kind: 'volume',
        name: 'data',
        createdAt: 0,
        createdBy: '',
        hostId: 'h2',
        spec: {},
      }),
    );
    expect(await cluster.json('GET', '/system/df')).toEqual({
      LayersSize: 200,
      Images: [{ Id: 'sha256:a', Containers: 2, Size: 100 }],
      Containers: [
        { Id: 'cluster-c', Names: ['/h1/web'], Labels: { a: 'b' } },
        { Id: 'h2-c', Names: ['/h2/web'], Labels: { a: 'b' } },
      ],
      Volumes: [
        { Name: 'h1/data', Labels: {}, UsageData: { Size: 3, RefCount: 1 } },
        { Name: 'data', Labels: {}, UsageData: { Size: 3, RefCount: 1 } },
      ],
      BuildCache: [],
      BuilderSize: 10,
    });
  });

  it('names a host that is away, and answers without it', async () => {
    cluster = await newCluster({ h1: () => ({ json: { LayersSize: 1 } }), h2: nothing });
    cluster.cut('h2');
    const answer = await cluster.call('GET', '/system/df');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { LayersSize: 1 }]);
    expect(answer.headers.warning).toContain('299 berth "host h2: not connected');
    cluster.cut('h1');
    const none = await cluster.call('GET', '/system/df');
    expect(none.status).toBe(503);
    expect(none.text).toContain('no host of the cluster is connected');
  });

  it('asks engines once for all who ask meanwhile, and once a minute for viewers', async () => {
    let size = 0;
    cluster = await newCluster({ h1: () => ({ json: { LayersSize: ++size } }) });
    const ask = (role: Role, query = '') =>
      askUsage(
        { deps: cluster.deps, apiVersion: '1.41', signal: AbortSignal.timeout(10_000) },
        new URLSearchParams(query),
        role,
      ).then(({ answers }) => answers[0]?.value.LayersSize);
    expect(await Promise.all([ask('viewer'), ask('admin'), ask('viewer', 'x=1')])).toEqual([1, 1, 1]);
    expect([
      await ask('viewer'),
      await ask('viewer', 'y=2'),
      await ask('operator'),
      await ask('viewer'),
    ]).toEqual([1, 1, 2, 2]);
    expect(await ask('viewer', 'type=volume')).toBe(3);
  });

  it('goes on to the next host where one is lost', async () => {
    cluster = await newCluster({
      h1: nothing,
      h2: ({ body }) => ({ json: { Status: 'Login Succeeded', got: body } }),
    });
    cluster.serve('h1', (req) => req.socket.destroy());
    const answer = await cluster.json('POST', '/auth', {
      username: 'u',
      password: 'p',
      serveraddress: 'reg:5000',
    });
    expect(answer).toEqual({
      Status: 'Login Succeeded',
      got: '{"username":"u","password":"p","serveraddress":"reg:5000"}',
    });
    expect((await cluster.call('POST', '/auth', { username: 7 })).status).toBe(400);
    expect((await cluster.call('POST', '/auth', '{')).status).toBe(400);
  });

  it('reads the moments of `until`', () => {
    cluster = { close: async () => undefined } as Cluster;
    expect(untilMs(undefined, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(untilMs(['10'], 0)).toBe(10_000);
    expect(untilMs(['1h30m'], 6_000_000)).toBe(600_000);
    expect(untilMs(['2025-11-21T04:40:00Z'], 0)).toBe(T * 1000);
    expect(() => untilMs(['soon'], 0)).toThrow("invalid filter 'until=soon'");
  });
});
