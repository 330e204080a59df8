import { afterEach, beforeEach, expect, it } from 'vitest';
import { readStack } from '../../compose/index.ts';
import { newTestVault } from '../../kit/vault.fixture.ts';
import type { Stack } from '../../model/stack.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { reserve } from '../networks/reservations.ts';
import { spanningNetwork } from '../networks/spanning.ts';
import { containerRecord, hostRecord } from '../v1/api.fixture.ts';
import { deploy, notesOf } from './deploy.ts';
import { ensureObjects } from './stack-objects.ts';

const vault = newTestVault();
let store: Store;
beforeEach(() => {
  store = newMemoryStore();
});
afterEach(() => store.close());

const file = (networks = 'back: {}', volumes = 'data: {}') => `
services:
  web: { image: web, networks: [${networks.split(':')[0]}], volumes: ['${volumes.split(':')[0]}:/data'] }
networks: { ${networks} }
volumes: { ${volumes} }
`;
function stackOf(text: string): Stack {
  const read = (path: string) => (path === '/shop/compose.yml' ? text : undefined);
  return readStack({ files: ['/shop/compose.yml'], folder: '/shop', read, env: {} }).stack;
}
const put = (text: string) => store.update((tx) => deploy(tx, vault, stackOf(text), { by: 'root', at: 1 }));
/** Deploys it and makes what its service needs, as the controller would. */
async function made(text: string): Promise<void> {
  const stack = stackOf(text);
  await put(text);
  const [service] = stack.services;
  if (service === undefined) throw new Error('the file has no service');
  expect(
    await store.update((tx) => ensureObjects(tx, { stack, service, by: 'root', at: 1 })),
  ).toBeUndefined();
}
const network = (name = 'shop_back') => store.view((tx) => [...tx.by('networks', 'name', name)][0]);
const notes = (text: string) => store.view((tx) => notesOf(tx, stackOf(text)));
const refusal = async (text: string): Promise<string> => {
  const said = notes(text);
  const thrown = await put(text).then(
    () => '',
    (error: Error) => error.message,
  );
  // Who only looks is told the same.
  expect(said).toEqual([expect.stringContaining(thrown)]);
  return thrown;
};
async function useNetwork(name: string): Promise<void> {
  const container = containerRecord('c1', 'guest', 'h1');
  const spec = { ...container.desired.spec, HostConfig: { NetworkMode: name } };
  await store.update((tx) => tx.put('containers', { ...container, desired: { ...container.desired, spec } }));
}

it('makes a network anew that nothing is on, and refuses it under a container, with a way out', async () => {
  await made(file());
  const before = network()?.id;
  const other = file('back: { ipam: { config: [{ subnet: 10.9.0.0/24 }] } }');
  await useNetwork('shop_back');
  expect(await refusal(other)).toMatch(
    /^network shop_back has other settings in this file \(IPAM: none -> .*10\.9\.0\.0\/24.*\), and container guest is on it/,
  );
  expect(network()?.id).toBe(before);
  await store.update((tx) => tx.delete('containers', 'c1'));
  expect(notes(other)).toEqual(['network shop_back is made anew']);
  await made(other);
  expect(network()?.id).not.toBe(before);
  expect(network()?.span?.pools[0]?.subnet).toBe('10.9.0.0/24');
  // The way out: another name.
  await useNetwork('shop_back');
  await put(other.replace('back: {', 'back: { name: shop_back_2,').replace('10.9.0.0', '10.8.0.0'));
  expect(network()?.id).toBeDefined();
});

it('leaves reserved addresses, networks of one host and those of others to who asks for their end', async () => {
  await made(file());
  const other = file("back: { driver_opts: { com.docker.network.driver.mtu: '1400' } }");
  const reserved = await store.update((tx) => {
    const found = spanningNetwork(tx, 'shop_back');
    return found === undefined ? [] : reserve(tx, found, 'db', undefined, 1);
  });
  expect(await refusal(other)).toContain('addresses of it are reserved');
  await store.update((tx) => {
    for (const { networkId, ip } of reserved) tx.delete('addresses', `${networkId}/${ip}`);
    const own = network();
    if (own !== undefined) tx.put('networks', { ...own, spec: { ...own.spec, Labels: {} } });
  });
  expect(await refusal(other)).toContain('was not made by this stack');
});

it('refuses another driver for a network that is on a host, which its engine has to take away', async () => {
  const bridge = file('back: { driver: bridge }');
  await made(bridge);
  await store.update((tx) => {
    tx.put('hosts', hostRecord('h1', 'alpha'));
    const own = network();
    if (own !== undefined) tx.put('networks', { ...own, hostId: 'h1' });
  });
  expect(await refusal(file())).toMatch(/Driver: "bridge" -> "xoverlay"\), and is on host alpha already$/);
});

it('remembers networks that a file has no more, and what of them comes back', async () => {
  await made(file());
  expect(notes(file('front: {}'))).toEqual(['network shop_back goes once no container is on it']);
  await put(file('front: {}'));
  const former = () =>
    store.view((tx) => tx.get('stacks', 'shop')?.formerNetworks?.map(({ spec }) => spec.Name));
  expect(former()).toEqual(['shop_back']);
  await put(file('third: {}'));
  expect(former()).toEqual(['shop_front', 'shop_back']);
  // As another one, while it is still there.
  await useNetwork('shop_back');
  expect(await refusal(file('back: { internal: true }'))).toContain('container guest is on it');
  await put(file('back: {}'));
  expect(former()).toEqual(['shop_third', 'shop_front']);
});

it('never makes a volume anew, and says of one that a file has no more that it stays', async () => {
  await made(file());
  const nfs = file('back: {}', "data: { driver_opts: { type: nfs, o: 'addr=10.0.0.1', device: ':/x' } }");
  expect(await refusal(nfs)).toMatch(
    /^volume shop_data is there, and has other settings in this file \(DriverOpts\./,
  );
  expect(notes(file('back: {}', "data: { labels: { a: 'b' } }"))).toEqual([
    'labels of volume shop_data stay as they were when it was made',
  ]);
  expect(notes(file('back: {}', 'other: {}'))).toEqual([
    'volume shop_data stays: "berth volume rm shop_data" deletes it',
  ]);
  // Also where an earlier stack has left it.
  await store.update((tx) => tx.delete('stacks', 'shop'));
  expect(await refusal(nfs)).toContain('volumes are never made anew by themselves');
});
