import type { Container, ObservedContainer } from '../../model/container.ts';
import type { HostState, HostStatus } from '../../model/host.ts';
import { hostRecord, hostStatusRecord, observedContainer, RUNNING } from '../../model/records.fixture.ts';
import { ClusterView } from '../../scheduler/cluster-view.ts';
import { plannedContainer, Scheduler } from '../../scheduler/place.ts';
import { placementRequest, withHolds } from '../../scheduler/request.ts';
import { TEST_IMAGE, testEngine, testImageId } from '../../scheduler/testing.ts';
import { newMemoryStore, SETTINGS_KEY, type Store } from '../../store/index.ts';
import type { ReadTx } from '../../store/store.ts';
import type { HostChooser } from './workbench.ts';

/** The real scheduler over what the store has at that moment. */
export const chooser: HostChooser = {
  place(tx, { name, spec }) {
    const request = placementRequest(name, spec);
    const holds = request.volumes.flatMap((volume) => {
      const hostId = tx.get('volumes', volume)?.hostId;
      return hostId === undefined ? [] : [{ what: 'volume' as const, name: volume, hostIds: [hostId] }];
    });
    return { hostId: new Scheduler(viewOf(tx)).place(withHolds(request, holds)).id };
  },
};

function viewOf(tx: ReadTx): ClusterView {
  const view = new ClusterView();
  for (const host of [...tx.all('hosts')].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const status = tx.get('hostStatus', host.id);
    view.putHost({
      ...{ host, state: status?.state ?? 'pending', reason: '', address: '' },
      engine: status?.engine,
      rests: tx.get('hostTrust', host.id)?.reason ?? '',
    });
    view.putImage(host.id, {
      ...{ imageId: testImageId(TEST_IMAGE), repoTags: [TEST_IMAGE], repoDigests: [] },
    });
  }
  for (const { id, name, desired, assigned } of tx.all('containers'))
    view.putContainer(assigned.hostId, plannedContainer(placementRequest(name, desired.spec), id, name));
  return view;
}

export async function newCluster(hosts: readonly string[], settings: object = {}): Promise<Store> {
  const store = newMemoryStore();
  const { defaultSettings } = await import('../../model/settings.ts');
  await store.update((tx) => {
    tx.put('settings', {
      ...{ kind: 'settings', clusterId: SETTINGS_KEY, settings: { ...defaultSettings, ...settings } },
    });
    for (const id of hosts) tx.put('hosts', hostRecord(id));
  });
  for (const id of hosts) await setHost(store, id, 'ready');
  return store;
}

/** @param heardAt 0: not since the manager started */
export function setHost(
  store: Store,
  id: string,
  state: HostState,
  heardAt = 1,
  rest: Pick<HostStatus, 'confirmed'> = {},
): Promise<void> {
  return store.update((tx) =>
    tx.put(
      'hostStatus',
      hostStatusRecord(id, {
        ...{ state, dataAddress: '', engine: testEngine({ name: id }), lastHeardAt: heardAt },
        silent: state === 'down' || state === 'suspect',
        ...rest,
      }),
    ),
  );
}

export const FAILOVER = { 'berth.failover': 'true' };

export function container(
  id: string,
  hostId: string,
  rest: { labels?: Record<string, string>; state?: Container['desired']['state']; host?: object } = {},
): Container {
  const spec = { Image: TEST_IMAGE, Labels: rest.labels ?? FAILOVER, HostConfig: rest.host ?? {} };
  return {
    ...{ kind: 'container', id, name: `name-${id}`, createdAt: 0, createdBy: '', apiVersion: '1.41' },
    desired: { generation: 1, state: rest.state ?? 'running', spec: spec as never, starts: 1 },
    assigned: { hostId, at: 0 },
  };
}

export function seenOn(
  hostId: string,
  id: string,
  state: Partial<ObservedContainer['state']> = {},
): ObservedContainer {
  return observedContainer(hostId, `e-${id}`, {
    ...{ clusterId: id, name: id, image: TEST_IMAGE, networkMode: '' },
    state: { ...RUNNING, startedAt: 1, ...state },
  });
}

/** Container to host. */
export function placed(store: Store): Record<string, string> {
  return store.view((tx) =>
    Object.fromEntries([...tx.all('containers')].map(({ id, assigned }) => [id, assigned.hostId])),
  );
}
