import type { z } from 'zod';
import { BerthError } from '../kit/errors.ts';
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

export type CallOptions = Readonly<{ signal?: AbortSignal }>;

/** How requests get to the manager: a program's connections, or those of a browser. */
export type Transport = Readonly<{
  /** Whatever it throws means that there was no answer. */
  send(
    request: Readonly<{
      method: string;
      path: string;
      headers: Readonly<Record<string, string>>;
      body: string | undefined;
      signal: AbortSignal | undefined;
    }>,
  ): Promise<Readonly<{ status: number; body: AsyncIterable<Uint8Array> }>>;
  /** Tells a person why there was none, or only a part. */
  lost(thrown: unknown): BerthError;
}>;

type Args<Input> = unknown extends Input
  ? [input?: Readonly<Record<string, never>>, options?: CallOptions]
  : Record<never, never> extends Input
    ? [input?: Input, options?: CallOptions]
    : [input: Input, options?: CallOptions];

/** Calls to the API, typed by its table of routes. Every call throws BerthError with the manager's own code. */
export interface Calls {
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
}

/** Of an answer what `schema` has a place for: also where that is strict, a newer manager may say more. */
function understood(schema: z.ZodType, data: unknown): z.ZodSafeParseResult<unknown> {
  const parsed = schema.safeParse(data);
  const issues = parsed.error?.issues ?? [];
  let isLess = false;
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const at = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)[key], data);
    for (const key of issue.keys) isLess = delete (at as Record<string, unknown>)[key] || isLess;
  }
  return isLess ? schema.safeParse(data) : parsed;
}

/** The calls of the table of routes, over whatever brings them to the manager. */
export function clientOver(transport: Transport): Calls {
  const lost = (thrown: unknown, signal: AbortSignal | undefined): unknown =>
    signal?.aborted ? signal.reason : transport.lost(thrown);

  const send = async (
    route: RouteSpec,
    input: Readonly<Record<string, unknown>>,
    { signal, headers }: CallOptions & Readonly<{ headers?: Record<string, string> }> = {},
  ): Promise<AsyncIterable<Uint8Array>> => {
    const { path, body } = encode(route, input);
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await transport
      .send({
        method: route.method,
        path,
        headers: { accept: 'application/json', ...type, ...headers },
        body,
        signal,
      })
      .catch((thrown: unknown) => {
        throw lost(thrown, signal);
      });
    if (answer.status >= 400) throw await refusal(answer.status, answer.body);
    return answer.body;
  };

  const callAny = async (name: JsonRouteName, input?: object, options?: CallOptions): Promise<unknown> => {
    const route = routes[name];
    const body = await send(route, { ...input }, options);
    const data = await textOf(body)
      .then((text): unknown => JSON.parse(text))
      .catch((thrown: unknown) => {
        throw lost(thrown, options?.signal);
      });
    const parsed = understood(route.answer.schema as z.ZodType, data);
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
    const body = await send(route, { ...input }, options);
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const part of body) {
        const whole = (rest + decoder.decode(part, { stream: true })).split('\n');
        rest = whole.pop() ?? '';
        for (const line of whole) {
          const parsed = route.answer.schema.safeParse(JSON.parse(line));
          if (parsed.success) yield parsed.data;
        }
      }
    } catch (thrown) {
      throw lost(thrown, options?.signal);
    }
  }

  return {
    call: callAny as Calls['call'],
    text: async (name, options) => textOf(await send(routes[name], {}, options)),
    lines: linesOf as Calls['lines'],
    events: (options = {}) =>
      watchEvents(
        (lastId, signal) =>
          send(
            routes['events.watch'],
            {},
            {
              signal,
              headers: {
                accept: 'text/event-stream',
                ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
              },
            },
          ),
        options,
      ),
  };
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

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body) text += decoder.decode(part, { stream: true });
  return text + decoder.decode();
}

async function refusal(answered: number, body: AsyncIterable<Uint8Array>): Promise<BerthError> {
  return refusalIn(answered, await textOf(body).catch(() => ''));
}

/** An answer from 400 up, as the error that it tells. */
export function refusalIn(answered: number, text: string): BerthError {
  const parsed = errorBodySchema.safeParse(parseJson(text));
  if (parsed.success) {
    const { code, message, hint, status } = parsed.data;
    return new BerthError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(status === undefined ? {} : { status }),
    });
  }
  return new BerthError('internal', `the manager answered with status ${answered} and no reason`, {
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
