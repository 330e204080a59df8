import { randomInt } from 'node:crypto';
import type { AgentFrame, ManagerFrame, NetworkAsk } from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';

export type Answer = ManagerFrame & { t: 'answer' };

type Waiting = Readonly<{ ask: NetworkAsk; settle(answer: Answer): void; fail(thrown: Error): void }>;

/** How long an engine that waits for a plugin is kept waiting for the manager. */
export const ASK_MS = 10_000;

/** Heard of no more than so many that came too late: the oldest is forgotten. */
const LATE = 1000;

/** What only the manager can say, asked over whichever connection there is: a question outlives the one it was asked on. */
export class Asks {
  private readonly waiting = new Map<number, Waiting>();
  private send: ((frame: AgentFrame) => void) | undefined;
  /** Given up: whoever asked has been told that there is no answer. What the manager gives all the same is nobody's. */
  private readonly late = new Map<number, NetworkAsk>();
  private onLate: (ask: NetworkAsk, answer: Answer) => void = () => {};
  /** The manager remembers answers by it for a while: another life of the agent must not ask under the same ones. */
  private last = randomInt(2 ** 46);

  constructor(
    private readonly logger: Logger,
    private readonly waitMs = ASK_MS,
  ) {}

  /** A connection to a manager is there: what waits is asked (again). */
  attach(send: (frame: AgentFrame) => void): void {
    this.send = send;
    for (const [id, { ask }] of [...this.waiting]) this.tell(id, ask);
  }

  detach(): void {
    this.send = undefined;
    // No answer comes over another connection: the manager compares what it gave with what is held here.
    this.late.clear();
  }

  /** Hears of what was given to somebody who had been told already that nothing was. */
  onLateAnswer(listener: (ask: NetworkAsk, answer: Answer) => void): void {
    this.onLate = listener;
  }

  onAnswer(answer: Answer): void {
    this.waiting.get(answer.id)?.settle(answer);
    const ask = this.late.get(answer.id);
    if (ask === undefined) return;
    this.late.delete(answer.id);
    if (answer.error === undefined) this.onLate(ask, answer);
  }

  /** Whether a question of that kind waits for its answer. */
  waits(isIt: (ask: NetworkAsk) => boolean): boolean {
    return [...this.waiting.values()].some(({ ask }) => isIt(ask));
  }

  /** @throws BerthError `conflict` with the manager's words where it refuses, `unavailable` where it cannot decide now or none answers in time */
  ask(ask: NetworkAsk): Promise<Answer> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      const fail = (thrown: Error) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        reject(thrown);
      };
      const timer = setTimeout(() => {
        this.late.set(id, ask);
        const [oldest] = this.late.keys();
        if (this.late.size > LATE && oldest !== undefined) this.late.delete(oldest);
        fail(unanswered(ask, this.waitMs));
      }, this.waitMs);
      const settle = (answer: Answer) => {
        if (answer.error !== undefined) {
          const code = answer.error.retryable === true ? 'unavailable' : 'conflict';
          fail(new BerthError(code, answer.error.message, hintOf(answer.error)));
          return;
        }
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(answer);
      };
      this.waiting.set(id, { ask, settle, fail });
      this.tell(id, ask);
    });
  }

  /** Whoever waits hears that nobody will answer. */
  close(): void {
    for (const { fail } of [...this.waiting.values()])
      fail(new BerthError('unavailable', 'the agent is stopping'));
  }

  private tell(id: number, ask: NetworkAsk): void {
    try {
      this.send?.({ t: 'ask', id, ask });
    } catch (thrown) {
      this.logger.warn({ ask: ask.op, error: messageOf(thrown) }, 'question not sent');
    }
  }
}

function unanswered(ask: NetworkAsk, waitMs: number): BerthError {
  return new BerthError('unavailable', `no manager has answered within ${waitMs / 1000} s (${about(ask)})`, {
    hint: 'containers that the cluster knows start without it; for others try again once it is back',
  });
}

function hintOf({ hint }: NonNullable<Answer['error']>): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

function about(ask: NetworkAsk): string {
  switch (ask.op) {
    case 'create-network':
      return 'asked for a new network';
    case 'take-address':
      return `asked for ${ask.ip ?? 'an address'} of ${ask.subnet}`;
    case 'give-back':
      return `told that ${ask.ip} is given back`;
    case 'delete-network':
      return `told that network ${ask.network} is gone`;
  }
}
