import http2, { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  type AgentFrame,
  agentFrameSchema,
  CANCEL_PATH,
  CLOSE_PATH,
  HEADER_MACHINE,
  HEADER_REASON,
  HEADER_STREAM,
  type ManagerFrame,
  SESSION_PATH,
} from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { say } from '../../model/said/index.ts';
import { FrameChannel } from '../h2/frame-channel.ts';
import { type KeepAlive, keepAlive } from '../h2/keep-alive.ts';
import { CONNECTION_WINDOW, LINK_OPTIONS, MAX_STREAMS } from '../h2/limits.ts';
import { breakOff, LinkStream } from '../h2/link-stream.ts';
import type { CallTarget } from './engine-call.ts';

/** The agent must open its session within this (milliseconds); it also bounds how long a farewell may take. */
const OPEN_TIMEOUT = 10_000;
const FAREWELL_TIMEOUT = 2_000;
/** An agent that does not reset a stream when asked to. */
const CANCEL_TIMEOUT = 5_000;

/** The manager's end of one connection: HTTP/2 client over the socket that the agent has dialled. */
export class HostConnection {
  readonly remoteAddress: string;
  private readonly h2: ClientHttp2Session;
  private readonly stopKeepAlive: () => void;
  private channel: FrameChannel<ManagerFrame, AgentFrame> | undefined;
  private readonly endListeners: ((reason: string) => void)[] = [];
  private endedFor: string | undefined;

  constructor(
    readonly socket: TLSSocket,
    options: KeepAlive,
  ) {
    this.remoteAddress = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
    this.h2 = http2.connect('https://berth', {
      ...LINK_OPTIONS,
      peerMaxConcurrentStreams: MAX_STREAMS,
      createConnection: () => socket,
    });
    this.h2.on('error', (error) => this.end(messageOf(error)));
    this.h2.on('goaway', (code: number, _last: number, text?: Buffer) =>
      this.end(text?.toString('utf8') || `the agent ended the connection (HTTP/2 code ${code})`),
    );
    this.h2.on('close', () => this.end(say('hosts.closed.agent')));
    this.h2.once('connect', () => this.h2.setLocalWindowSize(CONNECTION_WINDOW));
    this.stopKeepAlive = keepAlive(this.h2, socket, options, (reason) => this.end(reason));
  }

  /** Called once with the reason; at once where the connection has ended already. */
  onEnd(listener: (reason: string) => void): void {
    if (this.endedFor === undefined) this.endListeners.push(listener);
    else listener(this.endedFor);
  }

  get open(): boolean {
    return this.endedFor === undefined;
  }

  /**
   * Opens the session; resolves with the ID of the machine that the agent runs on.
   * @throws BerthError `host_down`, `timeout`
   */
  async openSession(): Promise<string> {
    const stream = this.h2.request({ ':method': 'POST', ':path': SESSION_PATH }, { endStream: false });
    const session = new LinkStream(stream, {
      writable: true,
      // The session ends with its connection, and only so: a reset would overtake the farewell.
      reset: () => undefined,
      lost: () => new BerthError('host_down', this.endedFor ?? 'the agent ended the session'),
    });
    const channel = new FrameChannel<ManagerFrame, AgentFrame>(session, agentFrameSchema);
    this.channel = channel;
    channel.onClose((reason) => this.bye(reason));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new BerthError('timeout', `the agent did not open its session within ${OPEN_TIMEOUT / 1000} s`),
        );
      }, OPEN_TIMEOUT);
      stream.once('response', (headers) => {
        clearTimeout(timer);
        const machineId = headers[HEADER_MACHINE];
        if (headers[':status'] === 200 && typeof machineId === 'string') resolve(machineId);
        else reject(new BerthError('host_down', `the agent answered ${headers[':status']} to the session`));
      });
      channel.onClose((reason) => {
        clearTimeout(timer);
        reject(new BerthError('host_down', reason));
      });
    });
  }

  /** After `openSession`. */
  get frames(): FrameChannel<ManagerFrame, AgentFrame> {
    if (this.channel === undefined) throw new BerthError('internal', 'the session is not open yet');
    return this.channel;
  }

  target(hostName: string): CallTarget {
    return { h2: this.h2, hostName, cancel: (stream) => this.cancel(stream) };
  }

  /** Tells the agent why, then ends. Listeners hear of it at once. */
  bye(reason: string): void {
    if (this.endedFor !== undefined) return;
    this.markEnded(reason);
    const timer = setTimeout(() => this.destroy(), FAREWELL_TIMEOUT);
    timer.unref();
    const finish = () => {
      clearTimeout(timer);
      this.destroy();
    };
    try {
      const headers = { ':method': 'POST', ':path': CLOSE_PATH, [HEADER_REASON]: encodeURIComponent(reason) };
      const stream = this.h2.request(headers, { endStream: true });
      stream.on('error', () => undefined);
      stream.once('response', finish);
      stream.once('close', finish);
    } catch {
      finish();
    }
  }

  /** Ends without a word: the line is dead. */
  private end(reason: string): void {
    this.markEnded(reason);
    this.destroy();
  }

  private markEnded(reason: string): void {
    if (this.endedFor !== undefined) return;
    this.endedFor = reason;
    this.stopKeepAlive();
    this.channel?.close(reason);
    for (const listener of this.endListeners.splice(0)) listener(reason);
  }

  private destroy(): void {
    // With a code: without one Node resets the streams with "no error", and a half answer would look like a whole one.
    this.h2.destroy(null as unknown as undefined, constants.NGHTTP2_CANCEL);
    this.socket.destroy();
  }

  private cancel(stream: ClientHttp2Stream): void {
    if (stream.destroyed || stream.closed || this.h2.destroyed) return;
    if (stream.id === undefined || this.h2.closed) {
      breakOff(stream);
      return;
    }
    const timer = setTimeout(() => breakOff(stream), CANCEL_TIMEOUT);
    timer.unref();
    stream.once('close', () => clearTimeout(timer));
    const headers = { ':method': 'POST', ':path': CANCEL_PATH, [HEADER_STREAM]: String(stream.id) };
    const order = this.h2.request(headers, { endStream: true });
    order.on('error', () => undefined);
    order.resume();
  }
}
