/**
 * Sentences with holes: `{who} is {state}`. What stands before a hole's name says what fills it, so that a sentence can be taken
 * apart again: `{*why}` a sentence of the same catalogue, `{;whys}` several, with "; " between them, `{@who}` one whose key begins
 * with `who.`, and so with any name, `{#n}` digits, `{=value}` a number with its unit, `{+names}` one or more words without blanks,
 * with ", " between them, `{name}` any text.
 */
export type Catalogue = Readonly<Record<string, string>>;

type HoleName<T extends string> = T extends `${'*' | ';' | '@' | '#' | '=' | '+'}${infer Name}` ? Name : T;
type HolesOf<T extends string> = T extends `${string}{${infer Hole}}${infer Rest}`
  ? HoleName<Hole> | HolesOf<Rest>
  : never;

/** What fills the holes of a sentence; nothing where it has none. */
export type Filling<T extends string> = [HolesOf<T>] extends [never]
  ? []
  : [values: Readonly<Record<HolesOf<T>, string | number>>];

const HOLE = /\{([*;@#=+]?)(\w+)\}/g;

export function filled(template: string, values: Readonly<Record<string, string | number>> = {}): string {
  return template.replace(HOLE, (whole, _kind, name: string) => String(values[name] ?? whole));
}

/** The names of a sentence's holes with what fills them. */
export function holesOf(template: string): ReadonlyMap<string, string> {
  return new Map([...template.matchAll(HOLE)].map(([, kind = '', name = '']) => [name, kind]));
}

const PATTERNS: Readonly<Record<string, string>> = {
  '': '.+?',
  '*': '.+?',
  ';': '.+?',
  '@': '.+?',
  '#': '\\d+',
  '=': '\\d[\\d.e+-]*(?: ?[%A-Za-z/]+)?',
  '+': '[^\\s,]+(?:, [^\\s,]+)*',
};

/** Longer texts are nobody's sentence, and would take long to be looked through. */
const MOST_LETTERS = 2000;

export type Reading<K extends string> = Readonly<{ key: K; values: Readonly<Record<string, string>> }>;

/** Finds which sentence of the catalogue a text is, and what fills it; of several the one with the most words of its own. */
export function readerOf<C extends Catalogue>(
  catalogue: C,
): (text: string) => Reading<keyof C & string> | undefined {
  const known = (Object.keys(catalogue) as (keyof C & string)[])
    .map((key) => {
      const template = catalogue[key] as string;
      const whos = [...holesOf(template)].flatMap(([name, kind]) => (kind === '@' ? [name] : []));
      return { key, pattern: patternOf(template), whos, own: template.replace(HOLE, '').length };
    })
    .sort((a, b) => b.own - a.own);
  const read = (text: string, begin: string): Reading<keyof C & string> | undefined => {
    if (text.length > MOST_LETTERS) return undefined;
    for (const { key, pattern, whos } of known) {
      const found = key.startsWith(begin) ? pattern.exec(text) : null;
      if (found === null) continue;
      const values = found.groups ?? {};
      if (whos.every((name) => read(values[name] ?? '', `${name}.`) !== undefined)) return { key, values };
    }
    return undefined;
  };
  return (text) => read(text, '');
}

function patternOf(template: string): RegExp {
  const pattern = template
    .split(/(\{[*;@#=+]?\w+\})/)
    .map((piece) => {
      const [, kind, name] = /^\{([*;@#=+]?)(\w+)\}$/.exec(piece) ?? [];
      if (name === undefined) return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return `(?<${name}>${PATTERNS[kind ?? '']})`;
    })
    .join('');
  return new RegExp(`^${pattern}$`, 's');
}

/**
 * The sentence in other words, those within it too, or several with "; " between them; the text as it is where the catalogue
 * has no such sentence.
 */
export function inOtherWords<C extends Catalogue>(
  catalogue: C,
  others: Readonly<Record<keyof C & string, string>>,
  between: string,
): (text: string) => string {
  const read = readerOf(catalogue);
  const translated = (text: string, depth: number): string => {
    if (depth > MOST_DEPTH) return text;
    const reading = read(text);
    const parts = text.split('; ');
    const known = parts.length < 2 ? 0 : parts.filter((part) => read(part) !== undefined).length;
    if (known > 0 && (reading === undefined || known === parts.length))
      return parts.map((part) => translated(part, depth + 1)).join(between);
    if (reading === undefined) return text;
    const kinds = holesOf(catalogue[reading.key] as string);
    const values = Object.entries(reading.values).map(([name, value]) => {
      const kind = kinds.get(name);
      if (kind === '*' || kind === '@') return [name, translated(value, depth + 1)] as const;
      if (kind !== ';') return [name, value] as const;
      const each = value.split('; ').map((part) => translated(part, depth + 1));
      return [name, each.join(between)] as const;
    });
    return filled(others[reading.key], Object.fromEntries(values));
  };
  return (text) => translated(text, 0);
}

/** Sentences stand within each other so deep. */
const MOST_DEPTH = 6;
