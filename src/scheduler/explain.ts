import { BerthError } from '../kit/errors.ts';
import { say } from '../model/said/index.ts';
import type { ClusterView } from './cluster-view.ts';
import { meetsConstraint } from './filters/constraint.ts';
import { type Check, countedReason, explainRefusals } from './filters/filter.ts';
import type { HostView } from './host-view.ts';
import { normalImageRef } from './image-ref.ts';
import type { LoadedPlugins } from './plugin.ts';
import type { PlacementRequest } from './request.ts';
import { score } from './strategies/strategy.ts';

export type HostVerdict = Readonly<{
  host: HostView;
  fits: boolean;
  /** Every reason why not; empty where it fits. */
  reasons: readonly string[];
  /** It is ready, and a hard constraint leaves it out: not for now, as a lack of room would. */
  outside?: true;
  /** Classic Swarm's score; only of hosts that fit. */
  score: number | undefined;
}>;

export type Explanation = Readonly<{
  chosen: HostView | undefined;
  /** Host counts by the first reason of each, the most frequent first; empty where a host fits. */
  refusals: readonly string[];
  /** True where no host fits, and some would if only they had the image. */
  onlyImageMissing: boolean;
  hosts: readonly HostVerdict[];
}>;

export function explanation(
  input: Readonly<{
    request: PlacementRequest;
    view: ClusterView;
    checks: readonly Check[];
    plugins: LoadedPlugins;
    ordered: readonly HostView[];
    chosen: HostView | undefined;
  }>,
): Explanation {
  const { request, view, checks, plugins, ordered, chosen } = input;
  const fitting = new Set(ordered);
  const refusedBy = new Map<Check, HostView[]>();
  const refused: HostVerdict[] = [];
  /** Passed every built-in filter, and was then refused by a plugin. */
  const byPlugin: HostView[] = [];
  for (const host of view.hosts) {
    if (fitting.has(host)) continue;
    const failed = checks.filter((check) => !check.passes(host));
    const [first] = failed;
    if (first === undefined) {
      byPlugin.push(host);
      continue;
    }
    const list = refusedBy.get(first);
    if (list === undefined) refusedBy.set(first, [host]);
    else list.push(host);
    refused.push({
      ...{ host, fits: false, reasons: failed.map((check) => check.reason(host)), score: undefined },
      ...(isOutside(request, host) ? { outside: true } : {}),
    });
  }
  const plugin = pluginRefusals(request, byPlugin, plugins);
  for (const host of byPlugin)
    refused.push({
      host,
      fits: false,
      reasons: [plugin.get(host) ?? say('placement.plugin')],
      score: undefined,
    });
  const parts = [...refusedBy].map(([check, hosts]) => ({
    n: hosts.length,
    texts: explainRefusals(check, hosts),
  }));
  for (const [reason, n] of tally(plugin.values())) parts.push({ n, texts: [countedReason(n, reason)] });
  return {
    chosen,
    refusals: ordered.length > 0 ? [] : parts.sort((a, b) => b.n - a.n).flatMap(({ texts }) => texts),
    onlyImageMissing: ordered.length === 0 && [...refusedBy.keys()].some((check) => check.pullHelps),
    hosts: [
      ...ordered.map((host) => ({ host, fits: true, reasons: [], score: score(host, request) })),
      ...refused.sort((a, b) => a.host.order - b.host.order),
    ],
  };
}

/** Of a host that is not ready it is not known what its engine says of itself. */
function isOutside({ constraints }: PlacementRequest, host: HostView): boolean {
  return (
    host.state === 'ready' &&
    constraints.some((expression) => !expression.soft && !meetsConstraint(expression, host))
  );
}

/** One message with host counts by reason. */
export function refusalText(request: PlacementRequest, { refusals }: Explanation): string {
  const whys = refusals.length === 0 ? say('placement.empty') : refusals.join('; ');
  return say('placement.refused', { name: request.name, whys });
}

/** What a placement fails with: `not_found` in the engine's words where pulling the image would help. */
export function refusalOf(request: PlacementRequest, explained: Explanation): BerthError {
  if (explained.onlyImageMissing)
    return new BerthError('not_found', `No such image: ${normalImageRef(request.image)}`, {
      hint: `pull it first: docker pull ${request.image}`,
    });
  return new BerthError('no_room', refusalText(request, explained), {
    hint:
      explained.hosts.length === 0
        ? 'add a host: `berth token create` prints the command'
        : '`berth plan` shows each host with its reasons',
  });
}

function pluginRefusals(
  request: PlacementRequest,
  hosts: readonly HostView[],
  plugins: LoadedPlugins,
): ReadonlyMap<HostView, string> {
  const reasons = new Map<HostView, string>();
  let left = hosts;
  for (const filter of plugins.filters) {
    if (left.length === 0) break;
    filter.refusals(request, left).forEach((reason, i) => {
      const host = left[i];
      if (reason !== undefined && host !== undefined) reasons.set(host, `${filter.name}: ${reason}`);
    });
    left = left.filter((host) => !reasons.has(host));
  }
  return reasons;
}

function tally(reasons: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}
