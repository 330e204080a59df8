import { BerthError } from '../../kit/errors.ts';

/** As Docker reads flags (moby: api/server/httputils/form.go): "", 0, no, false and none are false. */
export function flag(query: URLSearchParams, name: string, absent = false): boolean {
  const text = query.get(name);
  if (text === null) return absent;
  return !['', '0', 'no', 'false', 'none'].includes(text.trim().toLowerCase());
}

/**
 * A whole number, or undefined where the parameter is absent or empty.
 * @throws BerthError `bad_request` naming parameter and value
 */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new BerthError('bad_request', `invalid ${name} "${text.slice(0, 80)}": a whole number is needed`);
  }
  return value;
}

/** Filter name to the values that were given, in order. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * The `filters` parameter: `{"label":["a=b"]}`, or the older `{"label":{"a=b":true}}`.
 * @param known names that the route takes
 * @throws BerthError `bad_request` for malformed JSON and, in Docker's words, for a filter that is not known
 */
export function filtersOf(query: URLSearchParams, known: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  const text = query.get('filters');
  if (text === null || text.trim() === '') return filters;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BerthError('bad_request', `invalid filters "${text.slice(0, 80)}": not valid JSON`);
  }
  if (value === null) return filters;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new BerthError('bad_request', `invalid filters "${text.slice(0, 80)}": a JSON object is needed`);
  }
  for (const [name, given] of Object.entries(value)) {
    if (!known.includes(name)) throw new BerthError('bad_request', `invalid filter '${name}'`);
    filters.set(name, valuesOf(name, given));
  }
  return filters;
}

function valuesOf(name: string, given: unknown): string[] {
  if (Array.isArray(given) && given.every((one) => typeof one === 'string')) return given;
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return Object.entries(given).flatMap(([value, on]) => (on === true ? [value] : []));
  }
  throw new BerthError('bad_request', `invalid filter '${name}': a list of strings is needed`);
}

/** True where `labels` meets each of `key` or `key=value` (Docker's label filter). */
export function labelsMatch(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((one) => {
    const at = one.indexOf('=');
    const key = at < 0 ? one : one.slice(0, at);
    if (!Object.hasOwn(labels, key)) return false;
    return at < 0 || labels[key] === one.slice(at + 1);
  });
}
