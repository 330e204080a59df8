import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { hasBody, readWhole } from '../body.ts';
import { shownFields } from '../hidden-values.ts';
import type { DockerCall } from './call.ts';

/** Largest JSON body, bytes. */
export const MAX_JSON = 4 * 1024 * 1024;
/** Deeper nesting would overflow the stack of whoever walks it. */
const MAX_DEPTH = 100;

/**
 * The JSON body of a request; undefined where there is none.
 * @throws BerthError `too_large` over 4 MiB; `bad_request` where it is no JSON, or another type is declared
 */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  // As with most calls that start and stop: nothing is waited for, and no limit of time is set.
  if (!hasBody(req)) return undefined;
  if (Number(req.headers['content-length'] ?? 0) > MAX_JSON) throw tooLarge();
  return parseJson(await readWhole(req, MAX_JSON, tooLarge), req.headers['content-type']);
}

/**
 * The JSON body, checked by `schema`; an absent body or `null` counts as `{}`. Unknown fields are the schema's matter:
 * Docker ignores them, so use `z.looseObject`.
 * @throws as `readJson`, and `bad_request` naming the first field that is wrong and its value
 */
export async function readBody<S extends z.ZodType>(req: IncomingMessage, schema: S): Promise<z.infer<S>> {
  return checked(schema, (await readJson(req)) ?? {});
}

/** @throws BerthError `bad_request` naming the field and the value */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const at = path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
  const shown = JSON.stringify(at)?.slice(0, 120) ?? 'nothing';
  const where = path.length === 0 ? 'body' : path.map(String).join('.');
  throw new BerthError('bad_request', `invalid ${where}: ${issue?.message ?? 'not accepted'} (got ${shown})`);
}

/** Parses a body that was read already; see `readJson`. */
export function parseJson(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  // As the engine: another type is refused, which also keeps a browser's forms out.
  if (contentType !== undefined && !/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new BerthError(
      'bad_request',
      `unsupported Content-Type header (${contentType}): must be 'application/json'`,
    );
  }
  const text = bytes.toString('utf8');
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new BerthError('bad_request', `the body is not valid JSON: ${messageOf(thrown)}`);
  }
  refuseDeep(value);
  return value;
}

function tooLarge(): BerthError {
  return new BerthError('too_large', `the body is over ${MAX_JSON} bytes, the limit for JSON`);
}

function refuseDeep(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH)
    throw new BerthError('bad_request', `the body is nested more than ${MAX_DEPTH} levels deep`);
  for (const key in value) refuseDeep((value as Readonly<Record<string, unknown>>)[key], depth + 1);
}

/** Answers with `value` as JSON. */
export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  // As text it goes out in one piece with the head.
  res.end(text);
}

/** As `sendJson`, without the values that who asks may not see. */
export function sendShown({ res, principal }: Pick<DockerCall, 'res' | 'principal'>, value: unknown): void {
  sendJson(res, 200, shownFields(value, principal.role));
}

/** Answers without a body: 204, 304, or 200 for HEAD. */
export function sendNothing(res: ServerResponse, status: number): void {
  res.writeHead(status, status === 204 || status === 304 ? {} : { 'content-length': 0 });
  res.end();
}
