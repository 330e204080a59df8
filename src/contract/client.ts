import { Agent, type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import { BerthError } from '../kit/errors.ts';
import { dialReason } from './dial-reason.ts';
import { type EventStreamOptions, type StreamedEvent, watchEvents } from './event-stream.ts';
import { errorBodySchema } from './v1/error.ts';
import type { RouteInput, RouteOutput, RouteSpec } from './v1/route.ts';
import {
  type JsonRouteName,
  type LinesRouteName,
  type Routes,
  routes,
  type TextRouteName,
} from './v1/routes.ts';

/**
 * Where the manager is. `https` trusts nothing but the cluster's own CA (`ca`, PEM); there is no way to leave the check
 * out. `unix` is the manager's own socket, on which the caller is an admin.
 */
export type ClientTarget =
  | Readonly<{ kind: 'https'; url: string; ca: string; token?: string }>
  | Readonly<{ kind: 'unix'; path: string }>;

export type CallOptions = Readonly<{ signal?: AbortSignal }>;

type Args<Input> = unknown extends Input
  ? [input?: Readonly<Record<string, never>>, options?: CallOptions]
  : Record<never, never> extends Input
    ? [input?: Input, options?: CallOptions]
    : [input: Input, options?: CallOptions];

/** Calls to the API, typed by its table of routes. Every call throws BerthError with the manager's own code. */
export interface Client {
  /**
   * `client.call('node.label', { node: 'h1', add: { rack: 'r1' } })`: keys of path, query and body in one object.
   * @throws BerthError what the manager answered; `unavailable` where it cannot be reached.
   */
  call<N extends JsonRouteName>(
    name: N,
    ...args: Args<RouteInput<Routes[N]>>
  ): Promise<RouteOutput<Routes[N]>>;
  /** As `call`, for routes that answer in text. */
  text(name: TextRouteName, options?: CallOptions): Promise<string>;
  /** As `call`, for routes that answer with a value on each line; a line of a newer manager that is not known is left out. */
  lines<N extends LinesRouteName>(
    name: N,
    ...args: Args<RouteInput<Routes[N]>>
  ): AsyncIterable<RouteOutput<Routes[N]>>;
  /** Changes as they happen, resuming by itself after a lost connection; ends when `signal` aborts. */
  events(options?: EventStreamOptions): AsyncIterable<StreamedEvent>;
  close(): Promise<void>;
}

/** @throws BerthError `bad_request` where the URL is not one of `https://`. */
export function newClient(target: ClientTarget): Client {
  const { origin, agent } = dispatcherFor(target);
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'berth' };
  if (target.kind === 'https' && target.token) headers.authorization = `Bearer ${target.token}`;

  const send = async (
    route: RouteSpec,
    input: Readonly<Record<string, unknown>>,
    options: CallOptions & Readonly<{ headers?: Record<string, string> }> = {},
  ): Promise<Dispatcher.ResponseData> => {
    const { path, body } = encode(route, input);
    const answer = await request(`${origin}${path}`, {
      method: route.method,
      dispatcher: agent,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: body ?? null,
      signal: options.signal ?? null,
      // A stream of events is silent for long; everything else answers or fails within its own limits.
      bodyTimeout: 0,
    }).catch((thrown: unknown) => {
      throw unreachable(target, thrown, options.signal);
    });
    if (answer.statusCode >= 400) throw await refusal(answer);
    return answer;
  };

  const callAny = async (name: JsonRouteName, input?: object, options?: CallOptions): Promise<unknown> => {
    const route = routes[name];
    const answer = await send(route, { ...input }, options);
    const data: unknown = await answer.body.json().catch((thrown: unknown) => {
      throw unreachable(target, thrown, options?.signal);
    });
    const parsed = (route.answer.schema as z.ZodType).safeParse(data);
    if (parsed.success) return parsed.data;
    throw new BerthError(
      'internal',
      `the manager's answer to ${route.method} ${route.path} was not understood`,
      {
        hint: 'compare the versions: this program and the manager may be one minor version apart',
        cause: parsed.error,
      },
    );
  };

  async function* linesOf(
    name: LinesRouteName,
    input?: object,
    options?: CallOptions,
  ): AsyncGenerator<unknown> {
    const route = routes[name];
    const { body } = await send(route, { ...input }, options);
    body.setEncoding('utf8');
    let rest = '';
    try {
      for await (const part of body as AsyncIterable<string>) {
        const whole = (rest + part).split('\n');
        rest = whole.pop() ?? '';
        for (const line of whole) {
          const parsed = route.answer.schema.safeParse(JSON.parse(line));
          if (parsed.success) yield parsed.data;
        }
      }
    } catch (thrown) {
      throw unreachable(target, thrown, options?.signal);
    }
  }

  return {
    call: callAny as Client['call'],
    text: async (name, options) => (await send(routes[name], {}, options)).body.text(),
    lines: linesOf as Client['lines'],
    events: (options = {}) =>
      watchEvents(async (lastId, signal) => {
        const answer = await send(
          routes['events.watch'],
          {},
          {
            signal,
            headers: {
              accept: 'text/event-stream',
              ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
            },
          },
        );
        return answer.body;
      }, options),
    close: () => agent.close(),
  };
}

function dispatcherFor(target: ClientTarget): { origin: string; agent: Agent } {
  if (target.kind === 'unix') {
    return { origin: 'http://localhost', agent: new Agent({ connect: { socketPath: target.path } }) };
  }
  const url = URL.canParse(target.url) ? new URL(target.url) : undefined;
  if (url?.protocol !== 'https:') {
    throw new BerthError('bad_request', `"${target.url}" is not the address of a manager`, {
      hint: 'write it as https://host:8443',
    });
  }
  return { origin: url.origin, agent: new Agent({ connect: { ca: target.ca } }) };
}

/** Spreads a flat input over path, query and body as the route has them. */
export function encode(
  route: RouteSpec,
  input: Readonly<Record<string, unknown>>,
): { path: string; body: string | undefined } {
  const query = new URLSearchParams();
  const body: Record<string, unknown> = {};
  const params = new Map<string, string>();
  for (const [key, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (route.params !== undefined && Object.hasOwn(route.params.shape, key)) params.set(key, String(value));
    else if (route.query !== undefined && Object.hasOwn(route.query.shape, key))
      query.set(key, String(value));
    else body[key] = value;
  }
  const path = route.path.replace(/:(\w+)/g, (_, key: string) => {
    const value = params.get(key);
    if (!value) throw new BerthError('bad_request', `${route.method} ${route.path}: "${key}" is missing`);
    return encodeURIComponent(value);
  });
  const [unknown] = Object.keys(body);
  if (route.body === undefined && unknown !== undefined) {
    throw new BerthError('bad_request', `${route.method} ${route.path} has no field "${unknown}"`);
  }
  return {
    path: query.size === 0 ? path : `${path}?${query}`,
    body: route.body === undefined ? undefined : JSON.stringify(body),
  };
}

async function refusal(answer: Dispatcher.ResponseData): Promise<BerthError> {
  const text = await answer.body.text().catch(() => '');
  const parsed = errorBodySchema.safeParse(parseJson(text));
  if (parsed.success) {
    const { code, message, hint, status } = parsed.data;
    return new BerthError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(status === undefined ? {} : { status }),
    });
  }
  return new BerthError('internal', `the manager answered with status ${answer.statusCode} and no reason`, {
    hint: 'is it a Berth manager that listens there?',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const TLS_DOUBT = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_CERT|ERR_SSL)/;

function unreachable(target: ClientTarget, thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const place = target.kind === 'unix' ? target.path : target.url;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (target.kind === 'unix' && code === 'EACCES') {
    return new BerthError('forbidden', `cannot reach the manager at ${place}: permission denied`, {
      hint: 'run it as root (sudo), or log in with "berth login https://host:8443"',
      cause: thrown,
    });
  }
  const hint = TLS_DOUBT.test(code)
    ? 'its certificate is not from the CA that was pinned at log-in, or does not name this address'
    : target.kind === 'unix'
      ? 'is the manager running? "berth up" with the same --data-dir starts it'
      : 'is it the API port (8443) of a running manager, and open to this machine?';
  return new BerthError(
    'unavailable',
    `cannot reach the manager at ${place}: ${dialReason(thrown) || code}`,
    {
      hint,
      cause: thrown,
    },
  );
}
