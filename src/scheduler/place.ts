import { BerthError } from '../kit/errors.ts';
import type { ClusterView } from './cluster-view.ts';
import { type DomainLayout, domainLayout } from './domain-layout.ts';
import { type Explanation, explanation, refusalOf } from './explain.ts';
import type { Expression } from './expression.ts';
import type { Check } from './filters/filter.ts';
import { FILTERS } from './filters/registry.ts';
import type { ContainerView, HostView } from './host-view.ts';
import { KeptAnswers } from './kept-answers.ts';
import { type ExternalStrategy, type LoadedPlugins, NO_PLUGINS } from './plugin.ts';
import { seededRandom } from './random-source.ts';
import { Ranking } from './ranking.ts';
import { RankingMemories } from './ranking-memory.ts';
import { type PlacementRequest, replicaKey } from './request.ts';
import { STRATEGIES } from './strategies/registry.ts';
import type { Strategy } from './strategies/strategy.ts';

export type SchedulerOptions = Readonly<{
  /** Where two runs with the same seed see the same cluster and requests, they place alike. */
  seed?: number;
  /** Asked for each request, as settings change. */
  plugins?: () => LoadedPlugins;
  /**
   * Rankings are dropped, the least recently used first, once they hold more hosts than this together. A ranking of
   * 10,000 hosts is 280 KB and takes a fraction of a millisecond to make anew.
   */
  maxRankedHosts?: number;
}>;

export type GroupMember = Readonly<{ id: string; name: string }>;

/**
 * Chooses hosts. Requests of the same shape share one ranking of the hosts, which follows the changes of the view: the
 * first of them looks at every host, each further one costs the logarithm of their number.
 */
export class Scheduler {
  private readonly random: () => number;
  private readonly plugins: () => LoadedPlugins;
  private readonly maxRankedHosts: number;
  private readonly rankings = new Map<string, Ranking>();
  private readonly memories = new RankingMemories();
  /** The latest ranking that is not kept: done with when the next one is asked for. */
  private unkept: Ranking | undefined;
  /** The ranking that was used last: the members of a group find it without their signature. */
  private last:
    | Readonly<{
        request: PlacementRequest;
        soft: boolean;
        name: string;
        plugins: LoadedPlugins;
        ranking: Ranking;
      }>
    | undefined;
  private readonly answers: KeptAnswers;
  private layouts = new Map<string, DomainLayout>();
  private layoutsEpoch = -1;

  constructor(
    readonly view: ClusterView,
    options: SchedulerOptions = {},
  ) {
    this.answers = new KeptAnswers(view);
    this.maxRankedHosts = options.maxRankedHosts ?? 500_000;
    this.random = seededRandom(options.seed ?? 1);
    this.plugins = options.plugins ?? (() => NO_PLUGINS);
  }

  /**
   * The host for one container. The view is not changed: put the container there with `view.putContainer`.
   * @throws BerthError `no_room` with host counts by reason; `not_found` where only the image is missing; `bad_request`
   *   for a strategy that is none; whatever a plugin fails with
   */
  place(request: PlacementRequest): HostView {
    const plugins = this.plugins();
    for (const soft of passes(request)) {
      const host = this.ranking(request, soft, plugins).pick(this.random);
      if (host !== undefined) return host;
    }
    throw refusalOf(request, this.explain(request));
  }

  /** Places members of a group of equal containers one after the other and puts them into the view. */
  placeGroup(request: PlacementRequest, members: readonly GroupMember[]): readonly HostView[] {
    const hosts: HostView[] = [];
    try {
      for (const { id, name } of members) {
        const host = this.place(request);
        this.view.addContainer(host, plannedContainer(request, id, name));
        hosts.push(host);
      }
    } catch (thrown) {
      hosts.forEach((host, i) => {
        this.view.removeContainer(host.id, members[i]?.id ?? '');
      });
      throw thrown;
    }
    return hosts;
  }

  /** Every host with its verdict, those that fit first and best first. */
  explain(request: PlacementRequest): Explanation {
    const plugins = this.plugins();
    const kinds = passes(request);
    for (const [i, soft] of kinds.entries()) {
      const ranking = this.ranking(request, soft, plugins);
      const ordered = ranking.ordered();
      if (ordered.length > 0 || i === kinds.length - 1) {
        const checks = this.checks(request, soft);
        const chosen = ranking.pick(this.random);
        return explanation({ request, view: this.view, checks, plugins, ordered, chosen });
      }
    }
    throw new Error('unreachable: the last pass returns');
  }

  private ranking(request: PlacementRequest, soft: boolean, plugins: LoadedPlugins): Ranking {
    const name = request.strategy ?? this.view.settings.strategy;
    const { last } = this;
    if (last?.request === request && last.soft === soft && last.name === name && plugins === last.plugins)
      if (last.ranking.catchUp()) return last.ranking;
    const external = plugins.strategies.find((strategy) => strategy.name === name);
    const strategy = external === undefined ? builtIn(name, plugins) : externalStrategy(external);
    const fixed = external === undefined && plugins.filters.length === 0;
    const key = `${name}\n${soft}\n${request.signature}`;
    // Also the oldest question of `hosts`: it numbers them.
    const { hosts } = this.view;
    if (fixed) {
      const known = this.rankings.get(key);
      this.rankings.delete(key);
      if (known?.catchUp()) {
        this.rankings.set(key, known);
        this.last = { request, soft, name, plugins, ranking: known };
        return known;
      }
      if (known !== undefined) this.release(known);
    }
    const checks = this.checks(request, soft);
    const { labels, replicasOf } = spreading(request, strategy, this.view);
    const layout = this.layout(labels);
    const refine = fixed
      ? undefined
      : (fitting: readonly HostView[]) => refined(request, fitting, plugins, strategy, external);
    if (this.unkept !== undefined) this.release(this.unkept);
    this.unkept = undefined;
    const { view, answers } = this;
    const memory = this.memories.take(hosts.length);
    const ranking = new Ranking({
      view,
      layout,
      request,
      checks,
      answers,
      memory,
      strategy,
      replicasOf,
      refine,
    });
    if (fixed && !checks.some((check) => check.volatile)) {
      this.rankings.set(key, ranking);
      this.last = { request, soft, name, plugins, ranking };
      const most = Math.max(4, Math.floor(this.maxRankedHosts / Math.max(1, hosts.length)));
      for (const [oldest, dropped] of this.rankings) {
        if (this.rankings.size <= most) break;
        this.rankings.delete(oldest);
        this.release(dropped);
      }
    } else this.unkept = ranking;
    return ranking;
  }

  /** Nobody may ask the ranking afterwards: its memory is another's. */
  private release(ranking: Ranking): void {
    if (this.last?.ranking === ranking) this.last = undefined;
    this.memories.giveBack(ranking.memory);
  }

  private checks(request: PlacementRequest, soft: boolean): Check[] {
    return FILTERS.flatMap((filter) => filter.prepare(request, { view: this.view, soft }));
  }

  private layout(labels: readonly string[]): DomainLayout {
    if (this.layoutsEpoch !== this.view.epoch) {
      this.layouts = new Map();
      for (const ranking of this.rankings.values()) this.release(ranking);
      this.rankings.clear();
      this.layoutsEpoch = this.view.epoch;
    }
    const key = labels.join('\n');
    let layout = this.layouts.get(key);
    if (layout === undefined) {
      layout = domainLayout(this.view.hosts, labels);
      this.layouts.set(key, layout);
    }
    return layout;
  }
}

/** The container that a placement would make, as the view counts it. */
export function plannedContainer(request: PlacementRequest, id: string, name: string): ContainerView {
  return {
    key: id,
    id,
    name,
    image: request.image,
    labels: request.labels,
    service: replicaKey(request),
    project: request.project,
    stopped: false,
    cpuMilli: request.resources.cpuMilli,
    memory: request.resources.memory,
    ports: request.ports,
  };
}

/** With soft expressions, then without; one pass where there are none. */
function passes(request: PlacementRequest): readonly boolean[] {
  const { constraints, affinities, whitelists, availability } = request;
  const soft =
    constraints.some(isSoft) ||
    affinities.some(isSoft) ||
    whitelists.some(isSoft) ||
    availability.some(isSoft);
  return soft ? SOFT_FIRST : HARD_ONLY;
}

const SOFT_FIRST: readonly boolean[] = [true, false];
const HARD_ONLY: readonly boolean[] = [false];

function isSoft({ soft }: Expression): boolean {
  return soft;
}

/** Over which labels replicas are spread: those of `availability:` first, then the request's own or the cluster's. */
function spreading(
  request: PlacementRequest,
  strategy: Strategy,
  view: ClusterView,
): { labels: readonly string[]; replicasOf: string | undefined } {
  const byCluster = strategy.spreadsDomains && request.service !== undefined;
  const labels = [
    ...request.availability.map(({ key }) => key),
    ...(request.spreadOver ?? (byCluster ? view.settings.failureDomains : [])),
  ];
  const asked = byCluster || labels.length > 0;
  return { labels: [...new Set(labels)], replicasOf: asked ? replicaKey(request) : undefined };
}

function builtIn(name: string, plugins: LoadedPlugins): Strategy {
  const strategy = STRATEGIES.find((known) => known.name === name);
  if (strategy !== undefined) return strategy;
  const names = [...STRATEGIES, ...plugins.strategies].map((known) => known.name);
  throw new BerthError('bad_request', `strategy "${name}" is not one: write ${names.join(', ')}`);
}

function externalStrategy({ name }: ExternalStrategy): Strategy {
  return { name, spreadsDomains: false, draws: false, rank: () => 0, tie: (host) => host.usedSlots };
}

function refined(
  request: PlacementRequest,
  fitting: readonly HostView[],
  plugins: LoadedPlugins,
  strategy: Strategy,
  external: ExternalStrategy | undefined,
): ReadonlyMap<HostView, number> {
  let left = fitting;
  for (const filter of plugins.filters) {
    if (left.length === 0) break;
    const refusals = filter.refusals(request, left);
    left = left.filter((_, i) => refusals[i] === undefined);
  }
  if (external === undefined || left.length === 0)
    return new Map(left.map((host) => [host, strategy.rank(host, request)]));
  const ranks = external.ranks(request, left);
  return new Map(left.map((host, i) => [host, ranks[i] ?? 0]));
}
