import type { ChangeLog } from './change-log.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Check } from './filters/filter.ts';
import { HostSet } from './host-set.ts';

/** Checks whose answers are kept; 10,000 hosts are 1.25 KB for each. The least recently used are dropped. */
const MOST = 1000;

/** Which hosts pass a check with `kept`, remembered for all requests that ask the same. */
export class KeptAnswers {
  private readonly byKey = new Map<string, KeptAnswer>();
  private epoch = -1;

  constructor(private readonly view: ClusterView) {}

  /** Good until hosts come or go (`ClusterView.epoch`). */
  of(check: Check, { key, changesWith }: NonNullable<Check['kept']>): KeptAnswer {
    const { view, byKey } = this;
    if (this.epoch !== view.epoch) {
      byKey.clear();
      this.epoch = view.epoch;
    }
    const known = byKey.get(key);
    byKey.delete(key);
    const answer =
      known ?? new KeptAnswer(check, view, changesWith === 'host' ? view.hostChanges : view.changes);
    byKey.set(key, answer);
    for (const oldest of byKey.keys()) {
      if (byKey.size <= MOST) break;
      byKey.delete(oldest);
    }
    answer.catchUp();
    return answer;
  }
}

/** The hosts that pass one check. Before it is read, `catchUp` takes in what has changed. */
export class KeptAnswer {
  hosts: HostSet;
  private caughtUp: number;

  constructor(
    private readonly check: Check,
    private readonly view: ClusterView,
    private readonly log: ChangeLog,
  ) {
    this.hosts = passing(check, view);
    this.caughtUp = log.next;
  }

  catchUp(): void {
    const { log, check, view } = this;
    if (log.next === this.caughtUp) return;
    const changed = log.since(this.caughtUp);
    this.caughtUp = log.next;
    if (changed === undefined || changed.length > view.size) this.hosts = passing(check, view);
    else for (const host of changed) this.hosts.put(host.order, check.passes(host));
  }
}

/** The hosts that pass, by the check's own index or by asking each. */
function passing(check: Check, view: ClusterView): HostSet {
  const { hosts } = view;
  const indexed = check.passing?.();
  return (
    indexed ??
    HostSet.of(
      hosts.length,
      hosts.filter((host) => check.passes(host)),
    )
  );
}
