import { BerthError, messageOf } from '../kit/errors.ts';
import type { DockerSpec } from '../model/container.ts';
import { placementRequest } from './request.ts';
import { withoutExpressions } from './spec-expressions.ts';

/**
 * What is wrong with what of a create body is for the scheduler, in one line: expressions in `Env` (`constraint:rack==r1`),
 * labels that keep some; undefined where nothing is.
 */
export function placementProblem(part: Pick<DockerSpec, 'Env' | 'Labels'>): string | undefined {
  try {
    placementRequest('', withoutExpressions({ Image: '', ...part }));
    return undefined;
  } catch (thrown) {
    if (thrown instanceof BerthError) return messageOf(thrown);
    throw thrown;
  }
}
