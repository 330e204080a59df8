import { afterEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../model/container.ts';
import type { Store } from '../../../store/index.ts';
import { networkId, putNetwork } from '../../networks/networks.fixture.ts';
import {
  type Asked,
  CLUSTER_ID,
  type Cluster,
  count,
  newCluster,
  putContainer,
} from '../system/cluster.fixture.ts';

let cluster: Cluster;
afterEach(() => cluster.close());

type Net = {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  Labels: Record<string, string>;
  Containers?: object;
};

/** An engine that has networks: lists, shows, makes and removes them. */
function networking(...names: string[]) {
  const nets: Net[] = names.map((Name) => ({
    Id: `id-of-${Name}`,
    Name,
    Driver: 'bridge',
    Scope: 'local',
    Labels: {},
  }));
  return ({ host, method, path, body }: Asked) => {
    const given = body === '' ? {} : JSON.parse(body);
    if (path === '/networks') return { json: nets };
    if (path === '/networks/create') {
      if (given.ConfigFrom) {
        return given.Driver === 'nope'
          ? { status: 404, json: { message: 'plugin "nope" not found' } }
          : { status: 404, json: { message: 'configuration network "x" does not exist' } };
      }
      const net = {
        Id: `${host}-${given.Name}`,
        Name: given.Name,
        Driver: given.Driver || 'bridge',
        Scope: 'local',
        Labels: given.Labels ?? {},
      };
      nets.push(net);
      return { status: 201, json: { Id: net.Id, Warning: '' } };
    }
    if (path === '/networks/prune')
      return { json: { NetworksDeleted: nets.splice(0).map(({ Name }) => Name) } };
    const net = nets.find(({ Id }) => path.includes(Id));
    if (net === undefined) return undefined;
    if (path.endsWith('connect')) return { status: 200 };
    if (method === 'DELETE') {
      if (net.Name === 'busy')
        return {
          status: 403,
          json: { message: `error while removing network: network busy id ${net.Id} has active endpoints` },
        };
      nets.splice(nets.indexOf(net), 1);
      return { status: 204 };
    }
    return { json: { ...net, Containers: { 'engine-c1': { Name: 'web', IPv4Address: '172.18.0.2/16' } } } };
  };
}

/** As agents report what their engines have. */
function observe(store: Store, hostId: string, ...nets: Net[]): Promise<void> {
  return store.update((tx) => {
    for (const raw of nets) {
      tx.put('observedNetworks', {
        ...{ kind: 'observed-network', hostId, networkId: raw.Id, name: raw.Name, driver: raw.Driver },
        ...{ scope: raw.Scope, labels: raw.Labels, raw },
      });
    }
  });
}
const net = (Name: string, Id = `id-of-${Name}`): Net => ({
  Id,
  Name,
  Driver: 'bridge',
  Scope: 'local',
  Labels: {},
});

function putRecord(
  store: Store,
  hostId: string,
  id: string,
  name: string,
  networks: string[] = [],
): Promise<void> {
  const container: Container = {
    ...{ kind: 'container', id, name, createdAt: 0, createdBy: 'root', apiVersion: '1.41' },
    desired: {
      ...{ generation: 1, state: 'running', starts: 1 },
      spec: {
        Image: 'x',
        NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks.map((one) => [one, {}])) },
      },
    },
    assigned: { hostId, at: 0 },
  };
  return store.update((tx) => tx.put('containers', container));
}

async function message(method: string, path: string, body?: unknown): Promise<[number, string]> {
  const { status, text } = await cluster.call(method, path, body);
  return [status, text === '' ? '' : JSON.parse(text).message];
}

const names = async (query = '') =>
  (await cluster.json<Net[]>('GET', `/networks${query}`)).map(({ Name }) => Name);

describe('networks of the cluster', () => {
  it('are made without a host, listed and shown as ordered', async () => {
    cluster = await newCluster({ h1: networking(), h2: networking() });
    const body = {
      Name: 'shop',
      CheckDuplicate: true,
      Labels: { a: 'b' },
      IPAM: { Config: [{ Subnet: '10.9.0.0/24' }] },
    };
    const { Id } = await cluster.json<{ Id: string }>('POST', '/networks/create', body);
    expect(Id).toMatch(/^[0-9a-f]{64}$/);
    expect(cluster.asked).toEqual([]);
    for (const reference of ['shop', Id, Id.slice(0, 12)]) {
      expect(await cluster.json('GET', `/networks/${reference}`)).toMatchObject({
        ...{ Name: 'shop', Id, Driver: 'bridge', Scope: 'local', Labels: { a: 'b' }, Containers: {} },
        IPAM: { Driver: 'default', Config: [{ Subnet: '10.9.0.0/24' }] },
      });
    }
    expect(await message('POST', '/networks/create', { Name: 'shop' })).toEqual([
      409,
      'network with name shop already exists',
    ]);
    expect((await cluster.call('DELETE', '/networks/shop')).status).toBe(204);
    expect(await message('GET', '/networks/shop')).toEqual([404, 'network shop not found']);
  });

  it('are refused where only their addresses would be the cluster’s', async () => {
    cluster = await newCluster({ h1: networking() });
    for (const Driver of ['', 'bridge', 'macvlan'])
      expect(
        await message('POST', '/networks/create', { Name: 'shop', Driver, IPAM: { Driver: 'xoverlay' } }),
      ).toEqual([
        400,
        `a network of driver ${Driver || 'bridge'} cannot have addresses of the cluster (IPAM driver xoverlay): make it with -d xoverlay, or leave --ipam-driver out`,
      ]);
    expect(count(cluster.store, 'networks')).toBe(0);
  });

  it('go to the host of the container that is connected first, and hold the others to it', async () => {
    cluster = await newCluster({ h1: networking(), h2: networking() });
    const { store } = cluster;
    const { Id } = await cluster.json<{ Id: string }>('POST', '/networks/create', {
      Name: 'shop',
      Labels: { a: 'b' },
    });
    const id = '1'.repeat(64);
    await putRecord(store, 'h2', id, 'web');
    await putContainer(store, 'h2', 'engine-c1', { clusterId: id, name: 'web' });
    await putContainer(store, 'h1', 'engine-c2', { name: 'db' });
    const endpoint = { Aliases: ['w'] };
    expect(
      (await cluster.call('POST', '/networks/shop/connect', { Container: 'web', EndpointConfig: endpoint }))
        .status,
    ).toBe(200);
    const [made, connected] = cluster.asked.filter(({ method }) => method === 'POST');
    expect(JSON.parse(made?.body ?? '')).toMatchObject({
      Name: 'shop',
      Labels: { a: 'b', 'berth.cluster.id': Id, 'berth.cluster': CLUSTER_ID },
    });
    expect(connected).toMatchObject({ host: 'h2', path: '/networks/h2-shop/connect' });
    expect(JSON.parse(connected?.body ?? '')).toEqual({ Container: 'engine-c1', EndpointConfig: endpoint });
    expect(await cluster.json('GET', '/networks/shop')).toMatchObject({
      ...{ Id, Name: 'shop', Labels: { a: 'b' }, Containers: { [id]: { Name: 'web' } } },
    });
    expect(await names()).toEqual(['shop']);
    expect(await cluster.json('GET', '/networks/h2/shop')).toMatchObject({ Id });
    expect(await message('POST', '/networks/shop/connect', { Container: 'db' })).toEqual([
      409,
      'network shop is on host h2 and container db is on host h1: a network with local scope reaches one host only: run the container on h2, with the constraint node==h2',
    ]);
    expect(
      (await cluster.call('POST', '/networks/shop/disconnect', { Container: 'web', Force: true })).status,
    ).toBe(200);
    expect((await cluster.call('DELETE', `/networks/${Id.slice(0, 12)}`)).status).toBe(204);
    expect(cluster.asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual([
      '/networks/h2-shop',
    ]);
    expect([count(store, 'networks'), count(store, 'observedNetworks')]).toEqual([0, 0]);
  });

  it('are not held to a host that could not make them', async () => {
    cluster = await newCluster({
      h1: ({ path }) =>
        path === '/networks/create' ? { status: 403, json: { message: 'Pool overlaps' } } : { json: [] },
    });
    await cluster.json('POST', '/networks/create', { Name: 'shop' });
    await putContainer(cluster.store, 'h1', 'engine-c2', { name: 'db' });
    expect(await message('POST', '/networks/shop/connect', { Container: 'db' })).toEqual([
      403,
      'Pool overlaps',
    ]);
    expect(cluster.store.view((tx) => [...tx.all('networks')].map(({ hostId }) => hostId))).toEqual([
      undefined,
    ]);
  });

  it('keep their record where the engine refuses to remove them', async () => {
    cluster = await newCluster({ h1: networking('busy') });
    await cluster.store.update((tx) =>
      tx.put('networks', {
        kind: 'network',
        id: 'n1',
        name: 'busy',
        createdAt: 0,
        createdBy: '',
        hostId: 'h1',
        spec: { Name: 'busy' },
      }),
    );
    await observe(cluster.store, 'h1', { ...net('busy'), Labels: { 'berth.cluster.id': 'n1' } });
    expect(await message('DELETE', '/networks/busy')).toEqual([
      403,
      'error while removing network: network busy id id-of-busy has active endpoints',
    ]);
    expect(count(cluster.store, 'networks')).toBe(1);
    cluster.cut('h1');
    expect((await message('DELETE', '/networks/busy'))[0]).toBe(503);
    expect(await cluster.json('GET', '/networks/busy')).toMatchObject({ Id: 'n1', Name: 'busy' });
  });

  it('refuse what cannot be', async () => {
    cluster = await newCluster({ h1: networking(), h2: networking() });
    await observe(cluster.store, 'h1', net('mine'));
    const refused: [unknown, number, string][] = [
      [{ Name: '' }, 400, 'invalid name'],
      [{}, 400, 'invalid Name: name the network (got nothing)'],
      [{ Name: 'a/b' }, 400, 'no host is called "a"'],
      [{ Name: 'bridge' }, 403, 'operation is not permitted on predefined bridge network'],
      [{ Name: 'x', Driver: 'host' }, 403, 'only one instance of "host" network is allowed'],
      [{ Name: 'x', Driver: 'overlay' }, 501, 'swarm mode'],
      [{ Name: 'x', Driver: 'nope' }, 404, 'plugin "nope" not found'],
      [{ Name: 'x', Labels: { a: 1 } }, 400, 'invalid Labels.a'],
      [{ Name: 'mine' }, 409, 'network with name mine already exists on host h1: use it as "h1/mine"'],
      ['{', 400, 'not valid JSON'],
      ['[]', 400, 'invalid body'],
    ];
    for (const [body, status, text] of refused) {
      const [gotStatus, gotText] = await message('POST', '/networks/create', body);
      expect([body, gotStatus]).toEqual([body, status]);
      expect(gotText).toContain(text);
    }
    expect(count(cluster.store, 'networks')).toBe(0);
    expect((await cluster.call('POST', '/networks/create', { Name: 'x', Driver: 'weave' })).status).toBe(201);
  });
});

describe('networks of hosts', () => {
  it('are listed, and named, with their host', async () => {
    cluster = await newCluster({ h1: networking('bridge', 'back'), h2: networking('bridge') });
    await observe(cluster.store, 'h1', net('bridge', 'aa11'), net('back', 'bb22'));
    await observe(cluster.store, 'h2', net('bridge', 'aa12'));
    expect(await names()).toEqual(['h1/back', 'h1/bridge', 'h2/bridge']);
    expect(await names('?filters={"name":["^back$"]}')).toEqual(['h1/back']);
    expect(await names('?filters={"type":["custom"]}')).toEqual(['h1/back']);
    expect(await names('?filters={"node":["h2"]}')).toEqual(['h2/bridge']);
    expect(await names('?filters={"id":["aa11"]}')).toEqual(['h1/bridge']);
    expect(await names('?filters={"driver":["macvlan"]}')).toEqual([]);
    expect(await names('?filters={"dangling":["true"]}')).toEqual(['h1/back']);
    expect(await message('GET', '/networks?filters={"x":["y"]}')).toEqual([400, "invalid filter 'x'"]);
    expect(await message('GET', '/networks?filters={"name":["("]}')).toEqual([
      400,
      expect.stringContaining('not a regular expression'),
    ]);
    const [status, text] = await message('GET', '/networks/bridge');
    expect([status, text]).toEqual([
      400,
      'network bridge is ambiguous (2 matches: h1/bridge, h2/bridge): name one of them with its host',
    ]);
    expect((await message('GET', '/networks/aa1'))[0]).toBe(400);
    expect((await message('DELETE', '/networks/aa'))[0]).toBe(400);
  });

  it('are made and removed by `node/name`, and connected by plain name on the container’s host', async () => {
    cluster = await newCluster({ h1: networking(), h2: networking() });
    expect(await cluster.json('POST', '/networks/create', { Name: 'h2/own' })).toEqual({
      Id: 'h2-own',
      Warning: '',
    });
    expect(await cluster.json('POST', '/networks/create', { Name: 'h1/own' })).toEqual({
      Id: 'h1-own',
      Warning: '',
    });
    expect(await names()).toEqual(['h1/own', 'h2/own']);
    await putContainer(cluster.store, 'h2', 'engine-c2', { name: 'db' });
    expect((await cluster.call('POST', '/networks/own/connect', { Container: 'db' })).status).toBe(200);
    expect(cluster.asked.at(-1)).toMatchObject({ host: 'h2', path: '/networks/h2-own/connect' });
    expect((await message('POST', '/networks/h1/own/connect', { Container: 'db' }))[0]).toBe(409);
    expect((await message('POST', '/networks/own/connect', { Container: 'nope' }))[0]).toBe(404);
    expect((await message('POST', '/networks/own/connect', {}))[1]).toContain('name the container');
    expect((await cluster.call('DELETE', '/networks/h1/own')).status).toBe(204);
    expect(await names()).toEqual(['h2/own']);
  });

  it('are pruned on all hosts, with the cluster’s that nobody uses', async () => {
    cluster = await newCluster({ h1: networking('mine'), h2: networking() });
    await cluster.json('POST', '/networks/create', { Name: 'idle' });
    await cluster.json('POST', '/networks/create', { Name: 'kept', Labels: { keep: '' } });
    await cluster.json('POST', '/networks/create', { Name: 'used' });
    await putRecord(cluster.store, 'h1', '2'.repeat(64), 'web', ['used']);
    await cluster.store.update((tx) => {
      for (const name of ['over', 'reserved']) putNetwork(tx, name, ['10.9.0.0/24']);
      const address = { kind: 'address' as const, networkId: networkId('reserved'), ip: '10.9.0.9' };
      tx.put('addresses', { ...address, mac: '', holder: { kind: 'none' }, reservedFor: 'db' });
    });
    const filters = encodeURIComponent('{"label!":["keep"]}');
    expect(await cluster.json('POST', `/networks/prune?filters=${filters}`)).toEqual({
      NetworksDeleted: ['h1/mine', 'idle', 'over'],
    });
    expect(await names()).toEqual(['kept', 'reserved', 'used']);
  });
});
