import type { Socket as UdpSocket } from 'node:dgram';
import type { Server as TcpServer, Socket as TcpSocket } from 'node:net';
import { ConnectionLimit } from '../../kit/connection-limit.ts';
import { messageOf } from '../../kit/errors.ts';
import { type Logger, silentLogger } from '../../kit/logger.ts';
import { encodeEmpty, encodeRefusal } from './message.ts';
import { RCODE } from './numbers.ts';
import { TcpFrames, withLength } from './tcp-frames.ts';
import { type Query, readQuery } from './wire.ts';

export type Asker = Readonly<{ address: string; transport: 'udp' | 'tcp' }>;

/** One message, several (a zone transfer, by TCP only), or undefined: nothing is answered. */
export type Answered = Buffer | readonly Buffer[] | undefined;

export type AnswerQuery = (query: Query, asker: Asker) => Answered | Promise<Answered>;

type Options = Readonly<{
  answer: AnswerQuery;
  /** Called for everything that comes in, before it is read; false drops it. */
  admit?(address: string): boolean;
  /** Milliseconds until a connection on which nothing moves is closed. */
  idleMs?: number;
  logger?: Logger;
}>;

/** Questions that wait for an answer, of all askers; memory is bounded by it. */
const MAX_WAITING = 4_000;
const MAX_CONNECTIONS = 200;
/** RFC 7766, section 6.2.3: some seconds; a resolver comes back at once or not at all. */
const IDLE_MS = 10_000;
/** Questions on one connection that are answered at the same time. */
const MAX_PIPELINED = 50;

/** Speaks DNS on sockets that it is given. Whatever comes in, nothing is thrown out of here. */
export class DnsServer {
  private readonly answer: AnswerQuery;
  private readonly admit: (address: string) => boolean;
  private readonly logger: Logger;
  private readonly idleMs: number;
  private readonly connections = new Set<TcpSocket>();
  private waiting = 0;

  constructor(options: Options) {
    this.answer = options.answer;
    this.admit = options.admit ?? (() => true);
    this.logger = options.logger ?? silentLogger;
    this.idleMs = options.idleMs ?? IDLE_MS;
  }

  serveUdp(socket: UdpSocket): void {
    socket.on('message', (bytes, { address, port }) => {
      if (!this.admit(address)) return;
      void this.reply(bytes, { address, transport: 'udp' }).then((replies) => {
        for (const reply of replies) sendUdp(socket, reply, port, address);
      });
    });
  }

  serveTcp(server: TcpServer): void {
    new ConnectionLimit(MAX_CONNECTIONS).watch(server);
    server.on('connection', (socket) => this.serveConnection(socket));
  }

  /** For who closes the server: connections would keep it open. */
  endConnections(): void {
    for (const socket of this.connections) socket.destroy();
  }

  private serveConnection(socket: TcpSocket): void {
    this.connections.add(socket);
    socket.once('close', () => this.connections.delete(socket));
    socket.on('error', () => socket.destroy());
    // Also where nothing can be written: who does not read its answers is idle.
    socket.setTimeout(this.idleMs, () => socket.destroy());
    this.converse(socket).then(
      () => socket.end(),
      () => socket.destroy(),
    );
  }

  /** One chunk of the stream after the other, each when the answers to the one before are out: that bounds the memory. */
  private async converse(socket: TcpSocket): Promise<void> {
    const address = plain(socket.remoteAddress ?? '');
    const frames = new TcpFrames();
    for await (const chunk of socket) {
      const messages = frames.push(chunk as Buffer);
      while (messages.length > 0) {
        const some = messages.splice(0, MAX_PIPELINED);
        if (!some.every(() => this.admit(address))) return;
        const replies = await Promise.all(
          some.map((bytes) => this.reply(bytes, { address, transport: 'tcp' })),
        );
        if (socket.destroyed) return;
        const free = socket.write(Buffer.concat(replies.flat().map(withLength)));
        if (!free) await drained(socket);
      }
    }
  }

  private async reply(bytes: Buffer, asker: Asker): Promise<readonly Buffer[]> {
    const incoming = readQuery(bytes);
    if (incoming.kind === 'drop' || this.waiting >= MAX_WAITING) return [];
    if (incoming.kind === 'refuse') return [encodeRefusal(incoming.id, incoming.flags, incoming.rcode)];
    const { query } = incoming;
    if ((query.edns?.version ?? 0) > 0) return [encodeEmpty(query, RCODE.BADVERS)];
    this.waiting++;
    try {
      const answered = await this.answer(query, asker);
      return answered === undefined ? [] : Buffer.isBuffer(answered) ? [answered] : answered;
    } catch (thrown) {
      this.logger.warn({ name: query.question.name, reason: messageOf(thrown) }, 'question not answered');
      return [encodeEmpty(query, RCODE.SERVFAIL)];
    } finally {
      this.waiting--;
    }
  }
}

/** Resolves once more can be written, or never will be. */
function drained(socket: TcpSocket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** A socket that was closed meanwhile, a full buffer, an asker that is gone: it will ask again. */
function sendUdp(socket: UdpSocket, reply: Buffer, port: number, address: string): void {
  try {
    socket.send(reply, port, address, () => undefined);
  } catch {
    // Closed.
  }
}

/** An IPv4 address as itself also where the socket takes both families. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
