import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import {
  HEADER_BODY_LENGTH,
  HEADER_ERROR,
  HEADER_HANG_UP,
  HEADER_REASON,
  HEADER_UPGRADE,
  HEADER_UPGRADED,
} from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { readFirst } from '../h2/body.ts';
import { endToEnd, isBodiless, requestHeaders } from '../h2/headers.ts';
import { MAX_UPGRADE_BODY } from '../h2/limits.ts';
import { breakOff, LinkStream } from '../h2/link-stream.ts';
import type { EngineRequest, EngineResponse, HostEngine } from '../ports.ts';

/**
 * Answers one request of the manager, `prefix` in front of its path, from the host's engine or whatever else is like one. Never rejects. Where the manager cancels, the
 * engine's side is destroyed at once; where the engine breaks off, the stream is reset.
 */
export async function serveEngine(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  prefix: string,
  engine: HostEngine,
): Promise<void> {
  const controller = new AbortController();
  const link = new LinkStream(stream, {
    writable: true,
    reset: breakOff,
    lost: () => new BerthError('host_down', 'the manager cancelled the request'),
  });
  link.on('error', () => undefined);
  link.once('close', () =>
    controller.abort(new BerthError('host_down', 'the manager cancelled the request')),
  );
  try {
    const request = {
      method: String(headers[':method']),
      path: String(headers[':path']).slice(prefix.length),
      headers: requestHeaders(headers),
      signal: controller.signal,
    };
    const upgrade = headers[HEADER_UPGRADE];
    if (typeof upgrade === 'string') await serveUpgrade(stream, link, engine, request, upgrade, headers);
    else await servePlain(stream, link, engine, request);
  } catch (thrown) {
    refuse(stream, link, thrown);
  }
}

async function servePlain(
  stream: ServerHttp2Stream,
  link: LinkStream,
  engine: HostEngine,
  request: EngineRequest,
): Promise<void> {
  const body = stream.endAfterHeaders ? undefined : requestBody(link);
  // Takes in the end of a request that has no body.
  if (body === undefined) link.resume();
  const response = await engine.request(body === undefined ? request : { ...request, body });
  answer(stream, link, request.method, response);
}

async function serveUpgrade(
  stream: ServerHttp2Stream,
  link: LinkStream,
  engine: HostEngine,
  request: EngineRequest,
  protocol: string,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const length = Number(headers[HEADER_BODY_LENGTH] ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > MAX_UPGRADE_BODY) {
    throw new BerthError(
      'too_large',
      `${HEADER_BODY_LENGTH} ${length} is not between 0 and ${MAX_UPGRADE_BODY}`,
    );
  }
  const body = await readFirst(link, length);
  const result = await engine.upgrade({
    ...request,
    headers: { ...request.headers, upgrade: protocol },
    ...(length > 0 ? { body } : {}),
    ...(headers[HEADER_HANG_UP] === '1' ? { hangUp: true } : {}),
  });
  if (result.kind === 'response') {
    link.resume();
    answer(stream, link, request.method, result);
    return;
  }
  const raw = result.stream;
  raw.on('error', () => undefined);
  if (!respond(stream, 200, { ...endToEnd(result.headers), [HEADER_UPGRADED]: '1' }, false)) {
    raw.destroy();
    return;
  }
  // Each direction ends on its own; an error in either takes both down.
  pipeline(link, raw, () => undefined);
  pipeline(raw, link, () => undefined);
}

/**
 * The request's body on its own: an engine client that destroys it (it has answered early) must not take the answer
 * down, which goes out over the same stream.
 */
function requestBody(link: LinkStream): Readable {
  const body = new PassThrough();
  body.on('error', () => undefined);
  link.pipe(body);
  link.once('close', () => {
    if (!link.received) body.destroy(new BerthError('host_down', 'the manager cancelled the request'));
  });
  return body;
}

function answer(stream: ServerHttp2Stream, link: LinkStream, method: string, response: EngineResponse): void {
  const bodiless = isBodiless(method, response.status);
  const headers = endToEnd(response.headers);
  // HTTP/2 checks the length against what comes, except on HEAD.
  if (bodiless && method !== 'HEAD') delete headers['content-length'];
  response.body.on('error', () => undefined);
  if (!respond(stream, response.status, headers, bodiless)) {
    response.body.destroy();
    return;
  }
  if (bodiless) {
    response.body.resume();
    link.end(() => letGo(stream, link));
    return;
  }
  pipeline(response.body, link, (error) => {
    if (!error) letGo(stream, link);
  });
}

/** The answer is out: what is left of the request is not wanted (RFC 9113, 8.1). */
function letGo(stream: ServerHttp2Stream, link: LinkStream): void {
  if (link.received || stream.destroyed) return;
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function respond(
  stream: ServerHttp2Stream,
  status: number,
  headers: Record<string, string | string[]>,
  endStream: boolean,
): boolean {
  if (stream.destroyed || stream.closed || stream.headersSent) return false;
  stream.respond({ ...headers, ':status': status }, { endStream });
  return true;
}

function refuse(stream: ServerHttp2Stream, link: LinkStream, thrown: unknown): void {
  const error = thrown instanceof BerthError ? thrown : new BerthError('internal', messageOf(thrown));
  const said = JSON.stringify({ message: error.message.slice(0, 8192), hint: error.hint });
  // In a header, so that HEAD has it too.
  const headers = { [HEADER_ERROR]: error.code, [HEADER_REASON]: encodeURIComponent(said) };
  try {
    if (respond(stream, 502, headers, true)) {
      link.resume();
      link.end(() => letGo(stream, link));
      return;
    }
  } catch {
    // The stream is beyond an answer.
  }
  link.destroy();
}
