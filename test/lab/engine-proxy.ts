import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';

/** One request on its way to the engine. */
export type ProxiedCall = Readonly<{
  req: IncomingMessage;
  res: ServerResponse;
  /** The engine's own answer, with another path where one is given; the body is still to be read. */
  forward(path?: string): Promise<IncomingMessage>;
}>;
/** What is done instead of passing the request on. */
export type EngineFault = (call: ProxiedCall) => void | Promise<void>;
/** The fault for a request, undefined where it is passed on as it is. */
export type FaultOf = (method: string, path: string) => EngineFault | undefined;

/** A Docker Engine's socket behind another one, on which a test may break what it likes. */
export class EngineProxy {
  readonly url: string;
  private fault: FaultOf = () => undefined;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((req, res) => void this.serve(req, res));

  private constructor(
    path: string,
    private readonly engine: string,
  ) {
    this.url = `unix://${path}`;
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    });
    this.server.on('upgrade', (req, socket, head) => this.upgrade(req, socket as Socket, head));
  }

  /** @param engine Docker URL `unix://…` of the engine behind it */
  static async open(path: string, engine: string): Promise<EngineProxy> {
    const proxy = new EngineProxy(path, engine.replace('unix://', ''));
    rmSync(path, { force: true });
    await new Promise<void>((resolve) => proxy.server.listen(path, resolve));
    return proxy;
  }

  /** From now on. What is under way goes on as it began, unless it is cut. */
  break(fault: FaultOf, options: { cut?: boolean } = {}): void {
    this.fault = fault;
    if (options.cut === true) this.cut();
  }

  /** All is well again; what hung is ended. */
  mend(): void {
    this.break(() => undefined, { cut: true });
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const forward = (path = req.url) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const { method, headers } = req;
        const sent = request({ socketPath: this.engine, method, path, headers }, resolve);
        sent.on('error', reject);
        res.on('close', () => sent.destroy());
        req.pipe(sent);
      });
    try {
      const fault = this.fault(req.method ?? '', req.url ?? '');
      if (fault !== undefined) return await fault({ req, res, forward });
      const answer = await forward();
      answer.on('error', () => res.destroy());
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      res.flushHeaders();
      answer.pipe(res);
    } catch {
      res.destroy();
    }
  }

  private upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const upstream = connect(this.engine);
    const lines = [`${req.method} ${req.url} HTTP/1.1`];
    for (let i = 0; i < req.rawHeaders.length; i += 2)
      lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  }
}

/** Waits before the engine is asked. */
export const slow =
  (ms: number): EngineFault =>
  async ({ res, forward }) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const answer = await forward();
    res.writeHead(answer.statusCode ?? 0, answer.headers);
    res.flushHeaders();
    answer.pipe(res);
  };

/** Takes the request and says nothing. */
export const hang: EngineFault = () => undefined;

/** The engine does what it is asked to; half of its answer comes, then the connection ends. */
export const halfAnswer: EngineFault = async ({ res, forward }) => {
  const answer = await forward();
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  const body = Buffer.concat(parts);
  if (body.length < 2) return void res.destroy();
  res.writeHead(answer.statusCode ?? 0, {
    'content-type': 'application/json',
    'content-length': body.length,
  });
  res.write(body.subarray(0, body.length / 2), () => res.destroy());
};

/** The engine does what it is asked to, and this is answered. */
export const doneBut =
  (status: number, type: string, body: string): EngineFault =>
  async ({ res, forward }) => {
    const answer = await forward();
    for await (const _ of answer);
    res.writeHead(status, { 'content-type': type });
    res.end(body);
  };

/** The engine is not asked, and this is answered. */
export const answers =
  (status: number, type: string, body: string): EngineFault =>
  ({ res }) => {
    res.writeHead(status, { 'content-type': type });
    res.end(body);
  };

/** What is not HTTP at all. */
export const noHttp: EngineFault = ({ req }) => {
  req.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
};

/** An answer without end. */
export const endless: EngineFault = ({ res }) => {
  res.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(256 * 1024, '[');
  const more = () => {
    while (!res.destroyed && res.write(chunk));
  };
  res.on('drain', more);
  more();
};
