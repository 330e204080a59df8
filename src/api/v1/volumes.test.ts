import { afterEach, beforeEach, expect, it } from 'vitest';
import { observedContainer } from '../../model/records.fixture.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'data' };
async function prepare(): Promise<void> {
  const db = containerRecord('c1', 'shop_db_1', 'h1');
  const spec = { ...db.desired.spec, HostConfig: { Binds: ['shop_data:/data'] } };
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('h1', 'alpha'));
    tx.put('containers', { ...db, desired: { ...db.desired, spec } });
    const made = { kind: 'volume', createdAt: 1, createdBy: 'root' } as const;
    tx.put('volumes', {
      ...made,
      name: 'shop_data',
      hostId: 'h1',
      spec: { Name: 'shop_data', Labels: labels },
    });
    tx.put('volumes', { ...made, name: 'free', spec: { Name: 'free', Driver: 'nfs' } });
    for (const [name, Labels] of [
      ['plain', null],
      ['shop_data', labels],
    ] as const)
      tx.put('observedVolumes', {
        ...{ kind: 'observed-volume', hostId: 'h1', name, driver: 'local', labels: {} },
        raw: { Name: name, Driver: 'local', Labels },
      });
  });
}

it('lists volumes with their stack, host and users, and those of one stack', async () => {
  await prepare();
  const { volumes } = await api.root.call('volume.list', {});
  expect(volumes).toEqual([
    { name: 'alpha/plain', driver: 'local', hostNames: ['alpha'], stack: '', key: '', users: [] },
    { name: 'free', driver: 'nfs', hostNames: [], stack: '', key: '', users: [] },
    {
      ...{ name: 'shop_data', driver: 'local', hostNames: ['alpha'], stack: 'shop', key: 'data' },
      users: ['shop_db_1'],
    },
  ]);
  const ofShop = await api.root.call('volume.list', { stack: 'shop' });
  expect(ofShop.volumes.map(({ name }) => name)).toEqual(['shop_data']);
});

it('deletes a volume by name, for operators, where nothing has it, and says so in the audit log', async () => {
  await prepare();
  const operator = api.client(api.tokens.operator);
  await expect(operator.call('volume.remove', { volume: 'shop_data' })).rejects.toMatchObject({
    ...{ code: 'conflict', message: 'volume shop_data is in use by shop_db_1' },
  });
  await expect(operator.call('volume.remove', { volume: 'nothing' })).rejects.toMatchObject({
    ...{ code: 'not_found', message: 'there is no volume "nothing"' },
  });
  const viewer = api.client(api.tokens.viewer);
  await expect(viewer.call('volume.remove', { volume: 'free' })).rejects.toMatchObject({ code: 'forbidden' });
  await operator.call('volume.remove', { volume: 'free' });
  expect(api.store.view((tx) => [...tx.all('volumes')].map(({ name }) => name))).toEqual(['shop_data']);
  const audit = api.store.view((tx) =>
    [...tx.all('audit')].map(({ action, target, outcome }) => [action, target, outcome]),
  );
  expect(audit).toContainEqual(['volume.remove', 'free', 'ok']);
});

it('shows who mounts a volume where, and makes one', async () => {
  await prepare();
  await api.store.update((tx) =>
    tx.put('observedContainers', {
      ...observedContainer('h1', 'e1', { name: 'plain' }),
      mounts: [{ Type: 'volume', Name: 'shop_data', Destination: '/backup', RW: false }],
    }),
  );
  const volume = await api.root.call('volume.get', { volume: 'shop_data' });
  expect(volume).toMatchObject({
    ...{ managed: true, spansHosts: false, createdBy: 'root', labels },
    mounts: [
      { id: 'e1', name: 'plain', hostName: 'alpha', state: 'running', path: '/backup', readOnly: true },
      { name: 'shop_db_1', hostName: 'alpha', state: 'pending', path: '', readOnly: false },
    ],
  });
  await expect(api.root.call('volume.get', { volume: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  const operator = api.client(api.tokens.operator);
  await operator.call('volume.create', { name: 'fresh', driver: 'nfs' });
  expect(await api.root.call('volume.get', { volume: 'fresh' })).toMatchObject({
    ...{ driver: 'nfs', createdBy: 'the-operator', spansHosts: true, mounts: [], hostNames: [] },
  });
  const viewer = api.client(api.tokens.viewer);
  await expect(viewer.call('volume.create', { name: 'x' })).rejects.toMatchObject({ code: 'forbidden' });
});
