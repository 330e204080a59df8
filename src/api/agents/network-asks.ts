import type { ManagerFrame, NetworkAsk } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Store } from '../../store/store.ts';
import { answerAsk } from '../networks/plain-docker.ts';

type Answer = ManagerFrame & { t: 'answer' };
type Frame = Readonly<{ id: number; ask: NetworkAsk }>;

/** Agents wait ten seconds for an answer: by then nobody asks again. */
const REMEMBERED_MS = 60_000;

/**
 * Answers what hosts ask of networks, once it is durable. A question that comes again, because its connection was lost before
 * the answer, is answered as it was: no second network is made for it.
 */
export class NetworkAsks {
  private readonly answers = new Map<string, Readonly<{ at: number; answer: Promise<Answer> }>>();

  constructor(private readonly deps: Readonly<{ store: Store; clock: Clock; logger: Logger }>) {}

  answer(hostId: string, { id, ask }: Frame): Promise<Answer> {
    const now = this.deps.clock.now();
    for (const [key, { at }] of this.answers) {
      if (Math.abs(now - at) < REMEMBERED_MS) break;
      this.answers.delete(key);
    }
    const key = `${hostId} ${id} ${JSON.stringify(ask)}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known.answer;
    const answer = this.make(hostId, { id, ask });
    this.answers.set(key, { at: now, answer });
    // Nothing was made that a second time would make again; and what was refused may be possible by then.
    void answer.then(({ error }) => {
      if (error !== undefined && this.answers.get(key)?.answer === answer) this.answers.delete(key);
    });
    return answer;
  }

  private async make(hostId: string, { id, ask }: Frame): Promise<Answer> {
    try {
      return { t: 'answer', id, ...(await answerAsk(this.deps, hostId, ask)) };
    } catch (thrown) {
      if (!(thrown instanceof BerthError))
        this.deps.logger.error(
          { host: hostId, ask: ask.op, error: messageOf(thrown) },
          'question not answered',
        );
      const hint = thrown instanceof BerthError ? thrown.hint : undefined;
      const unavailable = thrown instanceof BerthError && thrown.code === 'unavailable';
      const error = {
        message: messageOf(thrown),
        ...(hint === undefined ? {} : { hint }),
        ...(unavailable ? { retryable: true } : {}),
      };
      return { t: 'answer', id, error };
    }
  }
}
