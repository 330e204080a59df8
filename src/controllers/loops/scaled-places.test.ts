import { afterEach, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import type { Container } from '../../model/container.ts';
import type { ReleaseRecord, ServiceRecord, StackRecord } from '../../model/deployment.ts';
import type { Service } from '../../model/service.ts';
import { TEST_IMAGE } from '../../scheduler/testing.ts';
import type { Store, WriteTx } from '../../store/store.ts';
import { chooser, container, newCluster } from './cluster.fixture.ts';
import { type ScaledPlaces, scaledPlaces } from './scaled-places.ts';
import type { AskedContainer, ServiceHands } from './service-hands.ts';

let store: Store;
afterEach(() => store?.close());

const SERVICE = {
  ...{ kind: 'service', name: 'web', runs: { kind: 'service' }, scale: { kind: 'replicated', replicas: 2 } },
  ...{ naming: { kind: 'indexed', prefix: 'shop-web-' }, identity: { hostnames: false, ips: {} } },
  ...{ container: { Image: TEST_IMAGE }, pull: 'missing', files: [], routes: [], listeners: [] },
} as unknown as Service;
const RELEASE = {
  ...{ kind: 'release-record', stack: 'shop', service: 'web', number: 1, spec: SERVICE, by: 'ann' },
  ...{ state: 'done', cause: { kind: 'deploy' } },
} as unknown as ReleaseRecord;

/** A service with containers on hosts, by their index. */
async function serviceOn(
  hosts: readonly string[],
  members: Readonly<Record<number, string>>,
  more: { service?: Partial<Service>; release?: Partial<ReleaseRecord> } = {},
): Promise<void> {
  store = await newCluster(hosts);
  const service = { ...SERVICE, ...more.service };
  await store.update((tx) => {
    tx.put('stacks', {
      ...{ kind: 'stack-record', name: 'shop', stack: { name: 'shop', networks: [] } },
    } as unknown as StackRecord);
    tx.put('services', {
      ...{ kind: 'service-record', stack: 'shop', name: 'web', service, scale: null, release: 1 },
    } as unknown as ServiceRecord);
    tx.put('releases', { ...RELEASE, spec: service, ...more.release });
    for (const [index, hostId] of Object.entries(members))
      tx.put('containers', member(Number(index), hostId));
  });
}

function member(index: number, hostId: string, more: Partial<Container['service']> = {}): Container {
  const service = { stack: 'shop', name: 'web', index, release: 1, ...more };
  return { ...container(`c${index}`, hostId), name: `shop-web-${index}`, service };
}

/** Makes containers where the scheduler wants them; a name is there once. */
function make(tx: WriteTx, { name, spec, service }: AskedContainer): string {
  for (const other of tx.all('containers'))
    if (other.name === name) throw new BerthError('conflict', `the name ${name} is taken`);
  const { hostId } = chooser.place(tx, { name, spec });
  const id = `new-${name}`;
  tx.put('containers', { ...container(id, hostId), name, service, desired: desiredOf(spec) });
  return hostId;
}
const desiredOf = (spec: AskedContainer['spec']): Container['desired'] => ({
  ...{ generation: 1, state: 'running', spec, starts: 1 },
});
const hands: Pick<ServiceHands, 'ensureObjects' | 'places' | 'make'> = {
  ensureObjects: () => undefined,
  places: (tx, all) =>
    all.flatMap((asked) => {
      try {
        return [{ name: asked.name, hostId: make(tx, asked), lacksImage: false }];
      } catch {
        return [];
      }
    }),
  make: (tx, asked) => {
    try {
      return { kind: 'made', id: '', hostId: make(tx, asked) };
    } catch (thrown) {
      return { kind: 'refused', reason: (thrown as Error).message };
    }
  },
};
const places = (replicas: number, own: Partial<typeof hands> = {}): ScaledPlaces =>
  scaledPlaces(store, { ...hands, ...own }, { stack: 'shop', service: 'web', replicas });
const inStore = () => store.view((tx) => [...tx.all('containers')].map(({ name }) => name).sort());

it('tells where more would go, under the lowest free indexes, and does nothing', async () => {
  await serviceOn(['h1', 'h2', 'h3'], { 1: 'h1', 3: 'h2' });
  expect(places(4)).toEqual({
    coming: [
      { name: 'shop-web-2', hostId: 'h3' },
      { name: 'shop-web-4', hostId: expect.stringMatching(/^h[123]$/) },
    ],
    ...{ leaving: [], refusal: '' },
  });
  expect(inStore()).toEqual(['shop-web-1', 'shop-web-3']);
});

it('tells which would go: those with the highest indexes', async () => {
  await serviceOn(['h1'], { 1: 'h1', 2: 'h1', 10: 'h1' });
  expect(places(1)).toEqual({
    ...{ coming: [], refusal: '' },
    leaving: [
      { id: 'c10', name: 'shop-web-10', hostId: 'h1' },
      { id: 'c2', name: 'shop-web-2', hostId: 'h1' },
    ],
  });
  expect(places(3)).toEqual({ coming: [], leaving: [], refusal: '' });
});

it('counts those that leave as gone, and gives their names again', async () => {
  await serviceOn(['h1'], { 1: 'h1' });
  await store.update((tx) => tx.put('containers', member(2, 'h1', { leaving: true })));
  expect(places(2)).toEqual({
    ...{ coming: [{ name: 'shop-web-2', hostId: 'h1' }], leaving: [], refusal: '' },
  });
  expect(inStore()).toEqual(['shop-web-1', 'shop-web-2']);
});

it('says which would find no host, and why', async () => {
  const HostConfig = { PortBindings: { '80/tcp': [{ HostPort: '80' }] } };
  const service = { container: { Image: TEST_IMAGE, HostConfig } } as unknown as Partial<Service>;
  await serviceOn(['h1', 'h2'], {}, { service });
  const { coming, refusal } = places(3);
  expect(coming.map(({ hostId }) => hostId).sort()).toEqual(['h1', 'h2', undefined]);
  expect(refusal).toContain('port');
  expect(places(1, { ensureObjects: () => 'its network is not there' })).toMatchObject({
    ...{ coming: [{ hostId: undefined }], refusal: 'its network is not there' },
  });
  const lacking = { places: () => [], make: () => ({ kind: 'image-missing' as const, hostId: 'h1' }) };
  expect(places(1, lacking).refusal).toBe(`no host that would take it has the image ${TEST_IMAGE}`);
});

it('takes an image that is pulled as there, and one that is made as where it is', async () => {
  const seen: (boolean | undefined)[] = [];
  const own: Partial<typeof hands> = {
    places: (_, [asked]) => {
      seen.push(asked?.pullFailed?.('h1'));
      return [];
    },
  };
  await serviceOn(['h1'], {});
  places(1, own);
  await store.close();
  await serviceOn(['h1'], {}, { service: { pull: 'never' } });
  places(1, own);
  expect(seen).toEqual([false, undefined]);
});

it('refuses what has no number, serves in two versions, is not there, or is too many at once', async () => {
  await serviceOn(['h1'], {});
  expect(() => places(201)).toThrow(/201 containers more are too many/);
  expect(() => scaledPlaces(store, hands, { stack: 'shop', service: 'no', replicas: 1 })).toThrow(
    /there is no service shop\/no/,
  );
  await store.close();
  await serviceOn(['h1'], {}, { service: { scale: { kind: 'global' } } });
  expect(() => places(1)).toThrow(/has no number of containers/);
  await store.close();
  const shift = { weight: 10, step: 0, since: 0 } as unknown as ReleaseRecord['shift'];
  await serviceOn(['h1'], {}, { release: { state: 'waiting', ...(shift && { shift }) } });
  expect(() => places(1)).toThrow(/two versions of service web serve/);
});
