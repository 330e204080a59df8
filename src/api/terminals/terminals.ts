import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  MOST_INPUT,
  TERMINAL_PATH,
  TERMINAL_PROTOCOL,
  TICKET_PREFIX,
  type ToTerminal,
  terminalRoutes,
} from '../../contract/v1/terminals.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { type ApiToken, isShutOut, lowerRole, roleAllows } from '../../model/access.ts';
import type { ReadTx } from '../../store/store.ts';
import { putAudit } from '../auth/audit-log.ts';
import { bearerOf } from '../auth/bearer.ts';
import { bearerOfPage } from '../auth/page-cookie.ts';
import type { Principal } from '../auth/principal.ts';
import { hashSecret, newSecret } from '../auth/secrets.ts';
import type { TerminalQuery } from '../v1/container-hands.ts';
import type { ApiDeps } from '../v1/deps.ts';
import { errorAnswer } from '../v1/error-answer.ts';
import { bridge, type TerminalEnd } from './bridge.ts';

const ROLE = terminalRoutes['terminal.open'].role;
/** How long a ticket may be used, milliseconds. */
const TICKET_MS = 30_000;
/** How many terminals a user may have, tickets included; and how many all may. */
const MOST_OF_USER = 10;
const MOST = 200;
/** Where nobody has typed for this long, milliseconds, a terminal is ended: an open shell is an open door. */
const IDLE_MS = 60 * 60_000;
/** How long an engine may take to begin, milliseconds. */
const OPEN_MS = 30_000;
/** How often it is looked whether the page is still there, and the session still good, milliseconds. */
const LOOK_MS = 15_000;
/** Codes of RFC 6455, 7.4.1; the reason is in the last message. */
const CLOSED = { normal: 1000, refused: 1008, failed: 1011 } as const;

type Asked = Readonly<{
  query: TerminalQuery;
  /** The container, and what runs in it. */
  target: string;
  columns: number;
  rows: number;
  principal: Principal;
  token: ApiToken;
}>;
type Ticket = Asked & Readonly<{ timer: NodeJS.Timeout }>;
type Open = Readonly<{
  asked: Asked;
  socket: WebSocket;
  stop: AbortController;
  seen: { at: number; answers: boolean };
}>;

/**
 * Terminals of people: a ticket, a WebSocket that is opened with it, a command in a container. A terminal lives no longer
 * than the session, and the role, by which it was opened; its beginning and its end are in the audit log, and nothing of
 * what is typed.
 */
export class Terminals {
  /** By the hash of their secrets. */
  private readonly tickets = new Map<string, Ticket>();
  private readonly open = new Set<Open>();
  private readonly runs = new Set<Promise<void>>();
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_INPUT,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(TERMINAL_PROTOCOL) ? TERMINAL_PROTOCOL : false),
  });
  private readonly timer: NodeJS.Timeout;
  private readonly unwatch: () => void;

  constructor(private readonly deps: Pick<ApiDeps, 'store' | 'containers' | 'clock' | 'logger'>) {
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.unwatch = deps.store.watch(({ changes }) => {
      if (changes.some(({ table }) => table === 'apiTokens' || table === 'users')) this.endRefused();
    });
  }

  /**
   * A ticket for one terminal.
   * @throws BerthError `not_found`, `conflict`, `host_down` where none could be opened; `too_many_requests`
   */
  ask(asked: Omit<Asked, 'target'>, target: string): string {
    const { user } = asked.principal;
    const all = [...this.tickets.values(), ...[...this.open].map((one) => one.asked)];
    const own = all.filter(({ principal }) => principal.user === user).length;
    if (own >= MOST_OF_USER || all.length >= MOST)
      throw new BerthError(
        'too_many_requests',
        own >= MOST_OF_USER
          ? `user ${user} has ${own} terminals open`
          : `all users together have ${all.length} terminals open`,
        { hint: 'close one of them first' },
      );
    const secret = newSecret('');
    const key = hashSecret(secret);
    const timer = setTimeout(() => {
      this.tickets.delete(key);
      void this.audit(asked.principal, target, 'its ticket was not used');
    }, TICKET_MS);
    this.tickets.set(key, { ...asked, target, timer: timer.unref() });
    return secret;
  }

  /** A request to upgrade the connection, of a server with TLS: a terminal's, or refused. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    let ticket: Ticket;
    try {
      ticket = this.admit(req);
    } catch (thrown) {
      refuse(socket, thrown, this.deps.logger);
      return;
    }
    clearTimeout(ticket.timer);
    let isTaken = false;
    socket.once('close', () => {
      if (!isTaken) void this.audit(ticket.principal, ticket.target, 'the page went away');
    });
    this.server.handleUpgrade(req, socket, head, (client) => {
      isTaken = true;
      const run = this.run(client, ticket).finally(() => this.runs.delete(run));
      this.runs.add(run);
    });
  }

  /** Ends all of them, and waits until their ends are written down. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.unwatch();
    for (const { timer } of this.tickets.values()) clearTimeout(timer);
    this.tickets.clear();
    for (const { stop } of this.open) stop.abort('the manager is restarting');
    await Promise.all(this.runs);
    this.server.close();
  }

  /** The ticket of a request, which is not good any more afterwards. @throws BerthError */
  private admit(req: IncomingMessage): Ticket {
    const [path] = (req.url ?? '').split('?');
    if (path !== TERMINAL_PATH || req.method !== 'GET')
      throw new BerthError('not_found', `there is nothing to upgrade at ${String(path).slice(0, 120)}`);
    const from = req.socket.remoteAddress ?? '';
    // The ticket stands for the header that a WebSocket cannot send: only the page itself has got it.
    const shown = req.headers.authorization ?? bearerOfPage({ ...req.headers, 'berth-page': '1' });
    const { token, principal } = this.deps.store.view((tx) =>
      bearerOf(tx, shown, from, this.deps.clock.now()),
    );
    const secret = String(req.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((one) => one.trim())
      .find((one) => one.startsWith(TICKET_PREFIX))
      ?.slice(TICKET_PREFIX.length);
    const key = hashSecret(secret ?? '');
    const ticket = this.tickets.get(key);
    if (ticket === undefined || ticket.token.id !== token.id)
      throw new BerthError('forbidden', 'this ticket for a terminal is not known', {
        hint: 'it is good once, for 30 seconds, and for who has got it: open the terminal again',
      });
    if (!roleAllows(principal.role, ROLE))
      throw new BerthError(
        'forbidden',
        `user ${principal.user} is ${principal.role} by now; this needs ${ROLE}`,
      );
    this.tickets.delete(key);
    return { ...ticket, principal };
  }

  private async run(socket: WebSocket, asked: Asked): Promise<void> {
    const { deps } = this;
    const began = deps.clock.now();
    const stop = new AbortController();
    const own: Open = { asked, socket, stop, seen: { at: began, answers: true } };
    this.open.add(own);
    socket.on('error', (thrown) => deps.logger.debug({ reason: messageOf(thrown) }, 'terminal broke'));
    socket.on('pong', () => (own.seen.answers = true));
    let end: TerminalEnd;
    try {
      const opening = new AbortController();
      const giveUp = () => opening.abort(new BerthError('timeout', 'the terminal was not opened in time'));
      const timer = setTimeout(giveUp, OPEN_MS);
      socket.once('close', giveUp);
      stop.signal.addEventListener('abort', giveUp, { once: true });
      const command = await deps.containers.terminal(asked.query, opening.signal).finally(() => {
        clearTimeout(timer);
        socket.off('close', giveUp);
        stop.signal.removeEventListener('abort', giveUp);
      });
      void command.resize(asked.columns, asked.rows);
      const onTyped = () => (own.seen.at = deps.clock.now());
      end =
        socket.readyState === socket.OPEN
          ? await bridge(socket, command, { stop: stop.signal, onTyped })
          : leave(command.stream);
    } catch (thrown) {
      const isKnown = thrown instanceof BerthError;
      if (!isKnown) deps.logger.error({ reason: messageOf(thrown) }, 'terminal not opened');
      end = { reason: isKnown ? messageOf(thrown) : 'internal error' };
      if (stop.signal.aborted) end = { reason: String(stop.signal.reason) };
    }
    this.open.delete(own);
    const { reason, exitCode } = end;
    if (socket.readyState === socket.OPEN)
      socket.send(
        JSON.stringify({
          t: 'ended',
          reason,
          ...(exitCode === undefined ? {} : { exitCode }),
        } satisfies ToTerminal),
      );
    socket.close(
      stop.signal.aborted ? CLOSED.refused : exitCode === undefined ? CLOSED.failed : CLOSED.normal,
    );
    const seconds = Math.round((deps.clock.now() - began) / 1000);
    const isWell = exitCode !== undefined || end.isLeft === true;
    const how = exitCode === undefined ? '' : `, exit ${exitCode}`;
    await this.audit(asked.principal, `${asked.target}, ${seconds} s${how}`, isWell ? 'ok' : reason);
  }

  private look(): void {
    const now = this.deps.clock.now();
    for (const { socket, stop, seen } of this.open) {
      // Where it waits for its command to read, its answers wait as well.
      if (!seen.answers && !socket.isPaused) socket.terminate();
      else if (now - seen.at > IDLE_MS) stop.abort(`nothing was typed for ${IDLE_MS / 60_000} minutes`);
      seen.answers = false;
      if (socket.readyState === socket.OPEN) socket.ping();
    }
    this.endRefused();
  }

  private endRefused(): void {
    if (this.open.size === 0) return;
    this.deps.store.view((tx) => {
      const now = this.deps.clock.now();
      for (const { asked, stop } of this.open) {
        const reason = refusalIn(tx, asked.token, now);
        if (reason !== undefined) stop.abort(reason);
      }
    });
  }

  private async audit(who: Principal, target: string, outcome: string): Promise<void> {
    const { store, clock, logger } = this.deps;
    await store
      .update((tx) => putAudit(tx, clock.now(), who, { action: 'terminal.close', target, outcome }))
      .catch((thrown) => logger.error({ target, reason: messageOf(thrown) }, 'audit entry not written'));
  }
}

/** Why a terminal that was opened with the token may not be there any more. */
function refusalIn(tx: ReadTx, { id, user }: ApiToken, now: number): string | undefined {
  const token = tx.get('apiTokens', id);
  const owner = tx.get('users', user);
  if (token === undefined || owner === undefined || isShutOut(owner) || (token.expiresAt ?? now + 1) <= now)
    return 'your session has ended';
  return roleAllows(lowerRole(token.role, owner.role), ROLE) ? undefined : 'you may not do this any more';
}

function leave(stream: Duplex): TerminalEnd {
  stream.on('error', () => undefined);
  stream.destroy();
  return { reason: 'it was closed', isLeft: true };
}

function refuse(socket: Duplex, thrown: unknown, logger: ApiDeps['logger']): void {
  const { status, body } = errorAnswer(thrown, logger);
  const text = JSON.stringify(body);
  // The server does not look after it any more: without this it would be there for as long as its other end likes.
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} Refused`,
      ...[
        'Connection: close',
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(text)}`,
      ],
      ...['', text],
    ].join('\r\n'),
  );
}
