import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { z } from 'zod';
import type { RouteInput, RouteSpec } from '../../contract/v1/route.ts';
import { type RouteName, type Routes, routes } from '../../contract/v1/routes.ts';
import { BerthError, type ErrorCode } from '../../kit/errors.ts';

type AnswerOf<R> = R extends { answer: { type: 'json'; schema: infer S extends z.ZodType } }
  ? z.input<S>
  : R extends { answer: { type: 'text' } }
    ? string
    : R extends { answer: { type: 'lines'; schema: infer S extends z.ZodType } }
      ? readonly z.input<S>[]
      : readonly Readonly<{ id: string; data: unknown }>[];

/** What stands behind the routes that a test uses; all others answer 404. */
export type Handlers = {
  [N in RouteName]?: (
    input: Readonly<RouteInput<Routes[N]>>,
    token: string | undefined,
  ) => AnswerOf<Routes[N]>;
};

export type Call = Readonly<{ name: RouteName; input: unknown; token: string | undefined }>;

export type FakeManager = Readonly<{
  /** Every call that was valid, in order. */
  calls: readonly Call[];
  /** `https://127.0.0.1:PORT`, or the socket's path. */
  address: string;
  close(): Promise<void>;
}>;

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unavailable: 503,
};

/**
 * The manager's API by its own table of routes: inputs and answers are checked with the schemas, so that a command cannot
 * pass its test with a request that the real manager refuses.
 */
export async function fakeManager(
  where: Readonly<{ socket: string }> | Readonly<{ cert: string; key: string }>,
  handlers: Handlers,
): Promise<FakeManager> {
  const calls: Call[] = [];
  const listener: RequestListener = (request, response) => {
    serve(request, response, handlers, calls).catch((thrown: unknown) => {
      const error = thrown instanceof BerthError ? thrown : new BerthError('internal', String(thrown));
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const { code, message, hint } = error;
      response.writeHead(STATUS[code] ?? 500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code, message, hint }));
    });
  };
  const server = 'socket' in where ? createServer(listener) : createTlsServer(where, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if ('socket' in where) {
      mkdirSync(dirname(where.socket), { recursive: true });
      server.listen(where.socket, resolve);
    } else server.listen(0, '127.0.0.1', resolve);
  });
  return {
    calls,
    address: 'socket' in where ? where.socket : `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: Handlers,
  calls: Call[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://manager');
  const found = Object.entries(routes)
    .map(([name, route]) => ({
      name: name as RouteName,
      route,
      params: match(route, request.method, url.pathname),
    }))
    .find(({ params }) => params !== undefined);
  if (found === undefined) throw new BerthError('not_found', `no route ${request.method} ${url.pathname}`);
  const route: RouteSpec = found.route;
  let text = '';
  for await (const chunk of request) text += chunk;
  const input = {
    ...parse(route.params, found.params),
    ...parse(route.query, Object.fromEntries(url.searchParams)),
    ...parse(route.body, text === '' ? {} : JSON.parse(text)),
  };
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  calls.push({ name: found.name, input, token });
  const handler = handlers[found.name] as ((input: unknown, token: unknown) => unknown) | undefined;
  if (handler === undefined) throw new BerthError('not_found', `the test serves no ${found.name}`);
  const answer = await handler(input, token);
  switch (route.answer.type) {
    case 'json': {
      const body = JSON.stringify(route.answer.schema.parse(answer));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
      return;
    }
    case 'events': {
      const { schema } = route.answer;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const { id, data } of answer as { id: string; data: unknown }[]) {
        response.write(`id: ${id}\ndata: ${JSON.stringify(schema.parse(data))}\n\n`);
      }
      return;
    }
    case 'lines': {
      const { schema } = route.answer;
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (const one of answer as unknown[]) response.write(`${JSON.stringify(schema.parse(one))}\n`);
      response.end();
      return;
    }
    default:
      response.writeHead(200, { 'content-type': route.answer.contentType });
      response.end(answer);
  }
}

function match(
  route: RouteSpec,
  method: string | undefined,
  path: string,
): Record<string, string> | undefined {
  if (route.method !== method) return undefined;
  const wanted = route.path.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const word = decodeURIComponent(given[at] ?? '');
    if (part.startsWith(':')) params[part.slice(1)] = word;
    else if (part !== word) return undefined;
  }
  return params;
}

function parse(schema: z.ZodType | undefined, value: unknown): Record<string, unknown> {
  if (schema === undefined) return {};
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  const issue = parsed.error.issues[0];
  throw new BerthError('bad_request', `${issue?.path.join('.')}: ${issue?.message}`);
}
