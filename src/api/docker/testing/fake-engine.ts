import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { newLongId } from '../../../kit/ids.ts';
import type { EngineState } from '../../../model/container.ts';

export type FakeContainer = {
  id: string;
  name: string;
  created: number;
  body: Record<string, unknown>;
  status: EngineState['status'];
  startedAt: number;
  finishedAt: number;
  exitCode: number;
};

type Answer = (req: IncomingMessage, res: ServerResponse, match: RegExpExecArray, url: URL) => unknown;

/**
 * A Docker Engine for tests: real HTTP on a local port, containers that do nothing. Attach and exec send back what they
 * are given, and end when the client's input ends.
 */
export class FakeEngine {
  readonly containers = new Map<string, FakeContainer>();
  /** `METHOD path?query` of every request. */
  readonly requests: string[] = [];
  /** What is at absolute paths of any container; nothing is known of others, unless it is empty. Each file is `hello`. */
  readonly paths = new Map<
    string,
    Readonly<{ name: string; size: number; mode: number; linkTarget: string }>
  >();
  /** Requests that are being answered now. */
  open = 0;
  /** Bytes of exported containers that have been sent, or are about to be. */
  exported = 0;
  /** Answers nothing, as a host that hangs. */
  frozen = false;
  onChange: (container: FakeContainer, gone: boolean) => void = () => undefined;
  private readonly execs = new Map<string, string>();
  private readonly waiting = new Set<() => void>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((req, res) => void this.answer(req, res));
    this.server.on('upgrade', (req, socket, head) => void this.upgrade(req, socket, head));
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  create(name: string, body: Record<string, unknown>): FakeContainer {
    const made: FakeContainer = {
      ...{ id: newLongId(), name, body, created: Date.now() },
      ...{ status: 'created', startedAt: 0, finishedAt: 0, exitCode: 0 },
    };
    this.containers.set(made.id, made);
    this.onChange(made, false);
    return made;
  }

  set(container: FakeContainer, status: FakeContainer['status'], exitCode = 0): void {
    container.status = status;
    if (status === 'running') container.startedAt = Date.now();
    if (status === 'exited') Object.assign(container, { finishedAt: Date.now(), exitCode });
    this.onChange(container, false);
    for (const wake of [...this.waiting]) wake();
  }

  remove(container: FakeContainer): void {
    this.containers.delete(container.id);
    this.onChange(container, true);
    for (const wake of [...this.waiting]) wake();
  }

  find(ref: string): FakeContainer | undefined {
    return this.containers.get(ref) ?? [...this.containers.values()].find(({ name }) => name === ref);
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://engine');
    this.requests.push(`${req.method} ${req.url}`);
    this.open += 1;
    res.on('close', () => {
      this.open -= 1;
    });
    req.on('error', () => undefined);
    if (this.frozen) return;
    const path = url.pathname.replace(/^\/v[\d.]+/, '');
    for (const [method, pattern, handle] of this.routes) {
      const match = method === req.method ? pattern.exec(path) : null;
      if (match === null) continue;
      await handle(req, res, match, url);
      return;
    }
    send(res, 404, { message: 'page not found' });
  }

  private readonly routes: readonly (readonly [string, RegExp, Answer])[] = [
    ['GET', /^\/containers\/json$/, (_req, res) => send(res, 200, [...this.containers.values()].map(listed))],
    ['GET', /^\/containers\/([^/]+)\/json$/, this.of((c, _req, res) => send(res, 200, inspected(c)))],
    ['GET', /^\/containers\/([^/]+)\/top$/, this.of((_c, _req, res) => send(res, 200, { Titles: ['PID'] }))],
    ['GET', /^\/containers\/([^/]+)\/changes$/, this.of((_c, _req, res) => send(res, 200, []))],
    [
      'GET',
      /^\/containers\/([^/]+)\/stats$/,
      this.of((c, _req, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        const line = `${JSON.stringify({ id: c.id, name: `/${c.name}` })}\n`;
        // In two pieces, in the middle of the ID.
        res.write(line.slice(0, 20));
        setTimeout(() => res.end(line.slice(20)), 10);
      }),
    ],
    [
      'GET',
      /^\/containers\/([^/]+)\/logs$/,
      this.of((_c, _req, res, url) => {
        res.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream' });
        const stamp = url.searchParams.get('timestamps') === '1' ? '2026-01-01T00:00:00.000000000Z ' : '';
        const line = `${stamp}line\n`;
        // One frame of stdout, in two pieces.
        res.write(Buffer.from([1, 0, 0, 0, 0, 0]));
        setTimeout(() => {
          res.write(Buffer.from(`\0${String.fromCharCode(line.length)}${line}`, 'latin1'));
          if (url.searchParams.get('follow') !== '1') res.end();
        }, 5);
      }),
    ],
    [
      'GET',
      /^\/containers\/([^/]+)\/export$/,
      this.of((_c, _req, res) =>
        pour(res, 64 * 1024 * 1024, (bytes) => {
          this.exported += bytes;
        }),
      ),
    ],
    [
      'GET',
      /^\/containers\/([^/]+)\/archive$/,
      this.of((_c, _req, res, url) => {
        if (this.paths.has(url.searchParams.get('path') ?? '')) res.end(tarOf('hello'));
        else pour(res, 1024 * 1024);
      }),
    ],
    [
      'HEAD',
      /^\/containers\/([^/]+)\/archive$/,
      this.of((_c, _req, res, url) => {
        const path = url.searchParams.get('path') ?? '';
        const found = this.paths.get(path === '/' ? path : path.replace(/\/$/, ''));
        const stat = Buffer.from(JSON.stringify(found ?? {})).toString('base64');
        const isThere = found !== undefined || this.paths.size === 0;
        res.writeHead(isThere ? 200 : 404, isThere ? { 'x-docker-container-path-stat': stat } : {});
        res.end();
      }),
    ],
    [
      'PUT',
      /^\/containers\/([^/]+)\/archive$/,
      this.of(async (_c, req, res) => {
        let size = 0;
        for await (const part of req) size += (part as Buffer).length;
        send(res, 200, { size });
      }),
    ],
    [
      'POST',
      /^\/containers\/([^/]+)\/wait$/,
      this.of((c, _req, res, url) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        res.flushHeaders();
        const condition = url.searchParams.get('condition') ?? 'not-running';
        let started = condition === 'not-running' || c.status === 'running';
        const check = () => {
          started ||= c.status === 'running';
          const over =
            condition === 'removed' ? !this.containers.has(c.id) : started && c.status !== 'running';
          if (!over) return;
          this.waiting.delete(check);
          res.end(`${JSON.stringify({ StatusCode: c.exitCode })}\n`);
        };
        this.waiting.add(check);
        check();
      }),
    ],
    [
      'POST',
      /^\/containers\/([^/]+)\/kill$/,
      this.of((c, _req, res) => {
        if (c.status !== 'running') {
          send(res, 409, { message: `Cannot kill container: ${c.id}: Container ${c.id} is not running` });
          return;
        }
        this.set(c, 'exited', 137);
        res.writeHead(204).end();
      }),
    ],
    [
      'POST',
      /^\/containers\/([^/]+)\/rename$/,
      this.of((c, _req, res, url) => {
        c.name = url.searchParams.get('name') ?? '';
        this.onChange(c, false);
        res.writeHead(204).end();
      }),
    ],
    [
      'POST',
      /^\/containers\/([^/]+)\/update$/,
      this.of((_c, _req, res) => send(res, 200, { Warnings: null })),
    ],
    ['POST', /^\/containers\/([^/]+)\/resize$/, this.of((_c, _req, res) => send(res, 200, {}))],
    [
      'POST',
      /^\/containers\/([^/]+)\/stop$/,
      this.of((c, _req, res) => {
        this.set(c, 'exited');
        res.writeHead(204).end();
      }),
    ],
    [
      'POST',
      /^\/containers\/([^/]+)\/(start|restart|pause|unpause)$/,
      this.of((c, _req, res) => {
        this.set(c, 'running');
        res.writeHead(204).end();
      }),
    ],
    [
      'DELETE',
      /^\/containers\/([^/]+)$/,
      this.of((c, _req, res) => {
        this.remove(c);
        res.writeHead(204).end();
      }),
    ],
    [
      'POST',
      /^\/containers\/([^/]+)\/exec$/,
      this.of((c, _req, res) => {
        const id = newLongId();
        this.execs.set(id, c.id);
        send(res, 201, { Id: id });
      }),
    ],
    [
      'GET',
      /^\/exec\/([^/]+)\/json$/,
      (_req, res, [, id = '']) => {
        const container = this.execs.get(id);
        if (container === undefined) send(res, 404, { message: `No such exec instance: ${id}` });
        else send(res, 200, { ID: id, ContainerID: container, Running: false });
      },
    ],
    ['POST', /^\/exec\/([^/]+)\/(start|resize)$/, (_req, res) => send(res, 200, {})],
    ['POST', /^\/commit$/, (_req, res) => send(res, 201, { Id: 'sha256:feed' })],
  ];

  private of(
    handle: (c: FakeContainer, req: IncomingMessage, res: ServerResponse, url: URL) => unknown,
  ): Answer {
    return (req, res, [, ref = ''], url) => {
      const container = this.find(decodeURIComponent(ref));
      if (container === undefined) return send(res, 404, { message: `No such container: ${ref}` });
      return handle(container, req, res, url);
    };
  }

  private upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.requests.push(`${req.method} ${req.url}`);
    this.open += 1;
    socket.on('close', () => {
      this.open -= 1;
    });
    socket.on('error', () => socket.destroy());
    const ref = /\/containers\/([^/]+)\/attach/.exec(req.url ?? '')?.[1];
    if (ref !== undefined && this.find(ref) === undefined) {
      const body = JSON.stringify({ message: `No such container: ${ref}` });
      socket.end(
        `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    const length = Number(req.headers['content-length'] ?? 0);
    socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n');
    socket.write(`Connection: Upgrade\r\nUpgrade: ${req.headers.upgrade}\r\n`);
    if (req.headers.upgrade === 'websocket') {
      socket.write(`Sec-WebSocket-Accept: for ${req.headers['sec-websocket-key']}\r\n`);
    }
    socket.write('\r\n');
    let toSkip = length;
    let count = 0;
    const echo = (part: Buffer) => {
      const rest = part.subarray(Math.min(toSkip, part.length));
      toSkip -= part.length - rest.length;
      count += rest.length;
      if (rest.length > 0 && !socket.write(rest)) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    };
    echo(head);
    socket.on('data', echo);
    socket.on('end', () => socket.end(`[${count} bytes]`));
  }
}

function send(res: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

function tarOf(text: string): Buffer {
  const blocks = Buffer.alloc(4 * 512);
  blocks.write('file');
  blocks.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124);
  blocks.write('0', 156);
  blocks.write(text, 512);
  return blocks;
}

/** `size` bytes, as fast as they are taken. */
function pour(res: ServerResponse, size: number, tell: (bytes: number) => void = () => undefined): void {
  res.writeHead(200, { 'content-type': 'application/x-tar' });
  let left = size;
  const more = () => {
    while (left > 0) {
      const part = Buffer.alloc(Math.min(left, 64 * 1024));
      left -= part.length;
      tell(part.length);
      if (!res.write(part)) {
        res.once('drain', more);
        return;
      }
    }
    res.end();
  };
  more();
}

function listed(c: FakeContainer) {
  return { Id: c.id, Names: [`/${c.name}`], SizeRw: 1000, SizeRootFs: 5000 };
}

function inspected(c: FakeContainer) {
  const { HostConfig, ...config } = c.body;
  return {
    Id: c.id,
    Name: `/${c.name}`,
    State: { Status: c.status, Running: c.status === 'running' },
    Config: { ...config, Labels: { 'berth.cluster.id': 'hidden', ...(config.Labels as object | undefined) } },
    HostConfig: HostConfig ?? {},
    NetworkSettings: {
      Ports: {
        '80/tcp': [
          { HostIp: '0.0.0.0', HostPort: '8080' },
          { HostIp: '::', HostPort: '8080' },
        ],
      },
    },
  };
}
