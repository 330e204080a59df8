import { pipeline } from 'node:stream/promises';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { EngineRequest, EngineResponse } from '../../link/ports.ts';
import type { DockerCall } from './call.ts';
import { inputFault } from './input-fault.ts';

/** Largest answer that is read into memory, bytes. */
const MAX_ANSWER = 64 * 1024 * 1024;

/** Headers of a client that an engine needs to see; everything else is the manager's own business. */
const REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'x-registry-auth',
  'x-registry-config',
  'accept',
]);
/** Headers of an engine's answer that belong to its connection or that the manager sets itself. */
const NOT_RETURNED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'api-version',
  'server',
  'ostype',
  'docker-experimental',
  'date',
]);

/**
 * `/containers/x/json` and a query as an engine reads them, in the version that the client asked for.
 * @throws BerthError `bad_request` for a name that would lead to another of the engine's routes
 */
export function enginePath(
  call: Pick<DockerCall, 'apiVersion'>,
  path: string,
  query?: URLSearchParams,
): string {
  if (/\/\.{0,2}\/|\/\.{1,2}$/.test(path)) {
    throw new BerthError(
      'bad_request',
      `"${path.slice(1, 120)}" names nothing: a part of it is empty, "." or ".."`,
    );
  }
  const text = query?.toString() ?? '';
  return `/v${call.apiVersion}${path}${text === '' ? '' : `?${text}`}`;
}

/** The client's headers that an engine needs. */
export function engineHeaders(call: DockerCall): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.req.headers)) {
    if (typeof value === 'string' && REQUEST_HEADERS.has(name)) headers[name] = value;
  }
  return headers;
}

/**
 * Sends the client's request on to the engine of `hostId` and its answer back, both as streams with back-pressure.
 * @param path as from `enginePath`
 * @param options.body what is sent instead of the client's own body
 * @param options.rewrite changes the text of an engine's error (an engine ID in it becomes the cluster's)
 * @throws BerthError `engine` where the engine answered 400 or above; `host_down`
 */
export async function passThrough(
  call: DockerCall,
  hostId: string,
  path: string,
  options: Readonly<{ body?: string; method?: string; rewrite?: (text: string) => string }> = {},
): Promise<void> {
  const { req, signal } = call;
  const headers = engineHeaders(call);
  const declared = headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  // A body that was read already, and meant nothing, does not go on.
  const hasBody = declared && !req.readableEnded;
  if (!hasBody) for (const name of ['content-length', 'content-type']) delete headers[name];
  const request: EngineRequest = {
    method: options.method ?? call.method,
    path,
    headers: options.body === undefined ? headers : jsonHeaders(headers, options.body),
    body: options.body ?? (hasBody ? req : undefined),
    signal,
  };
  const answer = await ask(call, hostId, request, options.rewrite);
  await sendAnswer(call, answer);
}

/** Sends an engine's answer to the client: status, headers and body. */
export async function sendAnswer(call: DockerCall, answer: EngineResponse): Promise<void> {
  const { res } = call;
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !NOT_RETURNED.has(name) && !name.startsWith(':')) res.setHeader(name, value);
  }
  res.writeHead(answer.status);
  // Logs and events may be silent for hours: the client must see the head at once.
  res.flushHeaders();
  if (call.method === 'HEAD' || answer.status === 204 || answer.status === 304) {
    answer.body.resume();
    res.end();
    return;
  }
  await pipeline(answer.body, res, { signal: call.signal });
}

/**
 * Asks the engine of a host; the caller reads or destroys the answer's body.
 * @throws BerthError `engine` with the engine's status and message where it answered 400 or above
 */
export async function ask(
  call: Pick<DockerCall, 'deps'>,
  hostId: string,
  request: EngineRequest,
  rewrite: (text: string) => string = (text) => text,
): Promise<EngineResponse> {
  const answer = await call.deps.engines.request(hostId, request);
  if (answer.status >= 400) throw await refusalOf(answer, rewrite);
  return answer;
}

/** Longest part that is shown of an answer which is not an engine's. */
const MAX_SHOWN = 80;

/** An engine's refusal as an error with its own status and message. Reads the body. */
export async function refusalOf(
  answer: EngineResponse,
  rewrite: (text: string) => string = (text) => text,
): Promise<BerthError> {
  const text = (await readAnswer(answer)).toString('utf8').trim();
  let message = text;
  let own = answer.status < 500;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value) {
      message = String(value.message);
      own = true;
    }
  } catch {
    // Not JSON: an engine's plain text is shown as it is.
  }
  if (!own && message !== '') {
    const said = `the Docker Engine answered ${answer.status} in words that are not its own: "${message.slice(0, MAX_SHOWN)}"`;
    return new BerthError('engine', said, { status: 502 });
  }
  const said = rewrite(message || `the engine answered ${answer.status}`);
  return inputFault(new BerthError('engine', said, { status: answer.status }));
}

/**
 * Asks an engine and reads its JSON answer; undefined where it has no body.
 * @throws BerthError `engine`, `host_down`, or `internal` where the answer is no JSON
 */
export async function askJson<T>(
  call: Pick<DockerCall, 'deps'>,
  hostId: string,
  request: Omit<EngineRequest, 'body'> & Readonly<{ json?: unknown }>,
  rewrite?: (text: string) => string,
): Promise<T> {
  const { json, ...rest } = request;
  const body = json === undefined ? undefined : JSON.stringify(json);
  const headers = body === undefined ? rest.headers : jsonHeaders(rest.headers ?? {}, body);
  const answer = await ask(call, hostId, { ...rest, headers, body }, rewrite);
  const text = (await readAnswer(answer)).toString('utf8');
  if (text.trim() === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (thrown) {
    throw new BerthError('internal', `the engine's answer to ${request.method} ${request.path} is no JSON`, {
      cause: thrown,
    });
  }
}

/** The whole body of an answer, at most 64 MiB. */
export async function readAnswer(answer: EngineResponse): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer.body) {
      const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part);
      size += bytes.length;
      if (size > MAX_ANSWER)
        throw new BerthError('internal', `the engine's answer is over ${MAX_ANSWER} bytes`);
      parts.push(bytes);
    }
  } catch (thrown) {
    if (thrown instanceof BerthError) throw thrown;
    throw new BerthError('host_down', `the host went away in the middle of its answer: ${messageOf(thrown)}`);
  }
  return Buffer.concat(parts);
}

function jsonHeaders(headers: Readonly<Record<string, string>>, body: string): Record<string, string> {
  return {
    ...headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
}
