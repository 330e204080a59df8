import { stat } from 'node:fs/promises';
import { type Backoff, backoffDelay } from '../../kit/backoff.ts';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { type Logger, silentLogger } from '../../kit/logger.ts';
import type { NamespaceSockets, OpenSockets } from '../namespace-sockets.ts';
import type { DnsServer } from './dns-server.ts';

const BACKOFF: Backoff = { baseMs: 100, maxMs: 10_000 };
/** How often it is looked whether the namespace is still the one that the sockets are in. */
const LOOK_MS = 2_000;
/** Failures before one is worth a line in the log: an address may come a moment after its namespace. */
const QUIET_FAILURES = 3;

type Options = Readonly<{
  namespacePath: string;
  address: string;
  port: number;
  open: OpenSockets;
  server: DnsServer;
  clock?: Clock;
  logger?: Logger;
}>;

/**
 * Keeps a DNS server's sockets open in a namespace: until they can be opened, after they have failed, and in the new one when
 * the namespace has been made again. Sockets keep their namespace alive, with all that is in it; so they are closed as soon
 * as its path is gone.
 */
export class NameService {
  readonly namespacePath: string;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly ending = new AbortController();
  private readonly done: Promise<void>;
  private open = false;
  /** It has been tried often enough for now: nobody waits for it. */
  private stuck = false;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: Options) {
    this.namespacePath = options.namespacePath;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? silentLogger;
    this.done = this.run();
  }

  get serving(): boolean {
    return this.open;
  }

  /** Resolves once questions are answered; after that time, or where the sockets cannot be opened, all the same. */
  async untilServing(ms: number): Promise<void> {
    if (this.open || this.stuck || this.ending.signal.aborted) return;
    const over = new AbortController();
    const released = new Promise<void>((resolve) => this.waiting.add(resolve));
    const late = this.clock.sleep(ms, over.signal).catch(() => undefined);
    await Promise.race([released, late]);
    over.abort();
  }

  /** Resolves once its sockets are closed. */
  async close(): Promise<void> {
    this.ending.abort(new Error('closed'));
    this.release();
    await this.done;
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    for (let failures = 0; !signal.aborted; ) {
      const before = await inodeOf(this.namespacePath);
      let sockets: NamespaceSockets | undefined;
      try {
        if (before === undefined) throw new Error(`${this.namespacePath} is not there`);
        sockets = await this.options.open(
          this.namespacePath,
          this.options.address,
          this.options.port,
          signal,
        );
        failures = 0;
        await this.serve(sockets, before);
      } catch (thrown) {
        if (signal.aborted) return;
        failures++;
        if (failures >= QUIET_FAILURES) {
          this.stuck = true;
          this.release();
        }
        const line = { namespace: this.namespacePath, reason: messageOf(thrown), failures };
        if (failures === QUIET_FAILURES) this.logger.warn(line, 'no names are answered in this network');
        else this.logger.debug(line, 'no names are answered in this network');
        await this.pause(backoffDelay(BACKOFF, failures - 1));
      }
    }
  }

  private async serve({ udp, tcp }: NamespaceSockets, inode: bigint): Promise<void> {
    const { signal } = this.ending;
    let failure: Error | undefined;
    const failed = (error: Error) => {
      failure = error;
    };
    udp.on('error', failed);
    tcp.on('error', failed);
    this.options.server.serveUdp(udp);
    this.options.server.serveTcp(tcp);
    this.open = true;
    this.stuck = false;
    this.release();
    try {
      while (!signal.aborted && failure === undefined && (await inodeOf(this.namespacePath)) === inode)
        await this.pause(LOOK_MS);
      if (failure !== undefined) throw failure;
    } finally {
      this.open = false;
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => {
          tcp.close(() => resolve());
          this.options.server.endConnections();
        }),
      ]);
    }
  }

  private release(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private async pause(ms: number): Promise<void> {
    await this.clock.sleep(ms, this.ending.signal).catch(() => undefined);
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.ino;
}
