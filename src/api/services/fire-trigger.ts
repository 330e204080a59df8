import { BerthError } from '../../kit/errors.ts';
import { releaseKey, type ServiceRecord } from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import { leastAt } from '../../model/schedule.ts';
import { replicasOf, scalingOf } from '../../model/service-scale.ts';
import { type Trigger, type Triggered, triggerAuthor } from '../../model/trigger.ts';
import { beginRelease } from '../../store/releases.ts';
import { setScale } from '../../store/scaling.ts';
import type { WriteTx } from '../../store/store.ts';
import { checkScale, refuseNumberless } from './check-scale.ts';
import { restartDependents } from './restart-dependents.ts';

/** Two deliveries within this time are one that came twice: nobody has pushed another image in between. */
const SAME_MS = 2_000;

/** What a delivery asks for; only a trigger that scales takes it. */
export type ScaleAsked = Readonly<{ type: 'scale_out' | 'scale_in'; step: number }>;

export type Fired = Readonly<{ did: Triggered; repeated: boolean }>;

/**
 * Does what the trigger is for.
 * @param asked undefined where the delivery does not say which way, and how far
 * @throws BerthError `bad_request` where the delivery is not for such a trigger, `conflict` where the service is not
 */
export function fireTrigger(
  tx: WriteTx,
  record: ServiceRecord,
  trigger: Trigger,
  asked: ScaleAsked | undefined,
  at: number,
): Fired {
  const { action, name } = trigger;
  if (action.kind === 'redeploy') {
    if (asked === undefined) return redeploy(tx, record, trigger, at);
    throw new BerthError('bad_request', `trigger ${name} redeploys: type and step are for one that scales`, {
      hint: 'leave them out, or make one with "berth trigger create --scale"',
    });
  }
  if (asked === undefined)
    throw new BerthError('bad_request', `trigger ${name} scales, and nothing says which way`, {
      hint: 'add &type=scale_out or &type=scale_in, and &step=2 for two containers at a time',
    });
  return { did: scale(tx, record, { ...trigger, action }, asked, at), repeated: false };
}

/** Whatever is under way gives way to it: an image that was pushed last goes out last. */
function redeploy(tx: WriteTx, record: ServiceRecord, trigger: Trigger, at: number): Fired {
  const { stack, name, release } = record;
  const underWay = tx.get('releases', releaseKey(stack, name, release));
  const justBegun = underWay?.cause.kind === 'redeploy' && underWay.state === 'releasing';
  if (justBegun && Math.abs(at - underWay.at) < SAME_MS)
    return { did: { kind: 'redeploy', release }, repeated: true };
  const start = { by: triggerAuthor(trigger), at };
  const begun = beginRelease(tx, record, record.service, { ...start, cause: { kind: 'redeploy' } });
  const deployed = tx.get('stacks', stack)?.stack;
  if (deployed !== undefined) restartDependents(tx, deployed, [name], start);
  return { did: { kind: 'redeploy', release: begun.release }, repeated: false };
}

/** Within the limits of the trigger, and of the service where it scales by itself; never the other way. */
function scale(
  tx: WriteTx,
  record: ServiceRecord,
  { action, ...trigger }: Trigger & Readonly<{ action: { kind: 'scale' } }>,
  { type, step }: ScaleAsked,
  at: number,
): Triggered {
  refuseNumberless(record);
  const scaling = scalingOf(record);
  const least = Math.max(action.min, scaling === undefined ? 0 : leastAt(scaling, at));
  const most = Math.min(action.max, scaling?.max ?? action.max);
  const from = replicasOf(record);
  if (from === 0 && least > 0)
    throw new BerthError('conflict', `service ${record.name} is set to 0 containers: no trigger starts it`, {
      hint: `"berth service scale ${record.stack}/${record.name} ${least}" does`,
    });
  const to =
    type === 'scale_out'
      ? Math.max(from, Math.min(most, from + step))
      : Math.min(from, Math.max(least, from - step));
  if (to !== from) {
    checkScale(record.service, to);
    const why =
      type === 'scale_out' ? say('scaling.why.out', { n: step }) : say('scaling.why.in', { n: step });
    setScale(tx, record, to, { at, by: triggerAuthor(trigger), why });
  }
  return { kind: 'scale', from, to };
}
