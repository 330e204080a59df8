/** Texts with units, as compose files and Docker write them. Each gives undefined where the text is not one. */

const DURATION_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  '\u00b5s': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `1m30s`, `1.5s`, `40ms` (compose-spec, 11-extension.md, "durations"; Go's time.ParseDuration): milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const PART = /(\d{1,15}(?:\.\d{1,9})?)(ns|us|\u00b5s|ms|s|m|h|d)/y;
  let sum = 0;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const found = PART.exec(text);
    if (found === null) return undefined;
    sum += Number(found[1]) * (DURATION_MS[found[2] ?? ''] ?? 0);
    at = PART.lastIndex;
  }
  return text === '' || sum > Number.MAX_SAFE_INTEGER ? undefined : sum;
}

const FACTORS: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

/** `512m`, `1.5g`, `2GiB`, `1024`: bytes, in powers of 1024 (go-units: RAMInBytes). */
export function parseBytes(text: string): number | undefined {
  const found = /^(\d{1,15}(?:\.\d{1,9})?) ?([bkmgtp])?(?:i?b)?$/i.exec(text);
  if (found === null) return undefined;
  const bytes = Math.floor(Number(found[1]) * (FACTORS[(found[2] ?? 'b').toLowerCase()] ?? 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `true`, and what YAML 1.1 and Go take for it. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (['true', 'yes', 'y', 'on', '1', 't'].includes(word)) return true;
  if (['false', 'no', 'n', 'off', '0', 'f'].includes(word)) return false;
  return undefined;
}

/** A number in plain decimals. */
export function parseNumber(text: string): number | undefined {
  return /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

/**
 * Words of a command line as a POSIX shell splits them, without expansions (go-shellwords, which Compose uses): blanks
 * separate, single quotes keep everything, double quotes keep everything but `\\`, `\"`, `\$` and a backquote behind a
 * backslash. Undefined where a quote is not closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const one = text[i] as string;
    if (quote === "'") {
      if (one === quote) quote = '';
      else word += one;
    } else if (one === '\\' && (quote === '' || '\\"$`\n'.includes(text[i + 1] ?? ' '))) {
      const next = text[++i];
      if (next === undefined) return undefined;
      word = (word ?? '') + (next === '\n' ? '' : next);
    } else if (quote === '"') {
      if (one === quote) quote = '';
      else word += one;
    } else if (one === '"' || one === "'") {
      quote = one;
      word ??= '';
    } else if (/\s/.test(one)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + one;
  }
  if (quote !== '') return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
