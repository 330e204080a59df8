import { afterEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../store/index.ts';
import { type Asked, type Cluster, count, newCluster, putContainer } from '../system/cluster.fixture.ts';

let cluster: Cluster;
afterEach(() => cluster.close());

type Vol = { Name: string; Driver: string; Labels: Record<string, string> | null; Mountpoint: string };
const vol = (Name: string): Vol => ({ Name, Driver: 'local', Labels: null, Mountpoint: `/var/${Name}` });

/** An engine that has volumes. */
function storage(...names: string[]) {
  const vols = names.map(vol);
  return ({ method, path, body }: Asked) => {
    if (path === '/volumes') return { json: { Volumes: vols, Warnings: null } };
    if (path === '/volumes/create') {
      const made = vol(JSON.parse(body).Name);
      vols.push(made);
      return { status: 201, json: made };
    }
    if (path === '/volumes/prune')
      return { json: { VolumesDeleted: vols.splice(0).map(({ Name }) => Name), SpaceReclaimed: 5 } };
    const one = vols.find(({ Name }) => path === `/volumes/${Name}`);
    if (one === undefined) return { status: 404, json: { message: `get ${path.slice(9)}: no such volume` } };
    if (method !== 'DELETE') return { json: { ...one, Status: { asked: true } } };
    if (one.Name === 'busy')
      return { status: 409, json: { message: `remove busy: volume is in use - [${'e'.repeat(64)}]` } };
    vols.splice(vols.indexOf(one), 1);
    return { status: 204 };
  };
}

function observe(store: Store, hostId: string, ...names: string[]): Promise<void> {
  return store.update((tx) => {
    for (const name of names) {
      tx.put('observedVolumes', {
        kind: 'observed-volume',
        hostId,
        name,
        driver: 'local',
        labels: {},
        raw: vol(name),
      });
    }
  });
}

const place = (store: Store, name: string, hostId: string) =>
  store.update((tx) => {
    const record = tx.get('volumes', name);
    if (record !== undefined) tx.put('volumes', { ...record, hostId });
  });

async function message(method: string, path: string, body?: unknown): Promise<[number, string]> {
  const { status, text } = await cluster.call(method, path, body);
  return [status, text === '' ? '' : JSON.parse(text).message];
}

const names = async (query = '') =>
  (await cluster.json<{ Volumes: Vol[] }>('GET', `/volumes${query}`)).Volumes.map(({ Name }) => Name);

describe('volumes of the cluster', () => {
  it('are made without a host, as often as one likes', async () => {
    cluster = await newCluster({ h1: storage(), h2: storage() });
    const body = { Name: 'data', Labels: { a: 'b' } };
    const first = await cluster.json<Vol>('POST', '/volumes/create', body);
    expect(first).toMatchObject({
      Name: 'data',
      Driver: 'local',
      Labels: { a: 'b' },
      Mountpoint: '',
      Scope: 'local',
    });
    expect(await cluster.json('POST', '/volumes/create', body)).toEqual(first);
    expect(await cluster.json('GET', '/volumes/data')).toEqual(first);
    expect(cluster.asked).toEqual([]);
    const unnamed = await cluster.json<Vol>('POST', '/volumes/create', {});
    expect(unnamed.Name).toMatch(/^[0-9a-f]{64}$/);
    expect(await names('?filters={"label":["a=b"]}')).toEqual(['data']);
    expect((await cluster.call('DELETE', '/volumes/data')).status).toBe(204);
    expect(await message('GET', '/volumes/data')).toEqual([404, 'get data: no such volume']);
    expect(await message('DELETE', '/volumes/data')).toEqual([404, 'get data: no such volume']);
    expect((await cluster.call('DELETE', '/volumes/data?force=1')).status).toBe(204);
  });

  it('are shown and removed on their host once they have one', async () => {
    cluster = await newCluster({ h1: storage(), h2: storage('data', 'busy') });
    const { store } = cluster;
    for (const Name of ['data', 'busy']) {
      await cluster.json('POST', '/volumes/create', { Name });
      await place(store, Name, 'h2');
    }
    await observe(store, 'h2', 'data', 'busy');
    expect(await cluster.json('GET', '/volumes/data')).toMatchObject({
      Name: 'data',
      Mountpoint: '/var/data',
      Status: { asked: true },
    });
    expect(await names()).toEqual(['busy', 'data']);
    await putContainer(store, 'h2', 'e'.repeat(64), { clusterId: 'f'.repeat(64) });
    expect(await message('DELETE', '/volumes/busy')).toEqual([
      409,
      `remove busy: volume is in use - [${'f'.repeat(64)}]`,
    ]);
    expect((await cluster.call('DELETE', '/volumes/h2/data')).status).toBe(204);
    expect([count(store, 'volumes'), count(store, 'observedVolumes')]).toEqual([1, 1]);
    cluster.cut('h2');
    expect((await message('DELETE', '/volumes/busy'))[0]).toBe(503);
    expect(await cluster.json('GET', '/volumes/busy')).toMatchObject({
      Name: 'busy',
      Mountpoint: '/var/busy',
    });
  });

  it('that span hosts are tied to none of them, shown once, and removed from all', async () => {
    cluster = await newCluster({ h1: storage('nas'), h2: storage('nas') });
    const { store } = cluster;
    const DriverOpts = { type: 'nfs', o: 'addr=192.0.2.1', device: ':/export' };
    await cluster.json('POST', '/volumes/create', { Name: 'nas', DriverOpts });
    await observe(store, 'h1', 'nas');
    await observe(store, 'h2', 'nas');
    await putContainer(store, 'h2', 'e'.repeat(64), { mounts: [{ Type: 'volume', Name: 'nas' }] });
    expect(await names()).toEqual(['nas']);
    expect(await names('?filters={"node":["h2"]}')).toEqual(['nas']);
    expect(await names('?filters={"dangling":["true"]}')).toEqual([]);
    expect(await cluster.json('GET', '/volumes/h2/nas')).toMatchObject({ Name: 'h2/nas' });
    await store.update((tx) => tx.delete('observedContainers', `h2/${'e'.repeat(64)}`));
    expect((await cluster.call('DELETE', '/volumes/nas')).status).toBe(204);
    const removed = cluster.asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    expect(removed).toEqual(['/volumes/nas', '/volumes/nas']);
    expect([count(store, 'volumes'), count(store, 'observedVolumes')]).toEqual([0, 0]);
  });

  it('that span hosts stay as they are while one of these is away', async () => {
    cluster = await newCluster({ h1: storage('nas'), h2: storage('nas') });
    const { store } = cluster;
    await cluster.json('POST', '/volumes/create', { Name: 'nas', Driver: 'a/plugin' });
    await observe(store, 'h1', 'nas');
    await observe(store, 'h2', 'nas');
    cluster.cut('h2');
    expect(await message('DELETE', '/volumes/nas')).toEqual([
      503,
      expect.stringContaining('volume nas is on host h2, which is not connected'),
    ]);
    expect(cluster.asked.filter(({ method }) => method === 'DELETE')).toEqual([]);
    expect(count(store, 'volumes')).toBe(1);
  });

  it('refuse what cannot be', async () => {
    cluster = await newCluster({ h1: storage() });
    await cluster.json('POST', '/volumes/create', { Name: 'data' });
    const refused: [unknown, number, string][] = [
      [{ Name: 'a/b' }, 400, 'create a/b: "a/b" includes invalid characters'],
      [{ Name: 7 }, 400, 'invalid Name'],
      [{ Name: 'a', Labels: { 'berth.volume.scope': 'x' } }, 400, 'label berth.volume.scope is "x"'],
      [{ Name: 'x', DriverOpts: { a: 1 } }, 400, 'invalid DriverOpts.a'],
      [{ Name: 'data', Driver: 'nfs' }, 409, 'already exists with driver "local", not "nfs"'],
      ['{"Name"', 400, 'not valid JSON'],
    ];
    for (const [body, status, text] of refused) {
      const [gotStatus, gotText] = await message('POST', '/volumes/create', body);
      expect([body, gotStatus]).toEqual([body, status]);
      expect(gotText).toContain(text);
    }
  });
});

describe('volumes of hosts', () => {
  it('are listed with their host; who is away is named in the warnings', async () => {
    cluster = await newCluster({ h1: storage('data', 'own'), h2: storage('data') });
    const { store } = cluster;
    await observe(store, 'h1', 'data', 'own');
    await observe(store, 'h2', 'data');
    await putContainer(store, 'h1', 'c1', { mounts: [{ Type: 'volume', Name: 'own' }] });
    expect(await names()).toEqual(['h1/data', 'h1/own', 'h2/data']);
    expect(await names('?filters={"dangling":["true"]}')).toEqual(['h1/data', 'h2/data']);
    expect(await names('?filters={"name":["^data"],"node":["h1"]}')).toEqual(['h1/data']);
    expect(await cluster.json('GET', '/volumes/own')).toMatchObject({ Name: 'h1/own' });
    expect(await message('GET', '/volumes/data')).toEqual([
      409,
      '2 hosts have a volume data: h1/data, h2/data: name one of them with its host',
    ]);
    // One that exists on exactly one host is the one that is meant.
    expect(await cluster.json('POST', '/volumes/create', { Name: 'own' })).toMatchObject({
      Name: 'own',
      Mountpoint: '/var/own',
    });
    expect(count(store, 'volumes')).toBe(0);
    cluster.cut('h2');
    const list = await cluster.json<{ Warnings: string[] }>('GET', '/volumes');
    expect(list.Warnings).toEqual(['host h2: not connected; what is shown of it is what was last seen']);
  });

  it('are made by `node/name`', async () => {
    cluster = await newCluster({ h1: storage(), h2: storage() });
    expect(await cluster.json('POST', '/volumes/create', { Name: 'h2/data' })).toMatchObject({
      Name: 'h2/data',
      Mountpoint: '/var/data',
    });
    expect(await names()).toEqual(['h2/data']);
    expect((await cluster.call('DELETE', '/volumes/h2/data')).status).toBe(204);
    expect(await names()).toEqual([]);
  });

  it('are pruned on all hosts, with the cluster’s that nobody uses', async () => {
    cluster = await newCluster({ h1: storage('data', 'x'), h2: storage('y') });
    const { store } = cluster;
    await cluster.json('POST', '/volumes/create', { Name: 'data' });
    await place(store, 'data', 'h1');
    await observe(store, 'h1', 'data', 'x');
    await cluster.json('POST', '/volumes/create', { Name: 'idle' });
    await cluster.json('POST', '/volumes/create', { Name: 'kept', Labels: { keep: 'yes' } });
    const filters = encodeURIComponent('{"label!":["keep=yes"]}');
    expect(await cluster.json('POST', `/volumes/prune?filters=${filters}`)).toEqual({
      VolumesDeleted: ['data', 'h1/x', 'h2/y', 'idle'],
      SpaceReclaimed: 10,
    });
    expect(await names()).toEqual(['kept']);
  });
});
