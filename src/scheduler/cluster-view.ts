import type { ObservedImage } from '../model/objects.ts';
import { defaultSettings, type Settings } from '../model/settings.ts';
import { ChangeLog } from './change-log.ts';
import { HostTally, type ReadonlyHostCounts } from './host-counts.ts';
import { HostFigures } from './host-figures.ts';
import { type ContainerView, containerLabel, type HostFacts, HostView, ImageHosts } from './host-view.ts';

/**
 * All hosts as the scheduler sees them. It is changed in place, one object at a time, and remembers which hosts were
 * changed, so that a ranking that was made before catches up with the changes instead of looking at every host again.
 */
export class ClusterView {
  private readonly byId = new Map<string, HostView>();
  private sorted: readonly HostView[] | undefined;
  /** By replica key. */
  private readonly replicas = new HostTally();
  /** By label of containers, then by its value; of labels once asked. */
  private readonly byContainerLabel = new Map<string, HostTally>();
  private readonly imageHosts = new ImageHosts();
  private readonly byLabel = new Map<string, Map<string, number[]>>();
  private labelsEpoch = -1;
  /** Of everything on a host or about it. */
  readonly changes = new ChangeLog();
  /** Of what a host is and has, without its containers. */
  readonly hostChanges = new ChangeLog();
  private table: HostFigures | undefined;
  private current: Settings = defaultSettings;
  private readonly facts = new Map<string, HostFacts>();
  /** Counts changes after which every ranking must be made anew: hosts that come, go or move between domains. */
  epoch = 0;

  get settings(): Settings {
    return this.current;
  }

  set settings(settings: Settings) {
    this.current = settings;
    this.renumber();
    for (const [id, facts] of this.facts) this.byId.get(id)?.describe(facts, settings);
  }

  /** In the order of names: the same cluster gives the same order, however it came about. */
  get hosts(): readonly HostView[] {
    if (this.sorted === undefined) {
      this.sorted = [...this.byId.values()].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
      this.sorted.forEach((host, i) => {
        host.order = i;
      });
    }
    return this.sorted;
  }

  /** The numbers of `hosts`, always up to date until `epoch` changes. */
  get figures(): HostFigures {
    this.table ??= new HostFigures(this.hosts);
    return this.table;
  }

  host(id: string): HostView | undefined {
    return this.byId.get(id);
  }

  putHost(facts: HostFacts): void {
    const { id } = facts.host;
    const known = this.byId.get(id);
    const host = known ?? new HostView(id, this.imageHosts);
    const before = host.labels;
    const name = host.name;
    this.facts.set(id, facts);
    const changed = host.describe(facts, this.current);
    if (known === undefined) this.byId.set(id, host);
    if (known === undefined || name !== host.name || !sameEntries(before, host.labels)) {
      this.sorted = undefined;
      this.renumber();
    }
    if (changed || known === undefined) this.touchHost(host);
  }

  removeHost(id: string): void {
    const host = this.byId.get(id);
    if (host === undefined) return;
    for (const key of [...host.containers.keys()]) this.removeContainer(id, key);
    host.removeImages();
    this.byId.delete(id);
    this.facts.delete(id);
    this.sorted = undefined;
    this.renumber();
  }

  /** Puts a container on a host, in place of one with the same key there. An unknown host is ignored. */
  putContainer(hostId: string, container: ContainerView): void {
    const host = this.byId.get(hostId);
    if (host !== undefined) this.addContainer(host, container);
  }

  /** As `putContainer`. @param host one of this view's */
  addContainer(host: HostView, container: ContainerView): void {
    if (host.containers.has(container.key)) this.removeContainer(host.id, container.key);
    host.put(container);
    this.countContainer(container, host, 1);
    this.touch(host);
  }

  removeContainer(hostId: string, key: string): void {
    const host = this.byId.get(hostId);
    const container = host?.remove(key);
    if (host === undefined || container === undefined) return;
    this.countContainer(container, host, -1);
    this.touch(host);
  }

  putImage(hostId: string, image: Pick<ObservedImage, 'imageId' | 'repoTags' | 'repoDigests'>): void {
    const host = this.byId.get(hostId);
    host?.putImage(image);
    if (host !== undefined) this.touchHost(host);
  }

  removeImage(hostId: string, imageId: string): void {
    const host = this.byId.get(hostId);
    host?.removeImage(imageId);
    if (host !== undefined) this.touchHost(host);
  }

  /** Places of hosts (`HostView.order`) by the value of a label; those without it under the empty string. */
  hostsByLabel(label: string): ReadonlyMap<string, readonly number[]> {
    if (this.labelsEpoch !== this.epoch) {
      this.byLabel.clear();
      this.labelsEpoch = this.epoch;
    }
    let index = this.byLabel.get(label);
    if (index === undefined) {
      index = new Map();
      for (const host of this.hosts) {
        const value = host.labels.get(label) ?? '';
        const orders = index.get(value);
        if (orders === undefined) index.set(value, [host.order]);
        else orders.push(host.order);
      }
      this.byLabel.set(label, index);
    }
    return index;
  }

  /** Where the replicas of a service are, now: ask again after a change. */
  hostsWith(service: string): ReadonlyHostCounts {
    return this.replicas.of(service);
  }

  /** Where containers with this value of a label are, now; one without the label has the empty string. */
  hostsWithLabel(label: string, value: string): ReadonlyHostCounts {
    let values = this.byContainerLabel.get(label);
    if (values === undefined) {
      values = new HostTally();
      for (const host of this.byId.values())
        for (const container of host.containers.values())
          values.add(containerLabel(container, label), host, 1);
      this.byContainerLabel.set(label, values);
    }
    return values.of(value);
  }

  /** Hosts that have an image under this reference, as `HostView.hasImageRef`; what is returned stays up to date. */
  hostsWithImage(ref: string): ReadonlySet<HostView> {
    return this.imageHosts.having(ref);
  }

  get size(): number {
    return this.byId.size;
  }

  /** Places among the hosts may be others from now on, and all their figures. */
  private renumber(): void {
    this.epoch++;
    this.table = undefined;
  }

  private countContainer(container: ContainerView, host: HostView, by: 1 | -1): void {
    if (container.service !== undefined) this.replicas.add(container.service, host, by);
    for (const [label, values] of this.byContainerLabel)
      values.add(containerLabel(container, label), host, by);
  }

  private touchHost(host: HostView): void {
    this.hostChanges.add(host, this.mostChanges);
    this.touch(host);
  }

  private touch(host: HostView): void {
    host.version++;
    this.changes.add(host, this.mostChanges);
    this.table?.put(host);
  }

  /** Catching up with more changes than this costs more than starting anew. */
  private get mostChanges(): number {
    return 2 * this.byId.size + 1024;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
