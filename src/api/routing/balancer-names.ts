import type { Balancer } from '../../model/balancer.ts';
import type { Store } from '../../store/store.ts';
import { balancerKey } from './route-owners.ts';

/** Which balancers lead to a container, by its name: containers come and go far more often than balancers change. */
export class BalancerNames {
  private readonly targets = new Map<string, ReadonlySet<string>>();

  constructor(private readonly store: Store) {}

  readAll(): void {
    this.targets.clear();
    for (const balancer of this.store.view((tx) => [...tx.all('balancers')]))
      this.take(balancer.name, balancer);
  }

  take(name: string, balancer: Balancer | undefined): void {
    const names = (balancer?.targets ?? []).flatMap((one) => (one.kind === 'container' ? [one.name] : []));
    if (names.length === 0) this.targets.delete(name);
    else this.targets.set(name, new Set(names));
  }

  /** Keys of those that lead to containers. */
  get all(): readonly string[] {
    return [...this.targets.keys()].map(balancerKey);
  }

  /** Keys. */
  *leadingTo(container: string): Iterable<string> {
    for (const [name, targets] of this.targets) if (targets.has(container)) yield balancerKey(name);
  }
}
