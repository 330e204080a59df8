import { z } from 'zod';
import type { Role } from '../../model/access.ts';

/**
 * What a route answers with. `stream` is bytes, `events` is a stream of server-sent events, `lines` one JSON value a line
 * (https://github.com/ndjson/ndjson-spec) until there are no more, or the client goes away.
 */
export type Answer =
  | Readonly<{ type: 'json'; schema: z.ZodType }>
  | Readonly<{ type: 'text'; contentType: string }>
  | Readonly<{ type: 'stream'; contentType: string }>
  | Readonly<{ type: 'events'; schema: z.ZodType }>
  | Readonly<{ type: 'lines'; schema: z.ZodType }>;

/** One line of the table of routes: the server registers its handler by it and the client's call is typed by it. */
export type RouteSpec = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify's form; each `:name` is a key of `params`. */
  path: string;
  /** Least role that may call it; `public` asks for no identity. */
  role: Role | 'public';
  /** What the audit log calls it; on everything that changes something. */
  action?: string;
  params?: z.ZodObject;
  /** Headers that count, in lower case; the typed client sends none of these. */
  headers?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  /** Largest body, bytes; 1 MiB unless told. */
  mostBody?: number;
  /** The body is bytes (`application/octet-stream`) of any length, which its handler takes as they come. */
  takes?: 'bytes';
  answer: Answer;
}>;

type InputOf<R, Part extends 'params' | 'query' | 'body'> =
  R extends Readonly<Record<Part, infer S extends z.ZodType>> ? z.input<S> : unknown;

/** What the client is given for a route: the keys of params, query and body in one object (they never clash). */
export type RouteInput<R> = InputOf<R, 'params'> & InputOf<R, 'query'> & InputOf<R, 'body'>;

/** What the client gets of a route that answers in JSON. */
export type RouteOutput<R> =
  R extends Readonly<{ answer: Readonly<{ schema: infer S extends z.ZodType }> }> ? z.output<S> : never;

/** Answers in JSON by `schema`. */
export function json<S extends z.ZodType>(schema: S): Readonly<{ type: 'json'; schema: S }> {
  return { type: 'json', schema };
}

/** Answers with a value by `schema` on each line. */
export function lines<S extends z.ZodType>(schema: S): Readonly<{ type: 'lines'; schema: S }> {
  return { type: 'lines', schema };
}

/** A flag in a query string. */
export const queryFlag = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1'),
]);

/** A whole number from 0 in a query string. */
export const queryNumber = z.union([
  z.number().int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/, { error: (issue) => `"${String(issue.input)}" is not a whole number` })
    .transform(Number),
]);

/** Answer of a change that has nothing to tell. */
export const nothingSchema = z.object({});
