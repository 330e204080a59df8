import { BerthError } from '../../kit/errors.ts';
import { type ReleaseRecord, releaseKey, type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import type { Scaling } from '../../model/scaling.ts';
import { replicasOf, scalingOf } from '../../model/service-scale.ts';
import { fieldChanges } from '../../model/stack-diff.ts';
import type { ReadTx } from '../../store/store.ts';

// Two people with the same page before them: the second is told what the first has done, and nothing is written over unseen.
// Each takes undefined for who does not say what was seen.

const HINT = 'look at it again, and do it then if it is still right';

/** @throws BerthError `conflict` where the number of containers is another one by now */
export function refuseOtherNumber(tx: ReadTx, record: ServiceRecord, was: number | undefined): void {
  const now = replicasOf(record);
  if (was === undefined || was === now) return;
  const last = tx.get('scaleHistory', serviceKey(record.stack, record.name))?.changes.at(-1);
  const who = last?.to === now ? `: ${last.by} has set that (${last.why})` : '';
  throw new BerthError(
    'conflict',
    `service ${record.name} is to have ${now} containers by now, not ${was}${who}`,
    {
      hint: HINT,
    },
  );
}

/** @throws BerthError `conflict` where another release is wanted by now */
export function refuseOtherRelease(tx: ReadTx, record: ServiceRecord, seen: number | undefined): void {
  const { stack, name, release } = record;
  if (seen === undefined || seen === release) return;
  const begun = tx.get('releases', releaseKey(stack, name, release));
  const who = begun === undefined ? '' : `: ${begun.by} has begun it (${causeText(begun.cause)})`;
  throw new BerthError('conflict', `service ${name} is at release ${release} by now, not ${seen}${who}`, {
    hint: HINT,
  });
}

/** @throws BerthError `conflict` where the new version has another share of the requests by now */
export function refuseOtherWeight({ number, shift, reason }: ReleaseRecord, was: number | undefined): void {
  if (was === undefined || shift === undefined || was === shift.weight) return;
  throw new BerthError(
    'conflict',
    `${shift.weight} % of the requests go to release ${number} by now, not ${was} %${reason === '' ? '' : ` (${reason})`}`,
    { hint: HINT },
  );
}

/** @throws BerthError `conflict` where the service scales by other rules by now, with what is different */
export function refuseOtherRules(record: ServiceRecord, was: Scaling | null | undefined): void {
  if (was === undefined) return;
  const now = scalingOf(record) ?? null;
  const changes = fieldChanges(was, now);
  if (changes.length === 0) return;
  const text = (value: unknown) => (value === undefined || value === null ? 'none' : JSON.stringify(value));
  const told = changes.map(
    ({ field, before, after }) => `${field || 'rules'}: ${text(before)} -> ${text(after)}`,
  );
  throw new BerthError(
    'conflict',
    `service ${record.name} scales by other rules by now than those that were seen: ${told.join(', ')}`,
    { hint: HINT },
  );
}

function causeText(cause: ReleaseRecord['cause']): string {
  return cause.kind === 'rollback' ? `back to ${cause.to}` : cause.kind;
}
