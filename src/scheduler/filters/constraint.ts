import { accepts, type Expression } from '../expression.ts';
import { type HostView, normalArchitecture } from '../host-view.ts';
import type { Filter } from './filter.ts';

/** Labels and attributes of the host, in classic Swarm's form and in that of compose's `deploy.placement`. */
export const constraint: Filter = {
  name: 'constraint',
  prepare: (request, { soft }) =>
    request.constraints
      .filter((expression) => soft || !expression.soft)
      .map((expression) => ({
        passes: (host) => meetsConstraint(expression, host),
        reason: () => `${expression.text} not met`,
      })),
};

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

const ALIASES = new Map(['x86_64', 'aarch64'].map((name) => [normalArchitecture(name), [name]] as const));

/** True where the host meets the expression; a missing label is the empty string. */
export function meetsConstraint(expression: Expression, host: HostView): boolean {
  const { key } = expression;
  const attribute = Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key] : undefined;
  if (attribute !== undefined) return accepts(expression, attribute(host));
  return expression.matches(labelValue(key, host)) !== expression.negated;
}

function labelValue(key: string, host: HostView): string {
  if (key.startsWith('node.labels.')) return host.labels.get(key.slice('node.labels.'.length)) ?? '';
  if (key.startsWith('engine.labels.'))
    return host.engineLabels.get(key.slice('engine.labels.'.length)) ?? '';
  return host.labels.get(key) ?? '';
}
