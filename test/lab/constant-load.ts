import { Agent, type IncomingMessage, request } from 'node:http';
import { LabError } from './run.ts';

/** A request that was not answered by what was wanted, and when it was due. */
export type FailedRequest = Readonly<{ at: number; said: string }>;

export type LoadReport = Readonly<{
  count: number;
  failed: readonly FailedRequest[];
  /** Milliseconds from the moment when each answered request was due. */
  latencies: readonly number[];
}>;

export type LoadOptions = Readonly<{
  /** Addresses of routers, which requests go to in turns. */
  routers: readonly string[];
  domain: string;
  perSecond: number;
  /** What an answer of 200 has to say. Default: anything. */
  expect?: RegExp;
  /** Is told of each answer as it ends, and of the router that gave it. */
  onAnswer?: (text: string, router: string) => void;
}>;

const TICK_MS = 5;
/** A machine that does much beside it may take seconds; whoever has got no answer by then gets none. */
const TIMEOUT_MS = 20_000;
/** Requests under way at most; what is due beyond is a failure, as nobody has answered 2,000 others. */
const MOST_UNDER_WAY = 2_000;

/**
 * Requests at a constant rate, whatever becomes of those before: each has its moment by the clock, and waits for no answer.
 * A process that was kept from running sends late ones at once, and their time counts from when they were due. Every second
 * round of the routers is on connections of its own, the others on ones that are kept. Nothing is tried again.
 */
export class ConstantLoad {
  private readonly began = performance.now();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });
  private readonly underWay = new Set<Promise<void>>();
  private readonly failed: FailedRequest[] = [];
  private readonly latencies: number[] = [];
  private readonly timer: NodeJS.Timeout;
  private sent = 0;

  constructor(private readonly options: LoadOptions) {
    if (options.routers.length === 0 || !(options.perSecond > 0))
      throw new LabError('a load needs a router and a rate above 0');
    this.timer = setInterval(() => this.sendDue(), TICK_MS);
  }

  get failures(): readonly FailedRequest[] {
    return this.failed;
  }

  /** Sends no more, and waits for what is under way. */
  async end(): Promise<LoadReport> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
    this.agent.destroy();
    return { count: this.sent, failed: this.failed, latencies: this.latencies };
  }

  private sendDue(): void {
    const { perSecond } = this.options;
    const due = Math.floor(((performance.now() - this.began) / 1000) * perSecond);
    while (this.sent < due) this.send(this.began + (++this.sent / perSecond) * 1000);
  }

  private send(due: number): void {
    const fail = (said: string) => this.failed.push({ at: performance.timeOrigin + due, said });
    if (this.underWay.size >= MOST_UNDER_WAY) {
      fail(`not sent: ${MOST_UNDER_WAY} others are under way`);
      return;
    }
    const { routers, expect, onAnswer } = this.options;
    const router = routers[this.sent % routers.length] ?? '';
    const ownConnection = Math.floor(this.sent / routers.length) % 2 === 0;
    const one = this.ask(router, ownConnection).then(
      ({ status, text }) => {
        this.underWay.delete(one);
        if (status !== 200 || expect?.test(text) === false) fail(`${status} ${text}`);
        else this.latencies.push(performance.now() - due);
        onAnswer?.(text, router);
      },
      (error: Error) => {
        this.underWay.delete(one);
        fail(`${ownConnection ? 'new' : 'kept'} connection: ${error.message}`);
      },
    );
    this.underWay.add(one);
  }

  private ask(host: string, ownConnection: boolean): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const agent = ownConnection ? false : this.agent;
      const headers = { host: this.options.domain };
      const sent = request({ host, port: 80, agent, headers, timeout: TIMEOUT_MS }, (answer) => {
        textOf(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end();
    });
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const bytes of answer) text += bytes;
  return text.trim();
}
