import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { encode } from 'dns-packet';
import type { Clock } from '../../../kit/clock.ts';
import { messageOf } from '../../../kit/errors.ts';
import type { Logger } from '../../../kit/logger.ts';
import { FLAG, OPCODE } from '../numbers.ts';

/** How long the answer is waited for, each time; a secondary that missed all looks by itself (the SOA's refresh). */
const TRIES_MS = [1_000, 2_000, 4_000, 8_000, 15_000] as const;
/** Several changes at once are one word. */
const GATHER_MS = 100;

type Target = Readonly<{ address: string; port: number }>;
type Options = Readonly<{
  /** Address that it comes from: that of the server, since secondaries listen to nobody else. Undefined: any. */
  from: string | undefined;
  clock: Clock;
  logger: Logger;
  send?: typeof sendNotify;
}>;

/** Tells secondaries that a zone has changed (RFC 1996). */
export class Notifier {
  private readonly under = new Map<string, AbortController>();

  constructor(private readonly options: Options) {}

  /** A later change to the same zone takes the place of one that is still being told. */
  changed(zone: string, targets: readonly Target[]): void {
    for (const target of targets) {
      const key = `${zone} ${target.address} ${target.port}`;
      this.under.get(key)?.abort(new Error('changed again'));
      const ending = new AbortController();
      this.under.set(key, ending);
      void this.tell(zone, target, ending.signal).finally(() => {
        if (this.under.get(key) === ending) this.under.delete(key);
      });
    }
  }

  close(): void {
    for (const ending of this.under.values()) ending.abort(new Error('closed'));
  }

  private async tell(zone: string, target: Target, signal: AbortSignal): Promise<void> {
    const { clock, logger, from, send = sendNotify } = this.options;
    let reason = '';
    await clock.sleep(GATHER_MS, signal).catch(() => undefined);
    for (const timeoutMs of TRIES_MS) {
      if (signal.aborted) return;
      const started = clock.now();
      try {
        await send(zone, target, from, timeoutMs);
        return;
      } catch (thrown) {
        reason = messageOf(thrown);
      }
      // A port that is closed answers at once: it is not asked five times within a moment.
      await clock.sleep(Math.max(0, timeoutMs - (clock.now() - started)), signal).catch(() => undefined);
    }
    logger.warn(
      { zone, secondary: target.address, reason },
      'a secondary name server does not hear of changes',
    );
  }
}

/** @throws where no answer comes */
export function sendNotify(
  zone: string,
  { address, port }: Target,
  from: string | undefined,
  timeoutMs: number,
): Promise<void> {
  const id = randomInt(0x10000);
  const question = { name: zone, type: 'SOA' } as const;
  const bytes = encode({ type: 'query', id, flags: (OPCODE.NOTIFY << 11) | FLAG.AA, questions: [question] });
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => end(new Error('no answer')), timeoutMs);
    socket.once('error', end);
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === id && (answer.readUInt16BE(2) & FLAG.QR) !== 0)
        end();
    });
    socket.bind(from === undefined ? {} : { address: from }, () =>
      // Called with the error where there is no way to that address; `error` is not emitted then.
      socket.connect(port, address, (error?: Error) => {
        if (error !== undefined) end(error);
        else socket.send(bytes);
      }),
    );
  });
}
