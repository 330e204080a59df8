import { say } from '../../model/said/index.ts';
import type { ClusterView } from '../cluster-view.ts';
import { accepts, type Expression, expressionKey } from '../expression.ts';
import { HostSet } from '../host-set.ts';
import { type HostView, normalArchitecture } from '../host-view.ts';
import { type Filter, sameForAll } from './filter.ts';

/** Labels and attributes of the host, in classic Swarm's form and in that of compose's `deploy.placement`. */
export const constraint: Filter = {
  name: 'constraint',
  prepare: (request, { soft, view }) =>
    request.constraints
      .filter((expression) => soft || !expression.soft)
      .map((expression) => ({
        passes: constraintTest(expression),
        reason: sameForAll(() => notMet(expression)),
        passing: () => passing(expression, view),
        kept: { key: expressionKey(expression), changesWith: 'host' },
      })),
};

function notMet({ key, negated, text }: Expression): string {
  // With the `~` of a soft one.
  const value = text.slice(key.length + 2);
  return say(negated ? 'placement.unequal' : 'placement.equal', { key, value });
}

/** True where the host meets the expression; a missing label is the empty string. */
export function meetsConstraint(expression: Expression, host: HostView): boolean {
  return constraintTest(expression)(host);
}

/** Host attributes that a constraint can name beside labels. */
const ATTRIBUTES: Readonly<Record<string, (host: HostView) => readonly string[]>> = {
  node: (host) => [host.id, host.name],
  'node.id': (host) => [host.id],
  'node.hostname': (host) => [host.name],
  'node.ip': (host) => [host.address.replace(/:\d+$/, '')],
  // Berth's hosts are workers, but for those which an operator (or `berth up`) labels.
  'node.role': (host) => [host.labels.get('berth.role') ?? 'worker'],
  'node.platform.os': (host) => [host.os],
  'node.platform.arch': (host) => [host.architecture, ...(ALIASES.get(host.architecture) ?? [])],
};

/** The kernel's words for what Docker calls amd64 and arm64. */
const ALIASES = new Map(['x86_64', 'aarch64'].map((name) => [normalArchitecture(name), [name]] as const));

function constraintTest(expression: Expression): (host: HostView) => boolean {
  const { key, negated } = expression;
  const attribute = Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key] : undefined;
  if (attribute !== undefined) return (host) => accepts(expression, attribute(host));
  if (key.startsWith(ENGINE_LABELS)) {
    const label = key.slice(ENGINE_LABELS.length);
    return (host) => expression.matches(host.engineLabels.get(label) ?? '') !== negated;
  }
  const label = hostLabel(key);
  return (host) => expression.matches(host.labels.get(label) ?? '') !== negated;
}

/** By the index of label values; undefined where there is none for the key. */
function passing(expression: Expression, view: ClusterView): HostSet | undefined {
  const { key, negated } = expression;
  if (Object.hasOwn(ATTRIBUTES, key) || key.startsWith(ENGINE_LABELS)) return undefined;
  const met = new HostSet(view.hosts.length);
  for (const [value, orders] of view.hostsByLabel(hostLabel(key)))
    if (expression.matches(value) !== negated) for (const order of orders) met.put(order, true);
  return met;
}

const NODE_LABELS = 'node.labels.';
const ENGINE_LABELS = 'engine.labels.';

function hostLabel(key: string): string {
  return key.startsWith(NODE_LABELS) ? key.slice(NODE_LABELS.length) : key;
}
