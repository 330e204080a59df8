import { say } from '../../model/said/index.ts';
import type { ClusterView } from '../cluster-view.ts';
import { type Expression, expressionKey } from '../expression.ts';
import { HostSet } from '../host-set.ts';
import { containerLabel, type HostView } from '../host-view.ts';
import { IMAGE_REPLICAS, type PlacementRequest } from '../request.ts';
import { type Filter, sameForAll } from './filter.ts';

type Matches = (host: HostView) => boolean;

/**
 * To or away from what is on a host already: `container` (ID or name), `image` (ID, repository, repository:tag),
 * `service`, or any container label.
 */
export const affinity: Filter = {
  name: 'affinity',
  prepare: (request, { soft, view }) =>
    request.affinities
      .filter((expression) => soft || !expression.soft)
      .map((expression) => {
        const matches = matcher(expression, request, view);
        return {
          passes: (host) => matches(host) !== expression.negated,
          reason: sameForAll(() => say('placement.affinity', { text: expression.text })),
          passing: () => passing(expression, view),
          kept: {
            key: `${expressionKey(expression)} ${expression.key === 'service' ? (request.project ?? '') : ''}`,
            changesWith: expression.key === 'image' ? ('host' as const) : ('containers' as const),
          },
        };
      }),
};

function matcher(expression: Expression, request: PlacementRequest, view: ClusterView): Matches {
  const { literal, key } = expression;
  switch (key) {
    case 'container':
      if (literal !== undefined) return (host) => host.hasContainerNamed(literal);
      return (host) => some(host.containerNames(), expression);
    case 'image':
      if (literal !== undefined) return (host) => host.hasImageRef(literal);
      return (host) => some(host.imageNames(), expression);
    case 'service':
      return serviceMatcher(expression, request.project, view);
    default:
      if (literal !== undefined) return (host) => view.hostsWithLabel(key, literal).has(host);
      return (host) => some(labelValues(host, key), expression);
  }
}

/** By the index of images; undefined where it does not have them. */
function passing({ key, literal, negated }: Expression, view: ClusterView): HostSet | undefined {
  // An image's ID, or the beginning of one, is no reference.
  if (key !== 'image' || literal === undefined || negated || literal.startsWith('sha256:')) return undefined;
  return HostSet.of(view.hosts.length, view.hostsWithImage(literal));
}

function* labelValues(host: HostView, key: string): Iterable<string> {
  for (const container of host.containers.values()) yield containerLabel(container, key);
}

function some(values: Iterable<string>, expression: Expression): boolean {
  for (const value of values) if (expression.matches(value)) return true;
  return false;
}

/** A bare name means a service of the same project; `project/service` any. */
function serviceMatcher(expression: Expression, project: string | undefined, view: ClusterView): Matches {
  const { literal } = expression;
  if (literal !== undefined && project !== undefined) {
    const own = `${project}/${literal}`;
    return (host) => view.hostsWith(own).has(host) || view.hostsWith(literal).has(host);
  }
  const known = new Map<string, boolean>();
  const isMeant = (service: string): boolean => {
    if (service.startsWith(IMAGE_REPLICAS)) return false;
    if (expression.matches(service)) return true;
    const slash = service.indexOf('/');
    if (slash < 0 || (project !== undefined && service.slice(0, slash) !== project)) return false;
    return expression.matches(service.slice(slash + 1));
  };
  return (host) => {
    for (const { service } of host.containers.values()) {
      if (service === undefined) continue;
      let meant = known.get(service);
      if (meant === undefined) {
        meant = isMeant(service);
        known.set(service, meant);
      }
      if (meant) return true;
    }
    return false;
  };
}
