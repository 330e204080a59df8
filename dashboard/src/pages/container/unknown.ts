import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { Node } from '../../../../src/contract/v1/nodes.ts';

/**
 * Why nobody knows whether a container runs: its host does not answer, or has not reported it, as for a moment after the
 * manager was started. Undefined where it is known.
 */
export function unknownOf(
  { state }: Pick<ContainerView, 'state'>,
  host: Pick<Node, 'state'> | undefined,
): 'silent' | 'unreported' | undefined {
  if (host?.state === 'down') return 'silent';
  if (state !== 'pending') return undefined;
  return host?.state === 'suspect' ? 'silent' : 'unreported';
}
