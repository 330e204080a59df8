import http2, {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  AGENT_PREFIX,
  type AgentFrame,
  CANCEL_PATH,
  CLOSE_PATH,
  ENGINE_PREFIX,
  HEADER_MACHINE,
  HEADER_REASON,
  HEADER_STREAM,
  type ManagerFrame,
  managerFrameSchema,
  SESSION_PATH,
} from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { ChannelSession } from '../h2/channel-session.ts';
import { FrameChannel } from '../h2/frame-channel.ts';
import { type KeepAlive, keepAlive } from '../h2/keep-alive.ts';
import { CONNECTION_WINDOW, LINK_OPTIONS } from '../h2/limits.ts';
import { breakOff, LinkStream } from '../h2/link-stream.ts';
import type { AgentAnswers, HostEngine, ManagerSession } from '../ports.ts';
import { answering } from './answering.ts';
import { serveEngine } from './serve-engine.ts';

const FAREWELL_TIMEOUT = 1_000;

export type ManagerConnectionOptions = Readonly<{
  machineId: string;
  engine: HostEngine;
  answers: AgentAnswers;
  onSession(session: ManagerSession): void;
  keepAlive: KeepAlive;
}>;

/** The agent's end of one connection: HTTP/2 server on the socket that it has dialled. */
export class ManagerConnection {
  /** Resolves with the reason once the connection is over. */
  readonly ended: Promise<string>;
  private readonly h2: ServerHttp2Session;
  private readonly streams = new Map<number, ServerHttp2Stream>();
  private readonly stopKeepAlive: () => void;
  private channel: FrameChannel<AgentFrame, ManagerFrame> | undefined;
  private resolveEnded: (reason: string) => void = () => undefined;
  private admitted = false;
  private over = false;

  constructor(
    private readonly socket: TLSSocket,
    private readonly options: ManagerConnectionOptions,
  ) {
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    this.h2 = http2.performServerHandshake(socket, LINK_OPTIONS);
    this.h2.setLocalWindowSize(CONNECTION_WINDOW);
    this.h2.on('error', (error) => this.end(messageOf(error)));
    this.h2.on('close', () => this.end('the manager closed the connection'));
    this.h2.on('stream', (stream, headers) => this.onStream(stream, headers));
    this.stopKeepAlive = keepAlive(this.h2, socket, options.keepAlive, (reason) => this.end(reason));
  }

  /** True once the manager has let this host in. */
  get open(): boolean {
    return this.admitted && !this.over;
  }

  /** Tells the manager why, then ends. */
  bye(reason: string): void {
    if (this.over) return;
    this.markOver(reason);
    const timer = setTimeout(() => this.destroy(), FAREWELL_TIMEOUT);
    timer.unref();
    // The manager answers a GOAWAY by closing.
    this.h2.once('close', () => clearTimeout(timer));
    if (!this.h2.destroyed) this.h2.goaway(constants.NGHTTP2_NO_ERROR, 0, Buffer.from(reason));
  }

  private end(reason: string): void {
    this.markOver(reason);
    this.destroy();
  }

  private markOver(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.stopKeepAlive();
    this.channel?.close(reason);
    this.resolveEnded(reason);
  }

  private destroy(): void {
    // With a code: without one Node resets the streams with "no error", and a half answer would look like a whole one.
    this.h2.destroy(null as unknown as undefined, constants.NGHTTP2_CANCEL);
    this.socket.destroy();
  }

  private onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // Without a listener an error of one stream would end the process.
    stream.on('error', () => undefined);
    const path = String(headers[':path']);
    const { engine, answers } = this.options;
    if (path.startsWith(`${ENGINE_PREFIX}/`)) {
      this.keep(stream);
      void serveEngine(stream, headers, ENGINE_PREFIX, engine);
      return;
    }
    if (path.startsWith(`${AGENT_PREFIX}/`)) {
      this.keep(stream);
      void serveEngine(stream, headers, AGENT_PREFIX, answering(answers));
      return;
    }
    if (path === SESSION_PATH && this.channel === undefined) {
      this.openSession(stream);
      return;
    }
    if (path === CANCEL_PATH) {
      const cancelled = this.streams.get(Number(headers[HEADER_STREAM]));
      if (cancelled !== undefined) breakOff(cancelled);
      stream.respond({ ':status': 204 }, { endStream: true });
      return;
    }
    if (path === CLOSE_PATH) {
      stream.respond({ ':status': 204 }, { endStream: true });
      this.markOver(reasonOf(headers));
      // The manager closes once it has the answer.
      setTimeout(() => this.destroy(), FAREWELL_TIMEOUT).unref();
      return;
    }
    stream.respond({ ':status': 404 }, { endStream: true });
  }

  /** Until it is closed, the manager may cancel it. */
  private keep(stream: ServerHttp2Stream): void {
    const id = stream.id ?? 0;
    this.streams.set(id, stream);
    stream.once('close', () => this.streams.delete(id));
  }

  private openSession(stream: ServerHttp2Stream): void {
    stream.respond({ ':status': 200, [HEADER_MACHINE]: this.options.machineId });
    const link = new LinkStream(stream, {
      writable: true,
      // The session ends with its connection, and only so.
      reset: () => undefined,
      lost: () => new BerthError('host_down', 'the manager ended the session'),
    });
    const channel = new FrameChannel<AgentFrame, ManagerFrame>(link, managerFrameSchema);
    this.channel = channel;
    channel.onClose((reason) => this.bye(reason));
    // Nothing comes before the manager has let this host in: a refusal is no session.
    link.once('readable', () => {
      if (this.over) return;
      this.admitted = true;
      this.options.onSession(this.sessionOver(channel));
    });
  }

  private sessionOver(channel: FrameChannel<AgentFrame, ManagerFrame>): ManagerSession {
    const remoteAddress = `${this.socket.remoteAddress ?? 'unknown'}:${this.socket.remotePort ?? 0}`;
    return new ChannelSession(channel, remoteAddress, (reason) => this.bye(reason));
  }
}

function reasonOf(headers: IncomingHttpHeaders): string {
  try {
    return decodeURIComponent(String(headers[HEADER_REASON] ?? ''));
  } catch {
    return 'the manager closed the connection';
  }
}
