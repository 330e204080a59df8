import { ComposeError } from './problems.ts';
import { type Lookup, substitute, TemplateError } from './template.ts';

const ASSIGNMENT = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:([=:])[ \t]*(.*))?$/s;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' };

/**
 * Variables of an env file by Compose's rules (compose-spec, services/env_file): `NAME=value`, `NAME: value`, `export`
 * before it, `#` comments on a line or behind a space, values in single quotes as they are, in double quotes with `\n`
 * and the like; quotes may span lines. Variables in values are put in: those of the environment first, then those of the
 * file. A name alone has the environment's value, or is not there.
 * @throws ComposeError with file and line
 */
export function parseEnvFile(file: string, text: string, lookup: Lookup): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const known: Lookup = (name) => lookup(name) ?? values.get(name);
  for (let i = 0; i < lines.length; i++) {
    const first = i;
    const refuse = (message: string) =>
      new ComposeError([{ at: { file, line: first + 1, column: 1 }, key: '', message }]);
    const line = (lines[i] ?? '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', separator, start = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === '') throw refuse('not NAME=value: a name has letters, digits, and _ . -');
    if (separator === undefined) {
      const value = lookup(name);
      if (value !== undefined) values.set(name, value);
      continue;
    }
    const quote = start[0] === '"' || start[0] === "'" ? start[0] : undefined;
    let raw = quote === undefined ? start : (lines[i] ?? '').slice((lines[i] ?? '').indexOf(quote));
    if (quote !== undefined) {
      let end = closing(raw, quote);
      while (end < 0) {
        const next = lines[++i];
        if (next === undefined) throw refuse(`the ${quote} behind ${name} is never closed`);
        const from = raw.length + 1;
        raw += `\n${next}`;
        end = closing(raw, quote, from);
      }
      if (!/^[ \t]*(?:#.*)?$/.test(raw.slice(end + 1)))
        throw refuse(`text stands behind the closing ${quote} of ${name}: quote the whole value`);
      raw = raw.slice(1, end);
    }
    try {
      values.set(name, readValue(raw, quote, known));
    } catch (thrown) {
      if (thrown instanceof TemplateError) throw refuse(`${name}: ${thrown.message}`);
      throw thrown;
    }
  }
  return values;
}

/** `format: raw`: lines of `NAME=value`, nothing else is done to the value. */
export function parseRawEnvFile(file: string, text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const end = line.indexOf('=');
    if (end < 1)
      throw new ComposeError([
        { at: { file, line: i + 1, column: 1 }, key: '', message: 'not NAME=value, as format: raw wants it' },
      ]);
    values.set(line.slice(0, end), line.slice(end + 1));
  }
  return values;
}

/** Where the quote is closed; a backslash keeps the character behind it in double quotes. */
function closing(text: string, quote: string, from = 1): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\' && quote === '"') i++;
    else if (text[i] === quote) return i;
  }
  return -1;
}

function readValue(raw: string, quote: string | undefined, lookup: Lookup): string {
  if (quote === "'") return raw;
  const unset = () => undefined;
  if (quote === undefined) return substitute(raw.replace(/(?:^|[ \t]+)#.*$/, '').trim(), lookup, unset);
  // An escaped dollar sign is no variable: it goes through substitution as $$.
  const unescaped = raw.replace(/\\(.)/gs, (whole, one: string) =>
    one === '$' ? '$$' : (ESCAPES[one] ?? whole),
  );
  return substitute(unescaped, lookup, unset);
}

/** Text of an env file that is read as these variables; names that no env file can have are left out. */
export function envFileText(variables: ReadonlyMap<string, string>): string {
  return [...variables]
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
    .map(([name, value]) => `${name}=${envValueText(value)}\n`)
    .join('');
}

function envValueText(value: string): string {
  if (/^[\w./:@%+,-]*$/.test(value)) return value;
  if (!/['\r]/.test(value)) return `'${value}'`;
  const escaped = value
    .replace(/[\\"$]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `"${escaped}"`;
}
