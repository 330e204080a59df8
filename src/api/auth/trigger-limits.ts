import { BerthError } from '../../kit/errors.ts';
import { type Rate, RateLimit } from '../../kit/rate-limit.ts';
import { networkOf } from './source-network.ts';

/** Deliveries from one address, whatever comes of them: a pipeline sends one at a time, who guesses sends more. */
const PER_SOURCE: Rate = { perSecond: 1, burst: 30 };
/** Of one trigger: each release takes longer than that. */
const PER_TRIGGER: Rate = { perSecond: 0.2, burst: 10 };
const MOST_SOURCES = 10_000;

/** How often triggers may be called. Memory only, and bounded. */
export class TriggerLimits {
  private readonly sources = new RateLimit(PER_SOURCE, MOST_SOURCES);
  private readonly triggers = new RateLimit(PER_TRIGGER, MOST_SOURCES);

  /** Before anything is looked at. @throws BerthError `too_many_requests` */
  ofSource(address: string, now: number): void {
    if (!this.sources.take(networkOf(address), now))
      throw tooMany('too many triggers are called from this address', PER_SOURCE);
  }

  /** Once the token has proved right: strangers cannot use up what is its owner's. @throws BerthError `too_many_requests` */
  ofTrigger(id: string, now: number): void {
    if (!this.triggers.take(id, now)) throw tooMany('this trigger is called too often', PER_TRIGGER);
  }
}

function tooMany(what: string, { perSecond }: Rate): BerthError {
  return new BerthError('too_many_requests', what, { hint: `try again in ${Math.ceil(1 / perSecond)} s` });
}
