import { beforeEach, expect, it } from 'vitest';
import type { Container, ObservedContainer } from '../../model/container.ts';
import type { ReleaseRecord, ServiceRecord } from '../../model/deployment.ts';
import type { Host, HostStatus } from '../../model/host.ts';
import type { Service } from '../../model/service.ts';
import { newMemoryStore, type Store } from '../../store/index.ts';
import { wayByName, waysOf } from './service-ways.ts';

let store: Store;
beforeEach(async () => {
  store = newMemoryStore();
  await putHost('h1', { dataAddress: '192.0.2.1' });
  await putHost('h2', { dataAddress: '192.0.2.2' });
});

const putHost = (id: string, status: Partial<HostStatus>) =>
  store.update((tx) => {
    tx.put('hosts', { kind: 'host', id, name: id, labels: {}, cordoned: false } as unknown as Host);
    tx.put('hostStatus', { kind: 'host-status', id, state: 'ready', ...status } as HostStatus);
  });

const web = { name: 'web', routes: [{ port: 80 }], listeners: [] } as unknown as Service;
const record = { kind: 'service-record', stack: 'shop', name: 'web', service: web } as ServiceRecord;

type Put = Readonly<{
  record?: object;
  seen?: Partial<ObservedContainer>;
  leaving?: boolean;
  hostId?: string;
}>;
const put = (id: string, { record: more = {}, seen = {}, leaving = false, hostId = 'h1' }: Put = {}) =>
  store.update((tx) => {
    tx.put('containers', {
      ...{ kind: 'container', id, name: id, desired: { generation: 1, state: 'running', spec: {} } },
      ...{
        assigned: { hostId, at: 0 },
        service: { stack: 'shop', name: 'web', index: 1, release: 1, leaving },
      },
      ...more,
    } as unknown as Container);
    tx.put('observedContainers', {
      ...{ kind: 'observed-container', hostId, engineId: `e-${id}`, clusterId: id, name: id, labels: {} },
      ...{ networkMode: 'bridge', state: { status: 'running', health: 'none' } },
      ports: [{ ip: '0.0.0.0', privatePort: 80, publicPort: 1001, type: 'tcp' }],
      ...seen,
    } as unknown as ObservedContainer);
  });
const ways = () =>
  store
    .view((tx) => waysOf(tx, record))
    .map(({ id, state, at }) => [id, state, at(80)?.address, at(80)?.port] as const);
const byName = (name: string) => store.view((tx) => wayByName(tx, name, 80));

const probes = { readiness: { check: { kind: 'tcp', port: 80 } } };
it.each([
  ['runs', {}, true],
  ['is to be stopped', { record: { desired: { generation: 1, state: 'stopped', spec: {} } } }, false],
  ['is unhealthy', { seen: { state: { status: 'running', health: 'unhealthy' } } as never }, false],
  ['has not said that it is ready', { record: { probes } }, false],
  ['has ended', { seen: { state: { status: 'exited', health: 'none' } } as never }, false],
])('nobody leads to a container that does not serve: it %s', async (_, given: Put, serves) => {
  await put('c1', given);
  expect(ways()).toEqual(serves ? [['c1', 'ready', '192.0.2.1', 1001]] : []);
  expect(typeof byName('c1') === 'object').toBe(serves);
});

it('leads to one that leaves for its requests under way alone, be it ready or not', async () => {
  await put('c1', { leaving: true, record: { probes } });
  expect(ways()).toEqual([['c1', 'maint', '192.0.2.1', 1001]]);
  expect(byName('c1')).toMatchObject({ state: 'maint' });
});

it('tries hosts that are not heard of where all others have are some that leave', async () => {
  await put('c1', { leaving: true });
  await put('c2', { hostId: 'h2' });
  await putHost('h2', { dataAddress: '192.0.2.2', silent: true });
  expect(ways().map(([id]) => id)).toEqual(['c1', 'c2']);
  await put('c3');
  expect(ways().map(([id]) => id)).toEqual(['c1', 'c3']);
});

const port = (more: object) => ({ ip: '0.0.0.0', privatePort: 80, publicPort: 1001, type: 'tcp', ...more });
it.each([
  ['of IPv6', [port({ ip: '::' })], 1001],
  ['at the host’s own address', [port({ ip: '192.0.2.1' })], 1001],
  ['at another address of the host', [port({ ip: '127.0.0.1' })], undefined],
  ['for UDP', [port({ type: 'udp' })], undefined],
  ['of another port', [port({ privatePort: 81 })], undefined],
  ['that is not published', [port({ publicPort: undefined })], undefined],
  ['for UDP, and one for TCP', [port({ type: 'udp' }), port({ publicPort: 1002 })], 1002],
])('reaches it by a port of its host: one %s', async (_, ports, expected) => {
  await put('c1', { seen: { ports } as never });
  expect(ways().map(([, , , found]) => found)).toEqual([expected]);
});

it('reaches it by its own port where it is in its host’s network', async () => {
  await put('c1', { seen: { networkMode: 'host', ports: [] } as never });
  expect(ways()).toEqual([['c1', 'ready', '192.0.2.1', 80]]);
});

it('knows the ports that its own release has', async () => {
  await put('c1');
  const spec = { ...web, routes: [{ port: 8080 }] };
  const release = { kind: 'release-record', stack: 'shop', service: 'web', number: 1, spec };
  await store.update((tx) => tx.put('releases', release as unknown as ReleaseRecord));
  expect(store.view((tx) => waysOf(tx, record))[0]?.spec.routes[0]?.port).toBe(8080);
});

it('takes none that is left of the cluster’s for one of plain docker', async () => {
  await put('c1');
  await store.update((tx) => tx.delete('containers', 'c1'));
  expect(byName('c1')).toBe('there is no container c1');
  await put('c1', { seen: { clusterId: undefined } as never });
  await store.update((tx) => tx.delete('containers', 'c1'));
  expect(byName('c1')).toMatchObject({ address: '192.0.2.1', port: 1001, state: 'ready' });
});
