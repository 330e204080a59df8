import type { ObservedContainer } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { Host } from '../../model/host.ts';
import { ClusterView } from '../../scheduler/cluster-view.ts';
import type { ContainerView } from '../../scheduler/host-view.ts';
import type { ReadTx, Store, TableName } from '../../store/store.ts';
import { TABLES } from '../../store/tables.ts';
import {
  isRouter,
  managedView,
  observedView,
  routerView,
  sameContainer,
  samePorts,
} from './container-views.ts';
import { OpenPorts } from './open-ports.ts';

const FOLLOWED = [
  'settings',
  'hosts',
  'hostStatus',
  'hostTrust',
  'containers',
  'observedContainers',
  'observedImages',
  'services',
  'balancers',
] as const satisfies readonly TableName[];
type Followed = (typeof FOLLOWED)[number];

/**
 * The scheduler's view of the hosts, kept from the store. It hears of each write inside its transaction, notes the key,
 * and reads the record when the view is asked for next: so it is as new as the transaction that asks, also after a
 * transaction was taken back, and an idle manager does no work for it. A container that is both recorded and seen on its
 * host is one; a record that no agent has reported yet counts in full.
 */
export class StoreView {
  readonly view = new ClusterView();
  private readonly dirty = new Map<Followed, Set<string>>(FOLLOWED.map((table) => [table, new Set()]));
  private readonly unfollow: () => void;
  /** Cluster ID to the hosts on which the view counts it. */
  private readonly placedOn = new Map<string, readonly string[]>();
  /** By key in `observedContainers`, what was read of it last. */
  private readonly lastSeen = new Map<string, ObservedContainer>();
  /** Keys in `observedContainers`. */
  private readonly routers = new Set<string>();
  private readonly open = new OpenPorts();

  constructor(store: Store) {
    this.open.set(this.view.settings);
    this.unfollow = store.follow((table, key) => this.dirty.get(table as Followed)?.add(key));
    store.view((tx) => {
      for (const [table, keys] of this.dirty)
        for (const record of tx.all(table)) keys.add(TABLES[table].key(record as never));
    });
  }

  close(): void {
    this.unfollow();
  }

  /** The view as of `tx`. */
  at(tx: ReadTx): ClusterView {
    const taken = (table: Followed) => {
      const noted = this.dirty.get(table);
      if (noted === undefined || noted.size === 0) return [];
      const keys = [...noted];
      noted.clear();
      return keys;
    };
    if (taken('settings').length > 0) this.readSettings(tx);
    const services = taken('services').map((key) => this.open.putService(key, tx.get('services', key)));
    const balancers = taken('balancers').map((key) => this.open.putBalancer(key, tx.get('balancers', key)));
    if (services.includes(true) || balancers.includes(true)) this.lookAtRouters();
    for (const id of new Set([...taken('hosts'), ...taken('hostStatus'), ...taken('hostTrust')]))
      this.readHost(tx, id);
    for (const id of taken('containers')) this.readContainer(tx, id);
    for (const key of taken('observedContainers')) this.readObserved(tx, key);
    for (const key of taken('observedImages')) this.readImage(tx, key);
    return this.view;
  }

  private readSettings(tx: ReadTx): void {
    const [record] = tx.all('settings');
    if (record !== undefined) this.view.settings = record.settings;
    if (!this.open.set(this.view.settings)) return;
    // What of it is the router's for domains is no listener's.
    for (const { stack, name } of tx.all('services'))
      this.dirty.get('services')?.add(serviceKey(stack, name));
    for (const { name } of tx.all('balancers')) this.dirty.get('balancers')?.add(name);
    this.lookAtRouters();
  }

  private lookAtRouters(): void {
    for (const key of this.routers) this.dirty.get('observedContainers')?.add(key);
  }

  private readHost(tx: ReadTx, id: string): void {
    const host = tx.get('hosts', id);
    if (host === undefined) {
      this.view.removeHost(id);
      return;
    }
    const isNew = this.view.host(id) === undefined;
    this.view.putHost(factsOf(tx, host));
    if (!isNew) return;
    // What was written of it before it was known to the view.
    for (const { id: containerId } of tx.by('containers', 'host', id))
      this.dirty.get('containers')?.add(containerId);
    for (const seen of tx.by('observedContainers', 'host', id))
      this.dirty.get('observedContainers')?.add(`${seen.hostId}/${seen.engineId}`);
    for (const image of tx.by('observedImages', 'host', id))
      this.dirty.get('observedImages')?.add(`${id}/${image.imageId}`);
  }

  /** One of Berth's containers: on the host that it is assigned to, and on every other where a copy is seen. */
  private readContainer(tx: ReadTx, id: string): void {
    const record = tx.get('containers', id);
    const home = record?.assigned.hostId;
    const views: (readonly [string, ContainerView])[] = [];
    const own: ObservedContainer[] = [];
    for (const one of tx.by('observedContainers', 'clusterId', id)) {
      if (one.hostId === home) own.push(one);
      else views.push([one.hostId, observedView(one)]);
    }
    if (record !== undefined && home !== undefined) views.push([home, managedView(record, own)]);
    const before = this.placedOn.get(id) ?? [];
    for (const hostId of before)
      if (!views.some(([here]) => here === hostId)) this.view.removeContainer(hostId, id);
    for (const [hostId, view] of views) this.put(hostId, view);
    if (views.length === 0) this.placedOn.delete(id);
    else if (views.length !== before.length || views.some(([hostId], i) => hostId !== before[i]))
      this.placedOn.set(
        id,
        views.map(([hostId]) => hostId),
      );
  }

  private readObserved(tx: ReadTx, key: string): void {
    const seen = tx.get('observedContainers', key);
    const before = this.lastSeen.get(key);
    if (seen !== undefined && isRouter(seen)) this.routers.add(key);
    else this.routers.delete(key);
    if (seen === undefined) this.lastSeen.delete(key);
    else this.lastSeen.set(key, seen);
    const id = seen?.clusterId;
    const same = before?.clusterId === id ? before : undefined;
    if (before?.clusterId !== undefined && same === undefined) this.readContainer(tx, before.clusterId);
    if (seen === undefined || id !== undefined) {
      const [hostId, engineId] = splitKey(key);
      if (before !== undefined && before.clusterId === undefined) this.view.removeContainer(hostId, engineId);
      // Where it belongs only its ports count beside the record, and most reports tell of something else.
      if (id === undefined || (isHome(tx, id, hostId) && samePorts(same, seen))) return;
      this.readContainer(tx, id);
    } else this.put(seen.hostId, isRouter(seen) ? routerView(seen, this.open.all()) : observedView(seen));
  }

  private readImage(tx: ReadTx, key: string): void {
    const [hostId, imageId] = splitKey(key);
    const image = tx.get('observedImages', key);
    if (image === undefined) this.view.removeImage(hostId, imageId);
    else this.view.putImage(hostId, image);
  }

  private put(hostId: string, view: ContainerView): void {
    const before = this.view.host(hostId)?.containers.get(view.key);
    if (before === undefined || !sameContainer(before, view)) this.view.putContainer(hostId, view);
  }
}

function factsOf(tx: ReadTx, host: Host) {
  const status = tx.get('hostStatus', host.id);
  return {
    host,
    state: status?.state ?? ('pending' as const),
    reason: status?.reason ?? '',
    engine: status?.engine,
    rests: tx.get('hostTrust', host.id)?.reason ?? '',
    address: status?.dataAddress ?? '',
    networkDrivers: status?.network?.drivers,
  };
}

function isHome(tx: ReadTx, id: string, hostId: string): boolean {
  return tx.get('containers', id)?.assigned.hostId === hostId;
}

/** Host IDs have no slash. */
function splitKey(key: string): [string, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
