import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export type SessionsReport = Readonly<{ sessions: number; messages: number; failed: readonly string[] }>;

type SessionsOptions = Readonly<{
  /** Addresses of routers; the sessions are shared out among them. */
  routers: readonly string[];
  domain: string;
  /** At a time. */
  sessions: number;
  /** How long one lasts, milliseconds: less than routers drain for. */
  lastsMs: number;
}>;

const EVERY_MS = 100;
const ANSWER_MS = 20_000;
const RETRY_MS = 2_000;

/**
 * What a container's shell does for a connection to answer WebSockets with what they send, for `nc -ll -p PORT -e sh FILE`.
 * HAProxy takes no handshake without the answer to its key (RFC 6455, 4.2.2).
 */
export const ECHO_SCRIPT = String.raw`cr=$(printf '\r')
while read -r name value && [ -n "$name" ] && [ "$name" != "$cr" ]; do
  [ "$name" != sec-websocket-key: ] || key=${'$'}{value%"$cr"}
done
accept=$(printf %s258EAFA5-E914-47DA-95CA-C5AB0DC85B11 "$key" | sha1sum | cut -c1-40 | xxd -r -p | base64)
printf 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n' "$accept"
exec cat`;

/**
 * WebSockets that are opened one after the other, each with a message every 100 ms that has to come back before the next.
 * A session that is not opened, or cut before its end, has failed: whoever stops a container has to let it end.
 */
export class WebSocketSessions {
  private ending = false;
  private readonly lanes: Promise<void>[];
  private sessions = 0;
  private messages = 0;
  private readonly failed: string[] = [];

  constructor(private readonly options: SessionsOptions) {
    const { sessions, routers } = options;
    this.lanes = Array.from({ length: sessions }, (_, i) => this.lane(routers[i % routers.length] ?? ''));
  }

  /** Opens no more, and waits for the end of those that are open. */
  async end(): Promise<SessionsReport> {
    this.ending = true;
    await Promise.all(this.lanes);
    return { sessions: this.sessions, messages: this.messages, failed: this.failed };
  }

  private async lane(router: string): Promise<void> {
    while (!this.ending) {
      this.sessions++;
      try {
        await this.session(router);
      } catch (thrown) {
        this.failed.push(`${new Date().toISOString()} ${thrown instanceof Error ? thrown.message : thrown}`);
        // Opening one costs a container some processes: where nothing works that is not to be all that is done.
        await setTimeout(RETRY_MS);
      }
    }
  }

  private async session(router: string): Promise<void> {
    const socket = await open(router, this.options.domain);
    try {
      for (const began = performance.now(); performance.now() - began < this.options.lastsMs; ) {
        await echoed(socket, frame(`message ${this.messages}`));
        this.messages++;
        await setTimeout(EVERY_MS);
      }
    } finally {
      socket.destroy();
    }
  }
}

function open(host: string, domain: string): Promise<Socket> {
  const headers = {
    ...{ host: domain, connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64') },
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host, port: 80, agent: false, headers, timeout: ANSWER_MS });
    sent.on('upgrade', (_answer, socket: Socket) => {
      // Whoever waits for a message hears of it by its end.
      socket.on('error', () => undefined);
      resolve(socket.setTimeout(0));
    });
    sent.on('response', (answer) => {
      answer.resume();
      reject(new Error(`not opened: ${answer.statusCode}`));
    });
    sent.on('timeout', () => sent.destroy(new Error('not opened: no answer')));
    sent.on('error', reject);
    sent.end();
  });
}

/** A text frame of a client (RFC 6455, 5.2), of less than 126 bytes; the mask is zeros. */
function frame(text: string): Buffer {
  return Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)]);
}

function echoed(socket: Socket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = message.length;
    const timer = globalThis.setTimeout(() => done(new Error('no answer to a message')), ANSWER_MS);
    const onData = (bytes: Buffer) => {
      left -= bytes.length;
      if (left <= 0) done();
    };
    const onClose = () => done(new Error('cut before its end'));
    const done = (error?: Error) => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose).off('end', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.on('data', onData).on('close', onClose).on('end', onClose);
    if (socket.destroyed || socket.readableEnded) return onClose();
    socket.write(message);
  });
}
