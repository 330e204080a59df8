import { BerthError, messageOf } from '../kit/errors.ts';
import { placementRequest } from './request.ts';
import { withoutExpressions } from './spec-expressions.ts';

/** What is wrong with an entry of `Env` that is an expression (`constraint:rack==r1`), in one line; undefined where nothing is. */
export function expressionProblem(entry: string): string | undefined {
  try {
    placementRequest('', withoutExpressions({ Image: '', Env: [entry] }));
    return undefined;
  } catch (thrown) {
    if (thrown instanceof BerthError) return messageOf(thrown);
    throw thrown;
  }
}
