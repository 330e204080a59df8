import { say } from '../../model/said/index.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { Figure } from '../host-figures.ts';
import type { HostSet } from '../host-set.ts';
import type { HostView } from '../host-view.ts';
import type { PlacementRequest } from '../request.ts';

export type FilterContext = Readonly<{
  view: ClusterView;
  /** True in the first pass, in which soft expressions are enforced as well. */
  soft: boolean;
}>;

/** One thing that a request asks of a host. */
export interface Check {
  passes(host: HostView): boolean;
  /** Why a host that does not pass is refused: `rack==r1 not met`. */
  reason(host: HostView): string;
  /** The same for all that were refused, where there is more to say of them together: `most free 2 GiB`. */
  summary?(refused: readonly HostView[]): string;
  /** The hosts that pass, where an index has them: then no host is asked. The caller may change the set. */
  passing?(): HostSet | undefined;
  /**
   * Where requests often ask the same, so that the answers are worth keeping for the next one: a host is then asked
   * again only after it has changed.
   */
  readonly kept?: Readonly<{
    /** Equal for checks that any host would answer alike, over all filters. */
    key: string;
    /** What changes the answer: the host itself (state, labels, images), or what stands on it too. */
    changesWith: 'host' | 'containers';
  }>;
  /** Where a host passes just if one of its figures is not below an amount: then a table is read, and no host. */
  readonly atLeast?: Readonly<{ figure: Figure; amount: number }>;
  /** True where the answer depends on more than the host itself: it is then asked anew for every container. */
  readonly volatile?: boolean;
  /** True where a host that fails only this would do once it has the image. Such a filter comes last. */
  readonly pullHelps?: boolean;
}

/** Says which hosts will do. One file per filter, one line in `registry.ts`. */
export interface Filter {
  readonly name: string;
  /** The checks that this request needs; none where it asks for nothing that the filter looks at. */
  prepare(request: PlacementRequest, context: FilterContext): readonly Check[];
}

/** `explain(n)` of a check: one part of a refusal for each reason, such as `2 hosts: rack==r1 not met`. */
export function explainRefusals(check: Check, refused: readonly HostView[]): readonly string[] {
  if (refused.length === 0) return [];
  if (check.summary !== undefined) return [countedReason(refused.length, check.summary(refused))];
  const byReason = new Map<string, number>();
  for (const host of refused) {
    const reason = check.reason(host);
    byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
  }
  return [...byReason].map(([reason, n]) => countedReason(n, reason));
}

export function countedReason(n: number, why: string): string {
  return n === 1 ? say('placement.hosts.one', { why }) : say('placement.hosts.many', { n, why });
}

/** Of a reason that is the same for all hosts: put into words once, and not before a host is refused. */
export function sameForAll(words: () => string): () => string {
  let known: string | undefined;
  return () => {
    known ??= words();
    return known;
  };
}
