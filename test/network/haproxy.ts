import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestOptions, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/kit/clock.ts';
import { type HttpRoute, type Pool, type RouterState, routerStateSchema } from '../../src/model/router.ts';
import { haproxyArgv, Router } from '../../src/router/index.ts';
import { ownNumber } from '../lab/own.ts';
import { run } from '../lab/run.ts';

/** Addresses of this run's: HAProxy listens at the first one, containers at the others. */
const own = await ownNumber();
export const ADDRESS = `127.55.${own}.1`;
export const PORT = 8080;
/** Ports of all addresses, which HAProxy takes for TCP. */
export const TCP_PORTS = [15_000 + own * 2, 15_001 + own * 2] as const;

/** A real HAProxy on a folder of its own, and the router that holds it. */
export class TestRouter {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-router-'));
  router = this.newRouter();
  said = '';
  private process: ChildProcess | undefined;

  /** As after a restart of the agent. */
  newRouter(): Router {
    return new Router({ folder: this.folder, clock: systemClock });
  }

  async start(state: RouterState): Promise<void> {
    await this.router.write(state);
    await this.startHaproxy();
  }

  async startHaproxy(): Promise<void> {
    const [program = '', ...args] = haproxyArgv(this.folder);
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = started;
    const ready = new Promise<void>((resolve, reject) => {
      const take = (bytes: Buffer) => {
        this.said += bytes;
        if (this.said.includes('Loading success')) resolve();
      };
      started.stdout?.on('data', take);
      started.stderr?.on('data', take);
      started.on('exit', (code) => reject(new Error(`haproxy has ended with ${code}: ${this.said}`)));
    });
    this.said = '';
    await ready;
  }

  /** The master and all workers, at one blow. */
  async kill(): Promise<void> {
    const pids = (await this.workers()).concat(this.process?.pid ?? []);
    const ended = new Promise((resolve) => this.process?.once('exit', resolve));
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // an old worker that has ended meanwhile
      }
    }
    await ended;
  }

  /** The one that takes new connections; older ones may still have some. */
  async worker(): Promise<number | undefined> {
    return (await this.workers()).at(-1);
  }

  private async workers(): Promise<number[]> {
    const children = await run(['cat', `/proc/${this.process?.pid}/task/${this.process?.pid}/children`]);
    return children.trim().split(' ').filter(Boolean).map(Number);
  }

  async stop(): Promise<void> {
    this.router.close();
    if (this.process?.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process?.once('exit', resolve));
      this.process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type Seen = Readonly<{
  by: string;
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}>;

/** A container: says what it was asked, and who it is; for `/slow` it takes its time. */
export async function startContainer(name: string): Promise<Readonly<{ server: Server; port: number }>> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (asked, answer) => {
    let body = '';
    asked.on('data', (bytes) => {
      body += bytes;
    });
    asked.on('end', () => {
      const seen = { by: name, method: asked.method, url: asked.url, headers: asked.headers, body };
      answer.setHeader('content-type', 'application/json');
      answer.setHeader('x-powered-by', 'test');
      const end = () => answer.end(JSON.stringify(seen));
      if (asked.url === '/slow') setTimeout(end, 60);
      else end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

export type Answer = Readonly<{
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  seen: Seen | undefined;
}>;

/** One request on a connection of its own. */
export function ask(
  host: string,
  path = '/',
  options: RequestOptions & { body?: string } = {},
): Promise<Answer> {
  const { body, headers, ...more } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: ADDRESS, port: PORT, path, agent: false, ...more, headers: { host, ...headers } },
      (answer) => {
        let text = '';
        answer.on('data', (bytes) => {
          text += bytes;
        });
        answer.on('end', () => {
          const { statusCode: status = 0, headers } = answer;
          const json = headers['content-type'] === 'application/json';
          resolve({ status, headers, text, seen: json ? JSON.parse(text) : undefined });
        });
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

export function pool(id: string, ports: readonly number[], more: Partial<Pool> = {}): Pool {
  const servers = ports.map((port) => ({ address: ADDRESS, port, weight: 1, state: 'ready' as const }));
  return {
    id,
    weight: 100,
    servers,
    proxyProtocol: false,
    protocol: 'http1',
    tls: { kind: 'none' },
    ...more,
  };
}

/** @param name `shop.example.com/api` */
export function route(
  id: string,
  name: string | readonly string[],
  pools: readonly Pool[],
  more: object = {},
): HttpRoute {
  const names = [name].flat().map((text) => {
    const at = text.indexOf('/');
    return at === -1 ? { domain: text, path: '/' } : { domain: text.slice(0, at), path: text.slice(at) };
  });
  const { rules, canary = [] } = more as { rules?: object; canary?: [] };
  const all = { allow: [], deny: [], gzip: false, ...rules };
  return { kind: 'http-route', id, names, rules: all, pools: [...pools], canary };
}

/** Checked as it is at the edge. */
export function stateOf(routes: readonly HttpRoute[], more: Partial<RouterState> = {}): RouterState {
  const entry = { address: ADDRESS, port: PORT, tls: false, proxyFrom: [], trust: [] };
  const state = {
    ...{ kind: 'router', entries: [entry], routes, tcpRoutes: [], certificates: [], pages: {} },
    ...{ cookieKey: '0123456789abcdef', drainSeconds: 30, ...more },
  };
  return routerStateSchema.parse(state);
}
