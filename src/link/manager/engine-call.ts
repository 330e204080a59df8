import { validateHeaderValue } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { pipeline, Readable } from 'node:stream';
import {
  ENGINE_PREFIX,
  HEADER_BODY_LENGTH,
  HEADER_ERROR,
  HEADER_HANG_UP,
  HEADER_REASON,
  HEADER_UPGRADE,
  HEADER_UPGRADED,
} from '../../contract/link.ts';
import { BerthError, ERROR_CODES, type ErrorCode, messageOf } from '../../kit/errors.ts';
import { readWhole } from '../h2/body.ts';
import { isBodiless, requestHeaders, responseHeaders } from '../h2/headers.ts';
import { MAX_UPGRADE_BODY } from '../h2/limits.ts';
import { LinkStream } from '../h2/link-stream.ts';
import type { EngineRequest, EngineResponse, EngineUpgrade } from '../ports.ts';

/** Where a call goes: the HTTP/2 session of one host's connection. */
export type CallTarget = Readonly<{
  h2: ClientHttp2Session;
  hostName: string;
  /** Has the other end reset a stream. */
  cancel(stream: ClientHttp2Stream): void;
}>;

type Head = Readonly<{ status: number; headers: IncomingHttpHeaders; stream: LinkStream }>;

/** Passes a request to a host's engine; see `Engines.request`. */
export function callEngine(target: CallTarget, request: EngineRequest): Promise<EngineResponse> {
  return callHost(target, ENGINE_PREFIX, request);
}

/** Asks what a host serves under `prefix`. */
export async function callHost(
  target: CallTarget,
  prefix: string,
  request: EngineRequest,
): Promise<EngineResponse> {
  const path = `${prefix}${request.path}`;
  const head = await open(target, request, path, requestHeaders(request.headers ?? {}), bodyOf(request));
  return plainResponse(head, request.method);
}

/** Asks a host's engine for a raw connection; see `Engines.upgrade`. */
export async function upgradeEngine(target: CallTarget, request: EngineRequest): Promise<EngineUpgrade> {
  const given = Object.entries(request.headers ?? {}).find(([name]) => name.toLowerCase() === 'upgrade');
  const body = await wholeBody(request);
  const headers = {
    ...requestHeaders(request.headers ?? {}),
    [HEADER_UPGRADE]: given?.[1] ?? 'tcp',
    [HEADER_BODY_LENGTH]: String(body.length),
    ...(request.hangUp === true ? { [HEADER_HANG_UP]: '1' } : {}),
  };
  delete (headers as Record<string, string>)['content-length'];
  const path = `${ENGINE_PREFIX}${request.path}`;
  const head = await open(target, request, path, headers, { kind: 'raw', first: body });
  if (head.headers[HEADER_UPGRADED] === '1') {
    return { kind: 'upgraded', headers: responseHeaders(head.headers), stream: head.stream };
  }
  // The engine said no: nothing more goes its way, and the answer is like any other.
  head.stream.end();
  return { kind: 'response', ...plainResponse(head, request.method) };
}

type Body =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'bytes'; bytes: Uint8Array }>
  | Readonly<{ kind: 'stream'; stream: Readable }>
  | Readonly<{ kind: 'raw'; first: Uint8Array }>;

function bodyOf(request: EngineRequest): Body {
  const { body } = request;
  if (body === undefined) return { kind: 'none' };
  if (!(body instanceof Readable)) return { kind: 'bytes', bytes: Buffer.from(body as string) };
  const length = Object.entries(request.headers ?? {}).find(
    ([name]) => name.toLowerCase() === 'content-length',
  );
  // Engines tell "no body" from "an empty one of unknown length", and refuse the latter on start.
  return length?.[1] === '0' ? { kind: 'none' } : { kind: 'stream', stream: body };
}

async function wholeBody(request: EngineRequest): Promise<Uint8Array> {
  const body = bodyOf(request);
  if (body.kind === 'stream') return readWhole(body.stream, MAX_UPGRADE_BODY);
  return body.kind === 'bytes' ? body.bytes : new Uint8Array();
}

async function open(
  target: CallTarget,
  request: EngineRequest,
  path: string,
  given: Record<string, string>,
  body: Body,
): Promise<Head> {
  request.signal?.throwIfAborted();
  if (!/^[A-Z]{1,20}$/.test(request.method) || request.method === 'CONNECT') {
    throw new BerthError('bad_request', `"${request.method}" is not a method that engines take`);
  }
  if (!request.path.startsWith('/'))
    throw new BerthError('bad_request', `"${request.path}" does not begin with /`);
  const headers: Record<string, string> = {
    ...given,
    ':method': request.method,
    ':path': path,
  };
  if (body.kind === 'bytes') headers['content-length'] = String(body.bytes.length);
  if (body.kind === 'none') delete headers['content-length'];
  const endStream = body.kind === 'none' || (body.kind === 'bytes' && body.bytes.length === 0);
  const h2 = startStream(target, headers, endStream);
  const stream = new LinkStream(h2, {
    writable: !endStream,
    reset: (raw) => target.cancel(raw as ClientHttp2Stream),
    lost: (code) => lostError(target.hostName, code),
  });
  const answer = headOf(h2, stream, request.signal);
  if (!endStream) send(stream, body);
  return answer.then((head) => refuseError(head));
}

function startStream(
  target: CallTarget,
  headers: Record<string, string>,
  endStream: boolean,
): ClientHttp2Stream {
  try {
    for (const [name, value] of Object.entries(headers))
      if (!name.startsWith(':')) validateHeaderValue(name, value);
    return target.h2.request(headers, { endStream });
  } catch (cause) {
    if (target.h2.closed || target.h2.destroyed) throw lostError(target.hostName, constants.NGHTTP2_CANCEL);
    throw new BerthError(
      'bad_request',
      `the request cannot be passed on to host ${target.hostName}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

function send(stream: LinkStream, body: Body): void {
  if (body.kind === 'raw') {
    if (body.first.length > 0) stream.write(body.first);
  } else if (body.kind === 'bytes') {
    stream.end(body.bytes);
  } else if (body.kind === 'stream') {
    // A client that vanishes in the middle of its body destroys the stream, and with it the request on the host.
    pipeline(body.stream, stream, () => undefined);
  }
}

/** Resolves with the answer's head. Afterwards the signal destroys the stream, as long as that lives. */
function headOf(h2: ClientHttp2Stream, stream: LinkStream, signal: AbortSignal | undefined): Promise<Head> {
  return new Promise((resolve, reject) => {
    const onAbort = () => stream.destroy(toError(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    // Stays for the stream's life: who has left the stream alone must not bring the process down with its error.
    stream.on('error', reject);
    stream.once('close', () => {
      signal?.removeEventListener('abort', onAbort);
      reject(new BerthError('host_down', 'the request was ended before it was answered'));
    });
    // Where the connection goes before the stream was even begun, Node ends it without an error. Not after the head: a
    // reader that is slower than the line still has to get what has come.
    const onClose = () => stream.destroy();
    h2.once('close', onClose);
    h2.once('response', (headers) => {
      h2.off('close', onClose);
      resolve({ status: Number(headers[':status']), headers, stream });
    });
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new BerthError('timeout', messageOf(reason));
}

function plainResponse(head: Head, method: string): EngineResponse {
  const headers = responseHeaders(head.headers);
  if (!isBodiless(method, head.status)) return { status: head.status, headers, body: head.stream };
  // Nobody reads where nothing comes, and yet the stream must come to its end.
  head.stream.resume();
  return { status: head.status, headers, body: Readable.from([]) };
}

/** @throws BerthError the agent's own word: it could not ask the engine */
function refuseError(head: Head): Head {
  const code = head.headers[HEADER_ERROR];
  if (code === undefined) return head;
  head.stream.destroy();
  let said: { message?: unknown; hint?: unknown } = {};
  try {
    said = JSON.parse(decodeURIComponent(String(head.headers[HEADER_REASON])));
  } catch {
    // Said below without its words.
  }
  throw new BerthError(
    (ERROR_CODES as readonly unknown[]).includes(code) ? (code as ErrorCode) : 'internal',
    typeof said.message === 'string' ? said.message : `the agent could not ask its engine (${String(code)})`,
    typeof said.hint === 'string' ? { hint: said.hint } : {},
  );
}

function lostError(hostName: string, code: number): BerthError {
  if (code === constants.NGHTTP2_CANCEL || code === constants.NGHTTP2_NO_ERROR) {
    return new BerthError('host_down', `the connection to host ${hostName} was lost`, {
      hint: `try again; "berth node inspect ${hostName}" tells how the host is`,
    });
  }
  return new BerthError('host_down', `host ${hostName} broke off: its engine ended the connection`, {
    hint: `look at the engine's log on host ${hostName}`,
  });
}
