import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export type Reply = Readonly<{ status: number; headers: IncomingMessage['headers']; text: string }>;

/** A client of the endpoint's unix socket. */
export class TestClient {
  constructor(private readonly socketPath: string) {}

  /** Sends `body` as JSON, or as it is where it is a string. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const res = await this.open(method, path, body, headers);
    let text = '';
    for await (const part of res) text += part;
    return { status: res.statusCode ?? 0, headers: res.headers, text };
  }

  /** As `send`, with the answer's body still to be read. */
  open(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const length = Buffer.byteLength(text ?? '');
      const type = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': length };
      const req = request({
        ...{ socketPath: this.socketPath, method, path, agent: false },
        headers: { ...type, ...headers },
      });
      req.on('response', resolve);
      req.on('error', reject);
      req.end(text);
    });
  }

  /** The answer's JSON, which must have that status. */
  async json<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    status = 200,
  ): Promise<T> {
    const reply = await this.send(method, path, body);
    if (reply.status !== status) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    return (reply.text === '' ? undefined : JSON.parse(reply.text)) as T;
  }

  /** A raw connection: the text goes out as it is. */
  raw(text: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path: this.socketPath, allowHalfOpen: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.write(text);
        resolve(socket);
      });
    });
  }
}

/** Everything that comes until the other side ends. */
export async function readAll(socket: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of socket) text += part;
  return text;
}
