import type { AgentFrame, ManagerFrame, NetworkAsk } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Store } from '../../store/store.ts';
import { answerAsk, type Given } from '../networks/plain-docker.ts';
import { levelPlain } from '../networks/plain-held.ts';

type Answer = ManagerFrame & { t: 'answer' };
/** An answer, and what it gives. */
type Remembered = Readonly<{ at: number; answer: Promise<Answer>; gives: Given }>;
type Hold = AgentFrame & { t: 'hold' };
type Held = ManagerFrame & { t: 'held' };
type Frame = Readonly<{ id: number; ask: NetworkAsk }>;

/** Agents wait ten seconds for an answer: by then nobody asks again. */
const REMEMBERED_MS = 60_000;

/**
 * Answers what hosts ask of networks, once it is durable. A question that comes again, because its connection was lost before
 * the answer, is answered as it was: no second network is made for it.
 */
export class NetworkAsks {
  private readonly answers = new Map<string, Remembered>();

  /** By host: since its connection began. */
  private readonly given = new Map<string, Given>();

  constructor(private readonly deps: Readonly<{ store: Store; clock: Clock; logger: Logger }>) {}

  /** A host has connected: what it will say that it holds is as of later. */
  begin(hostId: string): void {
    this.given.set(hostId, nothing());
  }

  /** The host is none any more. */
  forget(hostId: string): void {
    this.given.delete(hostId);
  }

  /**
   * Takes in what a host holds of plain docker, and gives up what it does not. It says so after all that it still has to ask:
   * no answer of an earlier connection is waited for any more.
   */
  async hold(host: Readonly<{ hostId: string; hostName: string }>, held: Hold): Promise<Held> {
    const { store, clock, logger } = this.deps;
    const { hostId, hostName } = host;
    for (const key of [...this.answers.keys()]) if (key.startsWith(`${hostId} `)) this.answers.delete(key);
    const given = this.givenTo(hostId);
    let refused: Held['refused'] = [];
    try {
      refused = await store.update((tx) => {
        const left = levelPlain(tx, hostId, held, given, clock.now());
        if (left.length > 0 || tx.get('plainRefusals', hostId) !== undefined)
          tx.put('plainRefusals', { kind: 'plain-refusals', id: hostId, refused: left });
        return [...left];
      });
    } catch (thrown) {
      logger.error({ host: hostName, error: messageOf(thrown) }, 'what a host holds not taken in');
      return { t: 'held', refused, again: true };
    }
    for (const { network, ip, reason } of refused)
      logger.warn({ host: hostName, network, ip, reason }, 'held by plain docker on a host, and by another');
    return { t: 'held', refused };
  }

  answer(hostId: string, { id, ask }: Frame): Promise<Answer> {
    const now = this.deps.clock.now();
    for (const [key, { at }] of this.answers) {
      if (Math.abs(now - at) < REMEMBERED_MS) break;
      this.answers.delete(key);
    }
    const key = `${hostId} ${id} ${JSON.stringify(ask)}`;
    const known = this.answers.get(key);
    const gives = known?.gives ?? nothing();
    const answer = known?.answer ?? this.make(hostId, { id, ask }, gives);
    // Known as soon as it is asked for: what the host says next of what it holds may be older than the answer.
    const given = this.givenTo(hostId);
    for (const network of gives.networks) given.networks.add(network);
    for (const address of gives.addresses) given.addresses.add(address);
    if (known !== undefined) return answer;
    this.answers.set(key, { at: now, answer, gives });
    // Nothing was made that a second time would make again; and what was refused may be possible by then.
    void answer.then(({ error }) => {
      if (error !== undefined && this.answers.get(key)?.answer === answer) this.answers.delete(key);
    });
    return answer;
  }

  private givenTo(hostId: string): Given {
    const given = this.given.get(hostId) ?? nothing();
    this.given.set(hostId, given);
    return given;
  }

  private async make(hostId: string, { id, ask }: Frame, gives: Given): Promise<Answer> {
    try {
      return { t: 'answer', id, ...(await answerAsk(this.deps, hostId, ask, gives)) };
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

function nothing(): Given {
  return { networks: new Set(), addresses: new Set() };
}
