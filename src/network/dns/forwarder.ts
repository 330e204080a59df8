import { type Clock, systemClock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { type Logger, silentLogger } from '../../kit/logger.ts';
import { AnswerCache } from './answer-cache.ts';
import { type Asked, type Exchange, type Exchanged, exchange, type Server } from './exchange.ts';
import { LoopProbe } from './loop-probe.ts';
import { RCODE } from './numbers.ts';
import { type UpstreamAnswer, upstreamAnswer } from './upstream-answer.ts';
import type { Query } from './wire.ts';

/** Docker's resolver in the container gives up after 4 s; until then it must have heard that it should ask elsewhere. */
const DEADLINE_MS = 3_500;
const TRY_MS = 1_000;
/** A server that has failed is asked after the others for this long. */
const FAILED_MS = 10_000;
/** Questions under way, each with a socket: of all, and of one source, so that a slow server is not one container's. */
const MAX_PENDING = 1_000;
const MAX_PENDING_OF_SOURCE = 100;
const CACHE_BYTES = 8 * 1024 * 1024;

type Options = Readonly<{
  exchange?: Exchange;
  clock?: Clock;
  logger?: Logger;
  cacheBytes?: number;
}>;

/** Asks servers upstream for what is not the cluster's own. */
export class Forwarder {
  private readonly cache: AnswerCache;
  private readonly pending = new Map<string, Promise<UpstreamAnswer | undefined>>();
  private readonly pendingOf = new Map<string, number>();
  private readonly failedAt = new Map<string, number>();
  private readonly exchange: Exchange;
  private readonly clock: Clock;
  private readonly logger: Logger;
  readonly loops: LoopProbe;

  constructor(options: Options = {}) {
    this.exchange = options.exchange ?? exchange;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? silentLogger;
    this.cache = new AnswerCache(options.cacheBytes ?? CACHE_BYTES);
    this.loops = new LoopProbe(this.exchange, this.clock, this.logger);
  }

  /**
   * @param source who asks, for a fair share
   * @returns undefined where no server has an answer, or too much is asked at once
   */
  async ask(
    query: Query,
    servers: readonly Server[],
    source: string,
  ): Promise<Readonly<{ answer: UpstreamAnswer; age: number }> | undefined> {
    const key = keyOf(query, servers);
    const kept = this.cache.get(key, this.clock.now());
    if (kept !== undefined) return kept;
    const ofSource = this.pendingOf.get(source) ?? 0;
    if (ofSource >= MAX_PENDING_OF_SOURCE) return undefined;
    const known = this.pending.get(key);
    if (known === undefined && this.pending.size >= MAX_PENDING) return undefined;
    this.pendingOf.set(source, ofSource + 1);
    try {
      // Equal questions wait for one answer; so a server that leads back here is not asked again and again.
      const asking = known ?? this.askOnce(key, query, servers);
      const answer = await asking;
      return answer && { answer, age: 0 };
    } finally {
      const left = (this.pendingOf.get(source) ?? 1) - 1;
      if (left === 0) this.pendingOf.delete(source);
      else this.pendingOf.set(source, left);
    }
  }

  private askOnce(
    key: string,
    query: Query,
    servers: readonly Server[],
  ): Promise<UpstreamAnswer | undefined> {
    const asking = this.askServers(query, servers)
      .then((answer) => {
        if (answer !== undefined) this.cache.put(key, answer, this.clock.now());
        return answer;
      })
      .finally(() => this.pending.delete(key));
    this.pending.set(key, asking);
    return asking;
  }

  private async askServers(query: Query, servers: readonly Server[]): Promise<UpstreamAnswer | undefined> {
    const usable = this.inOrder(servers.filter((server) => !this.loops.leadsHere(server)));
    const end = this.clock.now() + DEADLINE_MS;
    let refusal: UpstreamAnswer | undefined;
    for (let attempt = 0; usable.length > 0 && attempt < usable.length * 2; attempt++) {
      const left = end - this.clock.now();
      if (left <= 0) break;
      const server = usable[attempt % usable.length];
      if (server === undefined) break;
      try {
        const { bytes, response } = await this.askServer(server, query, Math.min(TRY_MS, left), end);
        const answer = upstreamAnswer(bytes, response);
        if (response.rcode === RCODE.NOERROR || response.rcode === RCODE.NXDOMAIN) {
          this.failedAt.delete(nameOf(server));
          return answer;
        }
        // It is there, and does not know: perhaps the next one does. Once round is enough.
        refusal = answer;
        if (attempt >= usable.length - 1) return refusal;
      } catch (thrown) {
        this.noteFailure(server, thrown);
      }
    }
    return refusal;
  }

  private async askServer(server: Server, query: Query, timeoutMs: number, end: number): Promise<Exchanged> {
    const asked: Asked = {
      question: query.question,
      checkingDisabled: query.checkingDisabled,
      dnssecOk: query.edns?.dnssecOk ?? false,
      edns: true,
    };
    let found = await this.exchange(server, asked, { transport: 'udp', timeoutMs });
    const { rcode } = found.response;
    // RFC 6891, section 7: it does not know EDNS.
    if (rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP)
      found = await this.exchange(server, { ...asked, edns: false }, { transport: 'udp', timeoutMs });
    if (!found.response.truncated) return found;
    const left = Math.max(1, Math.min(TRY_MS, end - this.clock.now()));
    return this.exchange(server, asked, { transport: 'tcp', timeoutMs: left });
  }

  private inOrder(servers: readonly Server[]): Server[] {
    const now = this.clock.now();
    const failed = (server: Server) => now - (this.failedAt.get(nameOf(server)) ?? -Infinity) < FAILED_MS;
    for (const server of servers) this.loops.look(server);
    return [...servers.filter((server) => !failed(server)), ...servers.filter(failed)];
  }

  private noteFailure(server: Server, thrown: unknown): void {
    if (!this.failedAt.has(nameOf(server)) && this.failedAt.size >= MAX_PENDING) this.failedAt.clear();
    this.failedAt.set(nameOf(server), this.clock.now());
    this.logger.debug({ server: nameOf(server), reason: messageOf(thrown) }, 'name server failed');
  }
}

/** Servers are part of it: another company's answers to the same name may be others. */
function keyOf({ question, checkingDisabled, edns }: Query, servers: readonly Server[]): string {
  const how = `${checkingDisabled ? 'c' : ''}${edns?.dnssecOk ? 'd' : ''}`;
  return `${servers.map(nameOf).join(',')} ${how} ${question.class} ${question.type} ${question.name}`;
}

export function nameOf({ address, port }: Server): string {
  return `${address}#${port}`;
}
