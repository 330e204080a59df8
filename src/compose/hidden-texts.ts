import type { StackSource } from '../model/stack-source.ts';
import { parseEnvFile } from './env-file.ts';
import { ComposeError } from './problems.ts';

/** So much of a value gives it away; a part that is shorter may be any word. */
const PART = 8;
/** Whole values that are shorter than that are looked for, too, down to this. */
const SHORTEST = 4;
/** A message has the beginning of a value, if any of it. */
const LONGEST = 4096;

/**
 * Takes values of a source's variables out of what is said about it: an error goes to logs and to the audit log, and a password
 * that stands where a port belongs is still a password. `${NAME}` stands in a value's place.
 */
export function hiderOf({ compose, files, variables }: StackSource): (text: string) => string {
  // What is no compose file is one of variables, or of labels.
  const others = files.filter(({ path }) => !compose.includes(path) && !/\.(?:ya?ml|json)$/i.test(path));
  const values = new Map<string, string>();
  for (const text of [variables, ...others.map((one) => one.text)])
    for (const [value, name] of valuesIn(text)) if (!values.has(value)) values.set(value, name);
  // The longest first: a value that is a part of another must not break that one's name.
  const known = [...values]
    .sort(([a], [b]) => b.length - a.length)
    .map(([value, name]) => ({ value, low: value.toLowerCase(), shown: `\${${name}}` }));
  return (text) => {
    const parts = partsOf(text.toLowerCase());
    let told = text;
    for (const { value, low, shown } of known)
      if (value.length < PART ? text.includes(value) : hasOneOf(parts, low))
        told = without(told, value, shown);
    return told;
  };
}

function partsOf(low: string): ReadonlySet<string> {
  return new Set(
    Array.from({ length: Math.max(0, low.length - PART + 1) }, (_, i) => low.slice(i, i + PART)),
  );
}

/** False where nothing of the value is there, as of nearly all of thousands of values: to look for each costs more. */
function hasOneOf(parts: ReadonlySet<string>, low: string): boolean {
  for (let i = 0; i + PART <= low.length; i++) if (parts.has(low.slice(i, i + PART))) return true;
  return false;
}

/** Values with their names, as they are read and as they are written: a file that cannot be read has them, too. */
function* valuesIn(text: string): Generator<readonly [string, string]> {
  let name = '';
  for (const line of text.split(/\r?\n/)) {
    const [, own, start] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    // Behind a quote that is open a value goes on.
    name = own ?? name;
    const written = (start ?? line).trim();
    yield* forms(written, name);
    yield* forms(written.replace(/^(["'])(.*?)\1?$/, '$2'), name);
  }
  try {
    for (const [key, value] of parseEnvFile('', text, () => undefined)) yield* forms(value, key);
  } catch (thrown) {
    if (!(thrown instanceof ComposeError)) throw thrown;
  }
}

/** As messages have it: on its own, or quoted. */
function* forms(value: string, name: string): Generator<readonly [string, string]> {
  if (value.length < SHORTEST || name === '') return;
  const start = value.slice(0, LONGEST);
  yield [start, name];
  const quoted = JSON.stringify(start).slice(1, -1);
  if (quoted !== start) yield [quoted, name];
}

function without(text: string, value: string, shown: string): string {
  if (value.length < PART) return withoutShort(text, value, shown);
  const [low, known] = [text.toLowerCase(), value.toLowerCase()];
  // In some alphabets another number of letters.
  if (low.length !== text.length) return text.replaceAll(value, shown);
  let made = '';
  let at = 0;
  while (at < text.length) {
    let length = PART;
    if (at + length > text.length || !known.includes(low.slice(at, at + length))) {
      made += text[at++];
      continue;
    }
    while (at + length < text.length && known.includes(low.slice(at, at + length + 1))) length++;
    // Parts of one value that follow each other are it once.
    if (!made.endsWith(shown)) made += shown;
    at += length;
  }
  return made;
}

/** Where it stands alone: in quotes, or anywhere if it is no plain word, which messages have of their own. */
function withoutShort(text: string, value: string, shown: string): string {
  const escaped = value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const isWord = /^[A-Za-z]+$/.test(value);
  const alone = isWord ? `(?<=")${escaped}(?=")` : `(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`;
  return text.replace(new RegExp(alone, 'g'), () => shown);
}
