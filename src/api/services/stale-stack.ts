import { BerthError } from '../../kit/errors.ts';
import type { ReadTx } from '../../store/store.ts';

/**
 * Of two who change the same stack the second one is told.
 * @param expect generation of the stack that the user has seen, 0 for none; undefined: it does not matter
 * @throws BerthError `conflict`
 */
export function refuseStale(tx: ReadTx, stack: string, expect: number | undefined): void {
  const record = tx.get('stacks', stack);
  const { generation = 0 } = record ?? {};
  if (expect === undefined || expect === generation) return;
  if (record === undefined)
    throw new BerthError('conflict', `stack ${stack} is gone`, {
      hint: 'deploy it as a new one, if it is to be there',
    });
  const when = `by ${record.by}, ${new Date(record.at).toISOString()}`;
  throw new BerthError(
    'conflict',
    expect === 0
      ? `there is a stack ${stack} already, deployed ${when}`
      : `stack ${stack} has been deployed since (${when}): it is at change ${generation}, and you have seen ${expect}`,
    {
      hint:
        expect === 0
          ? 'choose another name, or edit that one'
          : 'look at what has changed, and deploy on top of it',
    },
  );
}
