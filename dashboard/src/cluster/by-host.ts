import type { ContainerView } from '../../../src/contract/v1/containers.ts';

const NONE: readonly ContainerView[] = [];

/** Containers by the host that they are on. */
export class ByHost {
  private readonly hosts = new Map<string, Map<string, ContainerView>>();
  private readonly lists = new Map<string, readonly ContainerView[]>();

  /** One has come, is another now, or has gone. */
  change(before: ContainerView | undefined, after: ContainerView | undefined): void {
    if (before !== undefined && before.hostId !== after?.hostId) {
      const left = this.hosts.get(before.hostId);
      left?.delete(before.id);
      if (left?.size === 0) this.hosts.delete(before.hostId);
      this.lists.delete(before.hostId);
    }
    if (after === undefined) return;
    const own = this.hosts.get(after.hostId);
    if (own === undefined) this.hosts.set(after.hostId, new Map([[after.id, after]]));
    else own.set(after.id, after);
    this.lists.delete(after.hostId);
  }

  /** In the order of their names; another list whenever one of them is another. */
  list(hostId: string): readonly ContainerView[] {
    const known = this.lists.get(hostId);
    if (known !== undefined) return known;
    const own = this.hosts.get(hostId);
    if (own === undefined) return NONE;
    const made = [...own.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    this.lists.set(hostId, made);
    return made;
  }
}
