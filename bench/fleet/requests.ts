import { connect, type Socket } from 'node:net';
import type { Run } from '../benchmark.ts';
import { atOnce } from '../stats.ts';

const REQUEST_MS = 120_000;

/**
 * Requests to a Docker endpoint on a unix socket, over connections that stay open. Of HTTP it speaks what Docker's clients
 * need, and no more: the client runs on the manager's own cores, and what it takes is missing there.
 */
export class DockerSocket {
  private readonly idle: Connection[] = [];
  private readonly waiting: ((connection: Connection) => void)[] = [];

  /** @param width connections */
  constructor(run: Run, socketPath: string, width: number) {
    for (let i = 0; i < width; i++) this.idle.push(new Connection(socketPath));
    const all = [...this.idle];
    run.defer(() => {
      for (const connection of all) connection.close();
    });
  }

  /** The answer's text. @throws Error with the endpoint's words where it refused */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<string> {
    const connection = this.idle.pop() ?? (await new Promise<Connection>((take) => this.waiting.push(take)));
    try {
      const { status, text } = await connection.request(method, path, body);
      if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text.trim()}`);
      return text;
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(connection);
      else next(connection);
    }
  }
}

type Answer = Readonly<{ status: number; text: string }>;
type Waiter = Readonly<{ resolve(answer: Answer): void; reject(error: Error): void }>;

/** One connection, one request at a time. */
class Connection {
  private socket: Socket | undefined;
  private waiter: Waiter | undefined;
  private parts: Buffer[] = [];

  constructor(private readonly path: string) {}

  request(method: string, path: string, body: unknown): Promise<Answer> {
    const json = body === undefined ? '' : JSON.stringify(body);
    const about =
      body === undefined
        ? method === 'POST'
          ? 'Content-Length: 0\r\n'
          : ''
        : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n`;
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
      this.open().write(`${method} ${path} HTTP/1.1\r\nHost: docker\r\n${about}\r\n${json}`);
    });
  }

  close(): void {
    this.socket?.destroy();
  }

  private open(): Socket {
    if (this.socket !== undefined) return this.socket;
    const socket = connect(this.path);
    this.socket = socket;
    socket.setTimeout(REQUEST_MS, () => {
      if (this.waiter !== undefined) socket.destroy(new Error(`no answer within ${REQUEST_MS / 1000} s`));
    });
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    let failed: Error | undefined;
    socket.on('error', (error) => {
      failed = error;
    });
    socket.on('close', () => {
      this.socket = undefined;
      this.parts = [];
      this.waiter?.reject(failed ?? new Error('the endpoint closed the connection'));
      this.waiter = undefined;
    });
    return socket;
  }

  private take(chunk: Buffer): void {
    this.parts.push(chunk);
    // A long answer is put together once, at its end.
    if (this.parts.length > 1 && !mayBeLast(this.parts)) return;
    const bytes = this.parts.length === 1 ? chunk : Buffer.concat(this.parts);
    const answer = parse(bytes);
    if (answer === undefined) {
      this.parts = [bytes];
      return;
    }
    const { waiter } = this;
    this.parts = [];
    this.waiter = undefined;
    waiter?.resolve(answer);
  }
}

/** False where a chunked answer goes on for certain: looking through megabytes for each part would cost their square. */
function mayBeLast(parts: readonly Buffer[]): boolean {
  const head = parts[0]?.toString('latin1', 0, 1024).toLowerCase() ?? '';
  if (!head.includes('transfer-encoding: chunked')) return true;
  return Buffer.concat(parts.slice(-5)).subarray(-5).toString('latin1') === '0\r\n\r\n';
}

/** An answer that is whole; undefined where some of it is still to come. */
function parse(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  if (status === 204 || status === 304) return { status, text: '' };
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const last = end + 4 + Number(length);
    return bytes.length < last ? undefined : { status, text: bytes.toString('utf8', end + 4, last) };
  }
  const body: Buffer[] = [];
  for (let at = end + 4; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return { status, text: Buffer.concat(body).toString('utf8') };
    body.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

/** A container as people make them: labels, a limit, a command. */
export function containerSpec(i: number) {
  return {
    Image: 'busybox',
    Cmd: ['sleep', '1000000'],
    Env: ['STAGE=test', `NUMBER=${i}`],
    Labels: { 'berth.service': `service${i % 100}`, team: `team${i % 7}` },
    HostConfig: { Memory: 64 * 1024 ** 2, RestartPolicy: { Name: 'always' } },
  };
}

/**
 * Creates and starts containers; the IDs, in no order. The start's answer says that the container runs.
 * @param until of `performance.now()`: none is begun later
 */
export async function createAll(
  docker: DockerSocket,
  count: number,
  width: number,
  until: number,
  onRunning: (done: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  await atOnce(count, width, async (i) => {
    if (performance.now() > until) return;
    const made = await docker.call('POST', `/v1.41/containers/create?name=c${i}`, containerSpec(i));
    const { Id } = JSON.parse(made) as { Id: string };
    await docker.call('POST', `/v1.41/containers/${Id}/start`);
    ids.push(Id);
    onRunning(ids.length);
  });
  return ids;
}
