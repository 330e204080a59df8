import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { listenOn } from './plugin-socket.ts';

/** Answers a request by its name, such as `NetworkDriver.Join`; what it throws is told to the engine. */
export type Handlers = Readonly<Record<string, (body: unknown) => unknown>>;

export type PluginServer = Readonly<{ close(): Promise<void> }>;

type Options = Readonly<{
  path: string;
  handlers: Handlers;
  logger: Logger;
  /** Until a request is answered with an error, whatever becomes of it; milliseconds. */
  timeoutMs?: number;
}>;

/** The engine gives up after 30 s, and holds locks meanwhile: it must hear why before that. */
const TIMEOUT_MS = 25_000;
/** A network with many pools has some kilobytes. */
const MAX_BODY = 1024 * 1024;
/** Until requests under way are cut off where the server closes. */
const CLOSE_MS = 3_000;
/** All others have a body, and an engine that sends none has lost it: see `refuseLost`. */
const WITHOUT_BODY: ReadonlySet<string> = new Set([
  'Plugin.Activate',
  'NetworkDriver.GetCapabilities',
  'IpamDriver.GetCapabilities',
  'IpamDriver.GetDefaultAddressSpaces',
]);
const CONTENT_TYPE = 'application/vnd.docker.plugins.v1.1+json';

/**
 * Docker's plugin protocol on a Unix socket: JSON by POST, errors as `{"Err": "…"}` (docs.docker.com/engine/extend/plugin_api).
 * Each request has a connection of its own: where one is closed under a request, an engine sends that again without its body
 * (moby, pkg/plugins/client.go: the second attempt reads on where the first one has read to the end).
 * @throws BerthError `conflict` where another program serves the socket, the file system's error where it cannot be made
 */
export async function servePlugin({
  path,
  handlers,
  logger,
  timeoutMs = TIMEOUT_MS,
}: Options): Promise<PluginServer> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '').replace(/^\//, '');
    answer(name, handlers, request, timeoutMs).then(
      (value) => send(response, 200, value ?? {}),
      (thrown: unknown) => {
        const error = said(thrown);
        logger.warn({ plugin: path, request: name, error }, 'refused');
        // Most of libnetwork reads `Err` of a success only; its HTTP client reads it of a failure.
        send(response, thrown instanceof UnknownRequest ? 404 : 500, { Err: error });
      },
    );
  });
  server.headersTimeout = timeoutMs;
  server.requestTimeout = timeoutMs;
  await listenOn(server, path);
  return {
    close: async () => {
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(timer);
    },
  };
}

class UnknownRequest extends Error {}

async function answer(
  name: string,
  handlers: Handlers,
  request: IncomingMessage,
  timeoutMs: number,
): Promise<unknown> {
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  const body = await bodyOf(request);
  if (handler === undefined || request.method !== 'POST')
    throw new UnknownRequest(`${request.method} /${name.slice(0, 80)} is not a request that Berth answers`);
  if (body === undefined && !WITHOUT_BODY.has(name)) throw refuseLost(name);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new BerthError('timeout', `${name} took over ${timeoutMs / 1000} s`);
    timer = setTimeout(() => reject(error), timeoutMs);
  });
  try {
    return await Promise.race([handler(body ?? {}), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What it was about nobody can say any more; taken for a request without fields it would be answered wrongly. */
function refuseLost(name: string): BerthError {
  return new BerthError(
    'bad_request',
    `the engine has sent ${name} without its body, as it does where the agent ended while it was asked`,
    { hint: 'try again' },
  );
}

/** Undefined where there is none. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read to its end all the same, so that its sender hears why it is refused.
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  if (size > MAX_BODY) throw new BerthError('too_large', `a request of over ${MAX_BODY} bytes`);
  const text = Buffer.concat(chunks).toString();
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    throw new BerthError('bad_request', `the body is not JSON: ${text.slice(0, 80)}`);
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.writableEnded || response.destroyed) return;
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': CONTENT_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}

/** For a person who reads it behind the engine's own words. */
function said(thrown: unknown): string {
  if (thrown instanceof z.ZodError) {
    const [issue] = thrown.issues;
    return `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not understood'}`;
  }
  const hint = thrown instanceof BerthError && thrown.hint !== undefined ? `: ${thrown.hint}` : '';
  return `${messageOf(thrown)}${hint}`;
}
