import { beforeEach, describe, expect, it } from 'vitest';
import { assignmentOf } from '../../agents/assignment-of.ts';
import { endContainer, giveBackOf } from '../../networks/give-back.ts';
import { endpointIn } from '../../networks/spanning.ts';
import type { TestClient } from '../testing/client.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import type { FakeCluster } from '../testing/fake-cluster.ts';

let cluster: FakeCluster;
let client: TestClient;

beforeEach(async () => {
  const started = await startEndpoint('alpha', 'beta');
  ({ cluster, client } = started);
  await usable('alpha', 'beta');
  return started.close;
});

const GOOD = { usable: true, reason: '' };
function usable(...hosts: string[]): Promise<void> {
  return cluster.store.update((tx) => {
    for (const name of hosts) {
      const status = tx.get('hostStatus', `h-${name}`);
      const drivers = { xoverlay: GOOD, vlan: { usable: false, reason: 'Open vSwitch is not installed' } };
      if (status !== undefined) tx.put('hostStatus', { ...status, network: { drivers, wireMtu: 1500 } });
    }
  });
}

type Net = {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  IPAM: { Config: object[] };
  Options: Record<string, string>;
  Containers: Record<string, { Name: string; IPv4Address: string; MacAddress: string }>;
};
const create = async (Name: string, body: object = {}) =>
  (await client.json<{ Id: string }>('POST', '/networks/create', { Name, Driver: 'xoverlay', ...body }, 201))
    .Id;
const subnet = (Subnet: string, more = {}) => ({ IPAM: { Config: [{ Subnet, ...more }] } });
const inspect = (name: string) => client.json<Net>('GET', `/networks/${name}`);
const on = (network: string, host?: string) => ({
  HostConfig: { NetworkMode: network },
  ...(host === undefined ? {} : { Env: [`constraint:node==${host}`] }),
});
const make = async (name: string, body: object) =>
  (
    await client.json<{ Id: string }>(
      'POST',
      `/containers/create?name=${name}`,
      { Image: 'busybox', ...body },
      201,
    )
  ).Id;
const refusal = async (method: string, path: string, body?: unknown) => {
  const { status, text } = await client.send(method, path, body);
  return [status, text === '' ? '' : JSON.parse(text).message];
};
const record = (id: string) => cluster.store.view((tx) => tx.get('containers', id)) ?? expect.fail();
const has = (id: string, network: string) => cluster.store.view((tx) => endpointIn(tx, id, network));

describe('a network that spans hosts', () => {
  it('is made, shown without a host, and removed', async () => {
    const id = await create('x1', { ...subnet('192.168.1.0/24'), Labels: { team: 'a' } });
    expect(await inspect('x1')).toMatchObject({
      ...{ Id: id, Name: 'x1', Driver: 'xoverlay', Scope: 'global', Labels: { team: 'a' } },
      IPAM: { Driver: 'default', Config: [{ Subnet: '192.168.1.0/24', Gateway: '192.168.1.1' }] },
      Options: { 'com.docker.network.driver.overlay.vxlanid_list': '8388608' },
    });
    const list = await client.json<Net[]>(
      'GET',
      `/networks?filters=${encodeURIComponent('{"driver":["xoverlay"]}')}`,
    );
    expect(list.map(({ Name }) => Name)).toEqual(['x1']);
    expect(await refusal('POST', '/networks/create', { Name: 'x1', Driver: 'xoverlay' })).toEqual([
      409,
      'network with name x1 already exists',
    ]);
    await client.json('DELETE', `/networks/${id.slice(0, 12)}`, undefined, 204);
    expect(cluster.store.view((tx) => [tx.count('networks'), tx.count('addresses')])).toEqual([0, 0]);
  });

  it('is what swarm mode’s clients ask for: driver overlay, found in the scope swarm', async () => {
    const id = await create('o1', { Driver: 'overlay', Attachable: true });
    expect(await inspect('o1')).toMatchObject({ Driver: 'xoverlay', Scope: 'global' });
    expect(await inspect('o1?scope=swarm')).toMatchObject({ Id: id, Scope: 'swarm' });
    expect((await client.send('GET', '/networks/o1?scope=local')).status).toBe(404);
    await create('plain', { Driver: 'bridge' });
    expect((await client.send('GET', '/networks/plain?scope=swarm')).status).toBe(404);
  });

  it('is attached to a service by its ID, which knows it by name', async () => {
    const id = await create('o1');
    const Networks = [{ Target: id, Aliases: ['www'] }];
    const TaskTemplate = { ContainerSpec: { Image: 'busybox' }, Networks };
    await client.json('POST', '/services/create', { Name: 'web', TaskTemplate }, 201);
    const kept = cluster.store.view((tx) => tx.get('services', 'standalone/web'))?.service.container;
    expect(kept).toMatchObject({
      HostConfig: { NetworkMode: 'o1' },
      NetworkingConfig: { EndpointsConfig: { o1: { Aliases: ['web', 'www'] } } },
    });
    expect(await client.json('GET', '/services/web')).toMatchObject({ Spec: { TaskTemplate: { Networks } } });
    // As clients of before API 1.25 wrote it.
    const older = { Name: 'old', TaskTemplate: { ContainerSpec: { Image: 'busybox' } }, Networks };
    await client.json('POST', '/services/create', older, 201);
    expect(await client.json('GET', '/services/old')).toMatchObject({ Spec: { TaskTemplate: { Networks } } });
  });

  it('is removed once the containers have gone whose service was taken away', async () => {
    const id = await create('o1');
    const TaskTemplate = { ContainerSpec: { Image: 'busybox' }, Networks: [{ Target: id }] };
    await client.json('POST', '/services/create', { Name: 'web', TaskTemplate }, 201);
    const container = await make('web_1', on('o1'));
    await cluster.store.update((tx) => {
      const service = { stack: 'standalone', name: 'web', index: 1, release: 1 };
      tx.put('containers', { ...record(container), service });
    });
    expect((await refusal('DELETE', '/networks/o1'))[0]).toBe(403);
    await client.json('DELETE', '/services/web');
    const removal = refusal('DELETE', '/networks/o1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await cluster.store.update((tx) => endContainer(tx, container, 0));
    expect(await removal).toEqual([204, '']);
  });

  it('is what a create without a driver makes, where a host has it', async () => {
    await create('shop_default', { Driver: '' });
    await create('plain', { Driver: 'bridge' });
    expect((await inspect('shop_default')).Driver).toBe('xoverlay');
    expect((await inspect('plain')).Driver).toBe('bridge');
    await cluster.store.update((tx) => {
      for (const status of [...tx.all('hostStatus')]) tx.put('hostStatus', { ...status, network: undefined });
    });
    await create('old_default', { Driver: 'default' });
    expect((await inspect('old_default')).Scope).toBe('local');
  });

  it.each<[object, number, string]>([
    [subnet('192.168.1.7/24'), 400, 'subnet 192.168.1.7/24 has host bits'],
    [subnet('10.0.0.0/24'), 400, 'overlaps the wire: 10.0.0.1 in it is the data address of host alpha'],
    [subnet('192.168.1.0/24', { Gateway: '10.0.0.1' }), 400, 'gateway 10.0.0.1 is not in subnet'],
    [{ Options: { encryptd: '' } }, 400, 'has no option "encryptd": it has mtu, encrypted'],
    [{ IPAM: { Driver: 'dhcp' } }, 400, 'cannot have IPAM driver "dhcp"'],
    [{ IPAM: { Config: [{ Gateway: '10.9.0.1' }] } }, 400, '10.9.0.1 without a subnet'],
    [{ ConfigFrom: { Network: 'x' } }, 400, 'cannot have a configuration of another network'],
    [{ Driver: 'vlan', ...subnet('10.9.0.0/24') }, 501, 'alpha: Open vSwitch is not installed'],
  ])('that is %j is refused', async (body, status, message) => {
    const [code, text] = await refusal('POST', '/networks/create', {
      Name: 'x',
      Driver: 'xoverlay',
      ...body,
    });
    expect([code, text]).toEqual([status, expect.stringContaining(message)]);
    expect(cluster.store.view((tx) => tx.count('networks'))).toBe(0);
  });

  it('in use is not removed, and says by whom', async () => {
    const id = await create('x1', subnet('192.168.1.0/24'));
    const web = await make('web', on('x1', 'alpha'));
    expect(await refusal('DELETE', '/networks/x1')).toEqual([
      403,
      expect.stringContaining(`network x1 id ${id} has active endpoints: container web on host alpha`),
    ]);
    await client.json('DELETE', `/containers/${web}?force=1`, undefined, 204);
    // The fake agent forgets the container's record alone.
    await cluster.store.update((tx) => giveBackOf(tx, { id: web, name: 'web' }, 0));
    await client.json('DELETE', '/networks/x1', undefined, 204);
  });
});

describe('a container on it', () => {
  it('has an address at once, by name, ID or the beginning of one, on any host', async () => {
    const id = await create('x1', subnet('192.168.1.0/24'));
    const web = await make('web', on('x1', 'alpha'));
    const db = await make('db', on(id.slice(0, 12), 'beta'));
    expect(has(web, id)).toEqual({ ipv4: '192.168.1.2', ipv6: undefined, mac: '02:be:c0:a8:01:02' });
    expect((await inspect('x1')).Containers).toMatchObject({
      [web]: { Name: 'web', IPv4Address: '192.168.1.2/24', MacAddress: '02:be:c0:a8:01:02' },
      [db]: { Name: 'db', IPv4Address: '192.168.1.3/24' },
    });
    const { spec } = record(db).desired;
    expect(spec.HostConfig?.NetworkMode).toBe(id);
    expect(spec.NetworkingConfig?.EndpointsConfig).toEqual({ [id]: {} });
    const { needs } = cluster.store.view((tx) => assignmentOf(tx, record(db)));
    expect(needs.networks).toMatchObject([
      { id, span: { driver: 'xoverlay', mtu: 1450 }, endpoint: { ipv4: '192.168.1.3' } },
    ]);
    // Nothing is tied to a host.
    expect(cluster.store.view((tx) => tx.get('networks', id)?.hostId)).toBeUndefined();
  });

  it('is run on what EndpointsConfig names alone', async () => {
    const id = await create('x1', subnet('192.168.1.0/24'));
    const EndpointsConfig = { x1: { Aliases: ['www'], IPAMConfig: { IPv4Address: '192.168.1.77' } } };
    const web = await make('web', { NetworkingConfig: { EndpointsConfig } });
    expect(record(web).desired.spec.HostConfig?.NetworkMode).toBe(id);
    expect(has(web, id)?.ipv4).toBe('192.168.1.77');
  });

  it('with an address that is taken is refused, and leaves nothing', async () => {
    await create('x1', subnet('192.168.1.0/24'));
    const Labels = { 'com.docker.network.endpoint.ipv4address': '192.168.1.11' };
    await make('web', { ...on('x1', 'alpha'), Labels });
    expect(
      await refusal('POST', '/containers/create?name=bb', { Image: 'busybox', ...on('x1'), Labels }),
    ).toEqual([
      409,
      expect.stringContaining('192.168.1.11 of network x1 is held by container web on host alpha'),
    ]);
    expect(cluster.store.view((tx) => tx.count('containers'))).toBe(1);
  });

  it('that its engine refuses gives its address back', async () => {
    const id = await create('x1', subnet('192.168.1.0/30'));
    cluster.refuse = { status: 400, message: 'no' };
    expect((await refusal('POST', '/containers/create?name=web', { Image: 'busybox', ...on('x1') }))[0]).toBe(
      400,
    );
    const web = await make('web', on('x1'));
    expect(has(web, id)?.ipv4).toBe('192.168.1.2');
  });

  it('is listed and inspected with the cluster’s name and ID of the network', async () => {
    const id = await create('x1', subnet('192.168.1.0/24'));
    const NetworkingConfig = { EndpointsConfig: { x1: { Aliases: ['shop'] } } };
    const web = await make('web', { ...on('x1', 'alpha'), NetworkingConfig });
    await cluster.store.update((tx) => {
      const [seen] = tx.by('observedContainers', 'clusterId', web);
      if (seen === undefined) return;
      const Aliases = ['www', seen.engineId.slice(0, 12)];
      const Networks = { x1: { NetworkID: 'e-net', IPAddress: '192.168.1.2', Aliases } };
      tx.put('observedContainers', { ...seen, networkMode: 'x1', networkSettings: { Networks } });
      tx.put('observedNetworks', {
        ...{
          kind: 'observed-network',
          hostId: 'h-alpha',
          networkId: 'e-net',
          name: 'x1',
          driver: 'xoverlay',
        },
        ...{ scope: 'local', labels: { 'berth.cluster.id': id }, raw: {} },
      });
    });
    const filter = encodeURIComponent(JSON.stringify({ network: [id] }));
    const [entry] = await client.json<object[]>('GET', `/containers/json?all=1&filters=${filter}`);
    expect(entry).toMatchObject({
      HostConfig: { NetworkMode: 'x1' },
      NetworkSettings: { Networks: { x1: { NetworkID: id, Aliases: ['shop', 'www', web.slice(0, 12)] } } },
    });
    const list = await client.json<Net[]>('GET', '/networks');
    expect(list.map(({ Name }) => Name)).toEqual(['x1']);
  });
});

describe('connect and disconnect', () => {
  const connect = (network: string, Container: string, EndpointConfig = {}) =>
    client.json('POST', `/networks/${network}/connect`, { Container, EndpointConfig });
  const disconnect = (network: string, Container: string) =>
    client.json('POST', `/networks/${network}/disconnect`, { Container });

  it('change what is wanted, and so outlive the container that is there now', async () => {
    const x1 = await create('x1', subnet('192.168.1.0/24'));
    const x2 = await create('x2', subnet('192.168.2.0/24'));
    const web = await make('web', on('x1'));
    await connect('x2', 'web', { Aliases: ['www'], IPAMConfig: { IPv4Address: '192.168.2.9' } });
    expect(record(web).desired).toMatchObject({
      generation: 2,
      spec: {
        HostConfig: { NetworkMode: x1 },
        NetworkingConfig: { EndpointsConfig: { [x1]: {}, [x2]: { Aliases: ['www'] } } },
      },
    });
    expect(has(web, x2)?.ipv4).toBe('192.168.2.9');
    expect(await refusal('POST', '/networks/x2/connect', { Container: 'web' })).toEqual([
      403,
      'endpoint with name web already exists in network x2',
    ]);
    await disconnect('x1', 'web');
    expect(record(web).desired.spec).toMatchObject({ HostConfig: { NetworkMode: x2 } });
    expect(has(web, x1)).toBeUndefined();
    await disconnect('x2', 'web');
    expect(record(web).desired.spec).toMatchObject({
      HostConfig: { NetworkMode: 'none' },
      NetworkingConfig: { EndpointsConfig: {} },
    });
    expect((await refusal('POST', '/networks/x2/disconnect', { Container: 'web' }))[0]).toBe(404);
    await connect('x2', 'web');
    // Within the grace time its own again.
    expect(has(web, x2)?.ipv4).toBe('192.168.2.9');
    expect(record(web).desired.spec.HostConfig?.NetworkMode).toBe(x2);
  });

  it('leave a container on its engine’s default network, if it is on that', async () => {
    const x1 = await create('x1', subnet('192.168.1.0/24'));
    const web = await make('web', {});
    await connect('x1', 'web');
    expect(record(web).desired.spec.NetworkingConfig?.EndpointsConfig).toEqual({ bridge: {}, [x1]: {} });
    await disconnect('x1', 'web');
    expect(record(web).desired.spec.NetworkingConfig?.EndpointsConfig).toEqual({ bridge: {} });
  });

  it('that the engine refuses change nothing', async () => {
    const x1 = await create('x1', subnet('192.168.1.0/24'));
    const web = await make('web', {});
    cluster.refuse = { status: 500, message: 'no device' };
    expect(await refusal('POST', '/networks/x1/connect', { Container: 'web' })).toEqual([500, 'no device']);
    expect(has(web, x1)).toBeUndefined();
    expect(record(web).desired.spec.NetworkingConfig?.EndpointsConfig).toBeUndefined();
    await connect('x1', 'web');
    cluster.refuse = { status: 500, message: 'no device' };
    expect((await refusal('POST', '/networks/x1/disconnect', { Container: 'web' }))[0]).toBe(500);
    expect(has(web, x1)?.ipv4).toBe('192.168.1.2');
  });

  it('that the engine refuses leave address and MAC as they were, whatever else the name had', async () => {
    const x1 = await create('x1', subnet('192.168.1.0/24'));
    const MacAddress = '02:42:00:00:00:07';
    const web = await make('web', { ...on('x1'), MacAddress });
    const { ipv4 = '' } = has(web, x1) ?? {};
    const older = { kind: 'address' as const, networkId: x1, ip: '192.168.1.9', mac: '02:be:c0:a8:01:09' };
    for (const more of [{ reservedFor: 'web' }, { releasedAt: Date.now(), formerly: 'web' }]) {
      await cluster.store.update((tx) =>
        tx.put('addresses', { ...older, holder: { kind: 'none' }, ...more }),
      );
      cluster.refuse = { status: 500, message: 'no device' };
      const refused = await refusal('POST', '/networks/x1/disconnect', { Container: 'web' });
      expect(refused).toEqual([500, 'no device']);
      expect(has(web, x1)).toEqual({ ipv4, mac: MacAddress });
    }
  });

  it('that the engine refuses say who has got the address meanwhile', async () => {
    const x1 = await create('x1', subnet('192.168.1.0/24'));
    const web = await make('web', on('x1'));
    const db = await make('db', on('x1', 'alpha'));
    const key = `${x1}/${has(web, x1)?.ipv4}`;
    cluster.refuse = { status: 500, message: 'no device' };
    const { settled } = cluster;
    cluster.settled = async (...asked) => {
      await cluster.store.update((tx) => {
        const left = tx.get('addresses', key);
        if (left !== undefined) tx.put('addresses', { ...left, holder: { kind: 'container', id: db } });
      });
      return settled.apply(cluster, asked);
    };
    const [status, message] = await refusal('POST', '/networks/x1/disconnect', { Container: 'web' });
    expect(status).toBe(500);
    expect(message).toContain(
      'no device; container web goes on with 192.168.1.2, which container db on host alpha has by now',
    );
    expect(has(web, x1)?.ipv4).toBe('192.168.1.4');
  });

  it('are refused where the host or the container cannot take part', async () => {
    await create('x1', subnet('192.168.1.0/24'));
    await create('same', subnet('192.168.0.0/16'));
    const both = await make('both', on('x1'));
    expect((await refusal('POST', '/networks/same/connect', { Container: 'both' }))[1]).toContain(
      'container both cannot be on networks x1 and same at once: 192.168.1.0/24 and 192.168.0.0/16 overlap',
    );
    expect(record(both).desired.generation).toBe(1);
    await make('hosted', { HostConfig: { NetworkMode: 'host' } });
    expect((await refusal('POST', '/networks/x1/connect', { Container: 'hosted' }))[1]).toContain(
      'sharing network',
    );
    await make('web', { Env: ['constraint:node==alpha'] });
    await cluster.store.update((tx) => {
      const status = tx.get('hostStatus', 'h-alpha');
      if (status !== undefined) tx.put('hostStatus', { ...status, network: undefined });
    });
    expect(await refusal('POST', '/networks/x1/connect', { Container: 'web' })).toEqual([
      409,
      expect.stringContaining(
        'host alpha, where container web is, cannot take part in network x1: its agent',
      ),
    ]);
  });
});
