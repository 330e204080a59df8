import type { Picture } from '../cluster/live.ts';
import type { Action } from './action.ts';

type Known = Pick<Picture, 'nodes' | 'containers' | 'complete'>;

/** The host or container that it would be done to is not there any more: somebody else has removed it. Others: `There`. */
export function isGone({ way: { route, input } }: Pick<Action, 'way'>, known: Known): boolean {
  if (!known.complete) return false;
  if (route.startsWith('node.')) return isMissing(input?.node, known.nodes);
  if (route.startsWith('container.')) return isMissing(input?.container, known.containers);
  return false;
}

function isMissing(asked: unknown, there: readonly Readonly<{ id: string; name: string }>[]): boolean {
  return asked !== undefined && !there.some(({ id, name }) => id === asked || name === asked);
}
