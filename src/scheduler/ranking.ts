import type { ClusterView } from './cluster-view.ts';
import type { DomainLayout } from './domain-layout.ts';
import type { Check } from './filters/filter.ts';
import type { ReadonlyHostCounts } from './host-counts.ts';
import { columnOf, type HostFigures } from './host-figures.ts';
import { HostSet } from './host-set.ts';
import type { HostView } from './host-view.ts';
import type { KeptAnswer, KeptAnswers } from './kept-answers.ts';
import type { RankingMemory } from './ranking-memory.ts';
import type { PlacementRequest } from './request.ts';
import { SegmentHeap } from './segment-heap.ts';
import type { Strategy } from './strategies/strategy.ts';

export type RankingInput = Readonly<{
  view: ClusterView;
  layout: DomainLayout;
  request: PlacementRequest;
  checks: readonly Check[];
  answers: KeptAnswers;
  /** Cleared, and this ranking's alone. */
  memory: RankingMemory;
  strategy: Strategy;
  /** Key of the replicas that are kept apart; undefined where none are. */
  replicasOf: string | undefined;
  /** Ranks from outside, by the hosts that pass; a host that is not in it is refused. */
  refine?: (hosts: readonly HostView[]) => ReadonlyMap<HostView, number>;
}>;

/**
 * The hosts that fit one shape of request, best first, kept so while the cluster changes: each change costs the logarithm
 * of the number of hosts. Failure domains come before the strategy's rank: first a host whose domains are empty of
 * replicas down to the narrowest possible (so no two in one rack while another rack fits, nor in one datacenter), then
 * evenly from the widest to the narrowest, then the host with the fewest replicas, then rank, tie, name.
 */
export class Ranking {
  readonly epoch: number;
  private caughtUp: number;
  private readonly hosts: readonly HostView[];
  private readonly figures: HostFigures;
  /** Checks by how they are answered: kept for all hosts, by a figure, or by the host. */
  private readonly kept: readonly KeptAnswer[];
  private readonly floors: readonly Readonly<{ column: number; amount: number }>[];
  private readonly asked: readonly Check[];
  private readonly replicas: Int32Array;
  private readonly ranks: Float64Array;
  private readonly ties: Float64Array;
  /** Replicas in each domain. */
  private readonly counts: Int32Array;
  /** The best host of each domain; −1 where none fits. */
  private readonly best: Int32Array;
  private readonly hostHeap: SegmentHeap;
  private readonly domainHeap: SegmentHeap;

  constructor(private readonly input: RankingInput) {
    const { view, layout, checks, answers, memory } = input;
    this.hosts = view.hosts;
    this.figures = view.figures;
    this.kept = checks.flatMap((check) => (check.kept ? answers.of(check, check.kept) : []));
    this.floors = checks.flatMap(({ atLeast }) =>
      atLeast ? { column: columnOf(atLeast.figure), amount: atLeast.amount } : [],
    );
    this.asked = checks.filter((check) => !check.kept && !check.atLeast);
    this.epoch = view.epoch;
    this.caughtUp = view.changes.next;
    this.replicas = memory.replicas;
    this.ranks = memory.ranks;
    this.ties = memory.ties;
    this.counts = new Int32Array(layout.nodes);
    this.best = new Int32Array(layout.nodes).fill(-1);
    this.hostHeap = new SegmentHeap(layout.hostStarts, memory.items, memory.position, this.hostBefore);
    const inHeap = new Int32Array(layout.nodes).fill(-1);
    this.domainHeap = new SegmentHeap(
      layout.childStarts,
      new Int32Array(layout.nodes),
      inHeap,
      this.domainBefore,
    );
    this.countReplicas();
    this.fill();
  }

  /** What it may give back once nobody asks it any more. */
  get memory(): RankingMemory {
    return this.input.memory;
  }

  /** Takes in what has changed since; false where it must be made anew. */
  catchUp(): boolean {
    const { view } = this.input;
    if (view.epoch !== this.epoch) return false;
    if (view.changes.next === this.caughtUp) return true;
    const changed = view.changes.since(this.caughtUp);
    if (changed === undefined || changed.length > this.hosts.length) return false;
    this.caughtUp = view.changes.next;
    for (const answer of this.kept) answer.catchUp();
    const { replicasOf } = this.input;
    const replicas = replicasOf === undefined ? undefined : view.hostsWith(replicasOf);
    for (const host of changed) this.update(host, replicas);
    return true;
  }

  /** The host to take; undefined where none fits. @param random where the strategy draws */
  pick(random: () => number): HostView | undefined {
    const best = this.best[0] as number;
    if (best === -1) return undefined;
    if (!this.input.strategy.draws) return this.hosts[best];
    const leaf = this.input.layout.leafOf[best] as number;
    return this.hosts[this.hostHeap.at(leaf, Math.floor(random() * this.hostHeap.size(leaf)))];
  }

  /** All hosts that fit, best first, as things are now. */
  ordered(): readonly HostView[] {
    return this.hosts
      .filter((host) => this.hostHeap.has(host.order))
      .sort((a, b) => (this.before(a.order, b.order) ? -1 : 1));
  }

  private countReplicas(): void {
    const { view, replicasOf } = this.input;
    if (replicasOf === undefined) return;
    const replicas = view.hostsWith(replicasOf);
    for (const host of replicas) {
      const n = replicas.on(host);
      this.replicas[host.order] = n;
      this.addReplicas(host.order, n);
    }
  }

  private fill(): void {
    const { layout, refine } = this.input;
    const fitting = this.candidates();
    if (refine === undefined) {
      for (let i = fitting.next(0); i !== -1; i = fitting.next(i + 1)) if (this.fitsNow(i)) this.add(i);
    } else {
      const left = this.hosts.filter((_, i) => fitting.has(i) && this.fitsNow(i));
      for (const [host, rank] of refine(left)) this.add(host.order, rank);
    }
    // Children have larger numbers than their parents.
    for (let node = layout.nodes - 1; node >= 0; node--) {
      if (layout.level[node] === layout.depth) {
        this.hostHeap.heapify(node);
        this.best[node] = this.hostHeap.top(node);
      } else {
        this.domainHeap.heapify(node);
        this.best[node] = this.bestOfChildren(node);
      }
      if (node > 0 && this.best[node] !== -1) this.domainHeap.append(layout.parent[node] as number, node);
    }
  }

  private add(i: number, rank?: number): void {
    this.rank(i, rank);
    this.hostHeap.append(this.input.layout.leafOf[i] as number, i);
  }

  private rank(i: number, rank?: number): void {
    const { strategy, request } = this.input;
    const load = this.figures.at(i);
    this.ranks[i] = rank ?? strategy.rank(load, request);
    this.ties[i] = strategy.tie(load);
  }

  private fits(i: number): boolean {
    for (const answer of this.kept) if (!answer.hosts.has(i)) return false;
    return this.fitsNow(i);
  }

  /** The checks whose answers are not kept. */
  private fitsNow(i: number): boolean {
    const { floors, figures, asked } = this;
    for (const { column, amount } of floors) if (!(amount <= figures.get(i, column))) return false;
    for (const check of asked) if (!check.passes(this.hosts[i] as HostView)) return false;
    return true;
  }

  private update(host: HostView, replicas: ReadonlyHostCounts | undefined): void {
    const { layout } = this.input;
    const i = host.order;
    const leaf = layout.leafOf[i] as number;
    if (replicas !== undefined) {
      const now = replicas.on(host);
      const by = now - (this.replicas[i] as number);
      this.replicas[i] = now;
      if (by !== 0) this.addReplicas(i, by);
    }
    if (this.fits(i)) {
      this.rank(i);
      this.hostHeap.put(leaf, i);
    } else this.hostHeap.remove(leaf, i);
    this.best[leaf] = this.hostHeap.top(leaf);
    for (let node = leaf; node > 0; ) {
      const parent = layout.parent[node] as number;
      if (this.best[node] === -1) this.domainHeap.remove(parent, node);
      else this.domainHeap.put(parent, node);
      this.best[parent] = this.bestOfChildren(parent);
      node = parent;
    }
  }

  private bestOfChildren(node: number): number {
    const child = this.domainHeap.top(node);
    return child === -1 ? -1 : (this.best[child] as number);
  }

  private addReplicas(host: number, by: number): void {
    const { leafOf, path, depth } = this.input.layout;
    const leaf = leafOf[host] as number;
    for (let level = 0; level < depth; level++) {
      const node = path[leaf * depth + level] as number;
      this.counts[node] = (this.counts[node] as number) + by;
    }
  }

  /** All that fit, and perhaps some that do not: what is known without asking a host. */
  private candidates(): HostSet {
    const set = HostSet.all(this.hosts.length);
    for (const { hosts } of this.kept) set.keep(hosts);
    for (const check of this.asked) {
      const passing = check.passing?.();
      if (passing !== undefined) set.keep(passing);
    }
    return set;
  }

  private readonly hostBefore = (a: number, b: number): boolean => {
    const { replicas, ranks, ties } = this;
    if (replicas[a] !== replicas[b]) return (replicas[a] as number) < (replicas[b] as number);
    if (ranks[a] !== ranks[b]) return (ranks[a] as number) < (ranks[b] as number);
    if (ties[a] !== ties[b]) return (ties[a] as number) < (ties[b] as number);
    return a < b;
  };

  private readonly domainBefore = (a: number, b: number): boolean =>
    this.before(this.best[a] as number, this.best[b] as number);

  private before(a: number, b: number): boolean {
    const { leafOf, path, depth } = this.input.layout;
    const leafA = (leafOf[a] as number) * depth;
    const leafB = (leafOf[b] as number) * depth;
    if (leafA !== leafB) {
      const { counts } = this;
      let occupied = 0;
      let first = 0;
      for (let level = 0; level < depth; level++) {
        const inA = counts[path[leafA + level] as number] as number;
        const inB = counts[path[leafB + level] as number] as number;
        occupied += (inA > 0 ? 1 : 0) - (inB > 0 ? 1 : 0);
        if (first === 0) first = inA - inB;
      }
      if (occupied !== 0) return occupied < 0;
      if (first !== 0) return first < 0;
    }
    return this.hostBefore(a, b);
  }
}
