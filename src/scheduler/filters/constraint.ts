import type { ClusterView } from '../cluster-view.ts';
import { accepts, type Expression } from '../expression.ts';
import { type HostView, normalArchitecture } from '../host-view.ts';
import type { Filter } from './filter.ts';

/** Labels and attributes of the host, in classic Swarm's form and in that of compose's `deploy.placement`. */
export const constraint: Filter = {
  name: 'constraint',
  prepare: (request, { soft, view }) =>
    request.constraints
      .filter((expression) => soft || !expression.soft)
      .map((expression) => ({
        passes: constraintTest(expression),
        reason: () => `${expression.text} not met`,
        candidates: () => candidates(expression, view),
        exact: true,
      })),
};

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

/** The hosts to look at instead of all, by the index of label values; undefined where there is none for the key. */
function candidates(expression: Expression, view: ClusterView): readonly HostView[] | undefined {
  const { key, negated } = expression;
  if (Object.hasOwn(ATTRIBUTES, key) || key.startsWith(ENGINE_LABELS)) return undefined;
  const lists: (readonly HostView[])[] = [];
  let n = 0;
  for (const [value, hosts] of view.hostsByLabel(hostLabel(key))) {
    if (expression.matches(value) === negated) continue;
    lists.push(hosts);
    n += hosts.length;
  }
  if (lists.length === 1) return lists[0];
  // Copying most of the hosts costs more than it saves.
  return n * 4 > view.hosts.length ? undefined : lists.flat();
}

const NODE_LABELS = 'node.labels.';
const ENGINE_LABELS = 'engine.labels.';

function hostLabel(key: string): string {
  return key.startsWith(NODE_LABELS) ? key.slice(NODE_LABELS.length) : key;
}
