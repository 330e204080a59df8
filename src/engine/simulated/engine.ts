import { Readable } from 'node:stream';
import { BerthError } from '../../kit/errors.ts';
import { readJson, refusal } from '../docker/answers.ts';
import type { Engine, RawRequest, RawResponse, RawUpgrade } from '../engine.ts';
import { attachedStream } from './attach.ts';
import { Refusal } from './refusal.ts';
import { type Answer, ROUTES } from './routes.ts';
import { type SimulatedOptions, World } from './world.ts';

/** An engine without processes, for unit tests and benchmarks: thousands fit into one program. */
export interface SimulatedEngine extends Engine {
  /** What it holds, for tests to look at and to act on behind everybody's back. */
  readonly world: World;
  /** While false nothing answers, and the streams are cut. */
  setRunning(running: boolean): void;
}

export function newSimulatedEngine(options: SimulatedOptions = {}): SimulatedEngine {
  return new Simulated(options);
}

const ATTACH = /^\/containers\/([^/]+)\/attach$/;

class Simulated implements SimulatedEngine {
  readonly world: World;
  private running = true;

  constructor(options: SimulatedOptions) {
    this.world = new World(options);
  }

  setRunning(running: boolean): void {
    this.running = running;
    if (!running) this.world.events.cut();
  }

  async request(request: RawRequest): Promise<RawResponse> {
    request.signal?.throwIfAborted();
    const text = await textOf(request.body);
    if (!this.running) throw new BerthError('host_down', 'the Docker Engine does not answer (simulated)');
    return rawResponse(this.answer(request.method, request.path, text), request.signal);
  }

  async upgrade(request: RawRequest): Promise<RawUpgrade> {
    const { pathname } = parsePath(request.path);
    const reference = request.method === 'POST' ? ATTACH.exec(pathname)?.[1] : undefined;
    if (reference === undefined) return { kind: 'response', ...(await this.request(request)) };
    if (!this.running) throw new BerthError('host_down', 'the Docker Engine does not answer (simulated)');
    try {
      const container = this.world.containers.get(reference);
      const stream = attachedStream(container, () => this.world.containers.exit(container, 0));
      breakOff(stream, request.signal);
      return { kind: 'upgraded', headers: { upgrade: 'tcp' }, stream };
    } catch (thrown) {
      return { kind: 'response', ...rawResponse(refused(thrown), request.signal) };
    }
  }

  async json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const answer = await this.request({
      method,
      path,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    if (answer.status >= 400) throw await refusal(answer);
    return (await readJson(answer)) as T;
  }

  close(): void {
    this.world.events.cut();
  }

  private answer(method: string, path: string, text: string): Answer {
    const { pathname, query } = parsePath(path);
    try {
      for (const [verb, pattern, act] of ROUTES) {
        const match = verb === method ? pattern.exec(pathname) : null;
        if (match === null) continue;
        return act(this.world, { id: decodeURIComponent(match[1] ?? ''), query, body: parseBody(text) });
      }
      throw new Refusal(404, 'page not found');
    } catch (thrown) {
      return refused(thrown);
    }
  }
}

function parsePath(path: string): { pathname: string; query: URLSearchParams } {
  const [pathname = '', query = ''] = path.split(/\?(.*)/s);
  return { pathname: pathname.replace(/^\/v\d+\.\d+(?=\/)/, ''), query: new URLSearchParams(query) };
}

function parseBody(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'invalid JSON');
  }
}

function refused(thrown: unknown): Answer {
  if (thrown instanceof Refusal) return { status: thrown.status, json: { message: thrown.message } };
  throw thrown;
}

function rawResponse(answer: Answer, signal: AbortSignal | undefined): RawResponse {
  const type = answer.json === undefined ? 'text/plain' : 'application/json';
  const text = answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json);
  const body = answer.stream ?? Readable.from(text === '' ? [] : [Buffer.from(text)]);
  breakOff(body, signal);
  return { status: answer.status, headers: { 'content-type': type }, body };
}

function breakOff(stream: Readable, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  // As node's own answers: an error that nobody listens to is not thrown at the whole program.
  const onAbort = () => stream.destroy(stream.listenerCount('error') > 0 ? new Error('aborted') : undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', onAbort));
}

async function textOf(body: RawRequest['body']): Promise<string> {
  if (body === undefined || typeof body === 'string') return body ?? '';
  if (body instanceof Uint8Array) return Buffer.from(body).toString('utf8');
  let text = '';
  for await (const chunk of body) text += String(chunk);
  return text;
}
