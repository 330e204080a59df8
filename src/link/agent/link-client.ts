import tls, { type TLSSocket } from 'node:tls';
import { type Backoff, backoffDelay } from '../../kit/backoff.ts';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { type Logger, silentLogger } from '../../kit/logger.ts';
import { DEFAULT_KEEP_ALIVE, type KeepAlive } from '../h2/keep-alive.ts';
import { ALPN } from '../h2/limits.ts';
import { certificateInfo } from '../pki/certificate-info.ts';
import { MANAGER_NAME } from '../pki/certificates.ts';
import type { AgentAnswers, HostEngine, ManagerSession } from '../ports.ts';
import type { AgentIdentity } from './agent-identity.ts';
import { dialError } from './dial-error.ts';
import { ManagerConnection } from './manager-connection.ts';

const BACKOFF: Backoff = { baseMs: 250, maxMs: 10_000 };
const DIAL_TIMEOUT = 5_000;
/** A connection that held for this long was a success: after it, the next attempt comes soon again. */
const STABLE_MS = 5_000;

export type LinkClientOptions = Readonly<{
  identity: Pick<AgentIdentity, 'key' | 'certificate' | 'ca' | 'managers'>;
  machineId: string;
  engine: HostEngine;
  /** What the agent itself is asked; nothing where it is left out. */
  answers?: AgentAnswers;
  /** Each time a manager has let this host in. A refusal is no session: see `lastError`, and the log. */
  onSession(session: ManagerSession): void;
  keepAlive?: KeepAlive;
  backoff?: Backoff;
  clock?: Clock;
  logger?: Logger;
  random?: () => number;
}>;

/** Keeps a connection to one of the managers, for as long as it runs. */
export class LinkClient {
  private readonly stopping = new AbortController();
  private readonly clock: Clock;
  private readonly logger: Logger;
  private running: Promise<void> | undefined;
  private current: ManagerConnection | undefined;
  private error = '';

  constructor(private readonly options: LinkClientOptions) {
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? silentLogger;
    if (options.identity.managers.length === 0) {
      throw new BerthError('bad_request', 'no manager address is known', {
        hint: 'join again with berth agent --join',
      });
    }
  }

  /** True while a manager has let this host in. */
  get connected(): boolean {
    return this.current?.open ?? false;
  }

  /** Why there is no connection, one sentence; empty while there is one, and before the first attempt has failed. */
  get lastError(): string {
    return this.connected ? '' : this.error;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends the connection, telling the manager, and dials no more. */
  async stop(reason = 'the agent is stopping'): Promise<void> {
    this.stopping.abort(new BerthError('unavailable', reason));
    this.current?.bye(reason);
    await this.running;
  }

  private async run(): Promise<void> {
    const { managers } = this.options.identity;
    const { signal } = this.stopping;
    let attempt = 0;
    for (let turn = 0; !signal.aborted; turn++) {
      const address = managers[turn % managers.length] ?? '';
      const startedAt = this.clock.now();
      const reason = await this.once(address).catch(messageOf);
      if (signal.aborted) return;
      if (this.clock.now() - startedAt >= STABLE_MS) attempt = 0;
      // Said once, and not every ten seconds of a long night.
      const level = reason === this.error ? 'debug' : 'warn';
      this.error = reason;
      this.logger[level]({ manager: address, reason }, 'no connection to the manager');
      const more = (turn + 1) % managers.length !== 0;
      if (more) continue;
      const delay = backoffDelay(this.options.backoff ?? BACKOFF, attempt++, this.options.random);
      await this.clock.sleep(delay, signal).catch(() => undefined);
    }
  }

  /** One connection from dial to end; resolves with the reason of its end. */
  private async once(address: string): Promise<string> {
    const socket = await this.dial(address);
    if (this.stopping.signal.aborted) {
      socket.destroy();
      return 'stopped';
    }
    const { machineId, engine, answers = {} } = this.options;
    const connection = new ManagerConnection(socket, {
      machineId,
      engine,
      answers,
      keepAlive: this.options.keepAlive ?? DEFAULT_KEEP_ALIVE,
      onSession: (session) => {
        this.logger.info({ manager: address }, 'connected to the manager');
        this.options.onSession(session);
      },
    });
    this.current = connection;
    const reason = await connection.ended;
    this.current = undefined;
    return reason;
  }

  private dial(address: string): Promise<TLSSocket> {
    const { identity } = this.options;
    const now = this.clock.now();
    const info = certificateInfo(identity.certificate);
    if (info.notAfter < now) {
      throw new BerthError(
        'forbidden',
        `this host's certificate ended on ${new Date(info.notAfter).toISOString()} and its clock says ${new Date(now).toISOString()}: ` +
          'if the clock is right, remove the host (berth node rm) and join it again',
      );
    }
    const { host, port } = splitAddress(address);
    return new Promise((resolve, reject) => {
      const socket = tls.connect({
        host,
        port,
        servername: MANAGER_NAME,
        ca: identity.ca,
        cert: identity.certificate,
        key: identity.key,
        minVersion: 'TLSv1.2',
        ALPNProtocols: [ALPN],
      });
      const { signal } = this.stopping;
      const fail = (cause: unknown) => {
        done();
        socket.on('error', () => undefined);
        socket.destroy();
        reject(dialError(address, cause));
      };
      const timer = setTimeout(
        () => fail(new Error(`no answer within ${DIAL_TIMEOUT / 1000} s`)),
        DIAL_TIMEOUT,
      );
      const onAbort = () => fail(signal.reason);
      const onClose = () => fail(new Error('the connection was closed'));
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.off('error', fail);
        socket.off('close', onClose);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', fail);
      socket.once('close', onClose);
      socket.once('secureConnect', () => {
        if (socket.alpnProtocol !== ALPN) {
          fail(new Error('that is not the agent port of a Berth manager'));
          return;
        }
        done();
        // Synchronously, so that the manager's first bytes find a reader.
        resolve(socket);
      });
    });
  }
}

/** `host:port` or `[ipv6]:port`. @throws BerthError `bad_request` */
export function splitAddress(address: string): Readonly<{ host: string; port: number }> {
  const found = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  const port = Number(found?.[3]);
  if (found === null || port < 1 || port > 65_535) {
    throw new BerthError('bad_request', `"${address}" is not an address: write host:port, or [IPv6]:port`);
  }
  return { host: found[1] ?? found[2] ?? '', port };
}
