import { z } from 'zod';
import { BerthError } from '../../kit/errors.ts';

/** Fields whose values are never repeated in an answer, which may end in a log or a bug report. */
const SECRET: ReadonlySet<string> = new Set([
  'password',
  'current',
  'token',
  'authorization',
  'csr',
  'chain',
  'key',
  'Env',
  'Labels',
  'content',
  'secrets',
  ...['source', 'contents', 'spec', 'clientSecret', 'rules'],
]);
const MAX_SHOWN = 80;

/**
 * The value, checked by the route's schema; an absent one counts as `{}`.
 * @param where `body`, `query`, `path` or `header`
 * @throws BerthError `bad_request` that names the first wrong field, its value, and for unknown fields the known ones
 */
export function checkInput(schema: z.ZodObject | undefined, value: unknown, where: string): unknown {
  const result = (schema ?? NOTHING).safeParse(value ?? {});
  if (result.success) return result.data;
  const { issues } = result.error;
  // A slip of the pen in a field's name also makes a field missing: the name is what tells.
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown !== undefined) throw unknownField(schema, unknown, where);
  const issue = issues[0];
  const path = (issue?.path ?? []).map(String);
  const field = path.length === 0 ? where : `${where === 'body' ? '' : `${where} `}"${path.join('.')}"`;
  throw new BerthError(
    'bad_request',
    `${field}: ${issue === undefined ? 'not accepted' : reasonOf(issue)}${shown(path, value)}`,
  );
}

/** Of a wrong key, and of a value that may be one of several kinds, the reason is one level further down. */
function reasonOf(issue: z.core.$ZodIssue): string {
  const inner =
    issue.code === 'invalid_key' ? issue.issues : issue.code === 'invalid_union' ? issue.errors.flat() : [];
  const last = inner.at(-1);
  return last === undefined ? issue.message : reasonOf(last);
}

const NOTHING = z.strictObject({});

function unknownField(
  schema: z.ZodObject | undefined,
  issue: z.core.$ZodIssueUnrecognizedKeys,
  where: string,
): BerthError {
  const keys = issue.keys.map((key) => `"${cut(key)}"`);
  const name = `${keys.length === 1 ? 'field' : 'fields'} ${cut(keys.join(', '))}`;
  const at = issue.path.length === 0 ? `the ${where}` : `"${issue.path.join('.')}"`;
  const known = issue.path.length === 0 ? Object.keys(schema?.shape ?? {}) : [];
  return new BerthError('bad_request', `unknown ${name} in ${at}`, {
    hint:
      known.length > 0
        ? `known are: ${known.join(', ')}`
        : `this takes nothing in the ${where}: leave ${keys.length === 1 ? 'it' : 'them'} out`,
  });
}

function shown(path: readonly string[], value: unknown): string {
  if (path.length === 0 || path.some((key) => SECRET.has(key))) return '';
  const at = path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
  return ` (got ${at === undefined ? 'nothing' : cut(JSON.stringify(at) ?? typeof at)})`;
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
