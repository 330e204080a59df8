import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { type Duplex, pipeline, Readable } from 'node:stream';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Engine, RawRequest, RawResponse, RawUpgrade } from '../engine.ts';
import { isErrno, noAnswer, readJson, refusal } from './answers.ts';
import type { Dial } from './dial.ts';
import { forwardedHeaders } from './headers.ts';

/** Idle connections that are kept for the next request; there is no limit on those in use. */
const IDLE_SOCKETS = 16;

/** A Docker Engine behind `dial`, over HTTP/1.1 with kept connections. Nothing is dialled before the first request. */
export function newDockerEngine(dial: Dial): Engine {
  return new DockerEngine(dial);
}

class DockerEngine implements Engine {
  private readonly pool: Agent;

  constructor(private readonly dial: Dial) {
    this.pool = new Agent({
      keepAlive: true,
      maxSockets: Number.POSITIVE_INFINITY,
      maxFreeSockets: IDLE_SOCKETS,
    });
    this.pool.createConnection = (_options, ready) => {
      this.dial().then(
        (socket) => {
          // Dialled with half-close allowed: a kept connection which the engine ends must end here too.
          socket.once('end', () => socket.end());
          // An abort may reach a socket whose request has just ended and left nobody listening: no reason to fall.
          socket.on('error', () => undefined);
          ready?.(null, socket);
        },
        (error) => ready?.(error, undefined as unknown as Duplex),
      );
      return undefined;
    };
  }

  async request(request: RawRequest): Promise<RawResponse> {
    try {
      return await this.exchange(request);
    } catch (thrown) {
      if (!isStale(thrown) || !isRepeatable(request)) throw unwrap(thrown);
    }
    return this.exchange(request).catch((thrown) => Promise.reject(unwrap(thrown)));
  }

  async upgrade(request: RawRequest): Promise<RawUpgrade> {
    const socket = await this.dial().catch((error) => Promise.reject(noAnswer(error)));
    return new Promise<RawUpgrade>((resolve, reject) => {
      const headers = {
        ...forwardedHeaders(request.headers),
        connection: 'Upgrade',
        upgrade: request.headers?.upgrade ?? 'tcp',
      };
      const sent = httpRequest({
        method: request.method,
        path: request.path,
        headers,
        createConnection: () => socket,
      });
      const release = abortable(request.signal, () => socket.destroy(), reject);
      socket.once('close', release);
      sent.on('error', (error) => reject(failure(request, error)));
      sent.on('response', (response) => {
        resolve({ kind: 'response', ...rawResponse(response) });
      });
      sent.on('upgrade', (response, stream, head) => {
        // What came with the answer's head in one packet belongs to the stream.
        if (head.length > 0) stream.unshift(head);
        resolve({ kind: 'upgraded', headers: response.headers, stream });
      });
      sendBody(sent, request.body);
    });
  }

  async json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.request({
      method,
      path,
      headers: text === undefined ? {} : { 'content-type': 'application/json' },
      body: text,
      signal,
    });
    if (answer.status >= 400) throw await refusal(answer);
    return (await readJson(answer)) as T;
  }

  close(): void {
    this.pool.destroy();
  }

  private exchange(request: RawRequest): Promise<RawResponse> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted) {
        reject(request.signal.reason);
        return;
      }
      const sent = httpRequest({
        method: request.method,
        path: request.path,
        headers: forwardedHeaders(request.headers),
        agent: this.pool,
      });
      const release = abortable(request.signal, (reason) => sent.destroy(reason), reject);
      sent.on('close', release);
      sent.on('error', (error) => {
        const stale = sent.reusedSocket && isErrno(error, 'ECONNRESET', 'EPIPE');
        reject(stale ? new StaleConnection(error) : failure(request, error));
      });
      sent.on('response', (response) => resolve(rawResponse(response)));
      sendBody(sent, request.body);
    });
  }
}

/** A kept connection was closed by the engine at the moment of its use; nothing of an answer has come. */
class StaleConnection extends Error {
  constructor(readonly error: Error) {
    super(error.message);
  }
}

function isStale(thrown: unknown): boolean {
  return thrown instanceof StaleConnection;
}

function unwrap(thrown: unknown): unknown {
  return thrown instanceof StaleConnection ? noAnswer(thrown.error) : thrown;
}

function isRepeatable({ method, body }: RawRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && !(body instanceof Readable);
}

function failure(request: RawRequest, error: unknown): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_')) {
    return new BerthError(
      'engine',
      `the Docker Engine answered with what is not HTTP (${messageOf(error)})`,
      {
        status: 502,
        cause: error,
      },
    );
  }
  return noAnswer(error);
}

function rawResponse(response: IncomingMessage): RawResponse {
  return { status: response.statusCode ?? 0, headers: response.headers, body: response };
}

function sendBody(sent: ClientRequest, body: RawRequest['body']): void {
  if (body instanceof Readable) {
    // Where either end fails the other is destroyed; the error itself comes out of the request.
    pipeline(body, sent, () => {});
  } else {
    sent.end(body);
  }
}

/** Calls `destroy` and `reject` when the signal fires, until the returned function is called. */
function abortable(
  signal: AbortSignal | undefined,
  destroy: (reason: Error) => void,
  reject: (reason: unknown) => void,
): () => void {
  if (signal === undefined) return () => {};
  const onAbort = () => {
    destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    reject(signal.reason);
  };
  if (signal.aborted) {
    onAbort();
    return () => {};
  }
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}
