import { quoted } from './problems.ts';

/** What is wrong with a template, in one sentence without a place. */
export class TemplateError extends Error {}

export type Lookup = (name: string) => string | undefined;

/** Defaults within defaults; and characters that one value may come to. */
const DEEPEST = 20;
const LONGEST = 1024 * 1024;

/**
 * `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?message}`, `${VAR?message}`, `${VAR:+instead}`,
 * `${VAR+instead}`, and `$$` for a dollar sign (compose-spec, 12-interpolation.md). With a colon, an empty variable is as
 * one that is not set. What stands behind the operator may hold variables.
 * @param unset called with each variable that has no value and no default
 * @throws TemplateError
 */
export function substitute(text: string, lookup: Lookup, unset: (name: string) => void): string {
  if (!text.includes('$')) return text;
  const reader = new TemplateReader(text, lookup, unset);
  return reader.until(undefined, 0, true);
}

/** The text that `substitute` turns into this one. */
export function escapeTemplate(text: string): string {
  return text.replaceAll('$', '$$$$');
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:?[-?+]/y;

class TemplateReader {
  #at = 0;
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #unset: (name: string) => void;

  constructor(text: string, lookup: Lookup, unset: (name: string) => void) {
    this.#text = text;
    this.#lookup = lookup;
    this.#unset = unset;
  }

  /** @param needed whether the result is used: of what is not, variables need no value */
  until(end: '}' | undefined, depth: number, needed: boolean): string {
    if (depth > DEEPEST)
      throw new TemplateError(`defaults stand more than ${DEEPEST} deep within each other`);
    let made = '';
    // Braces that belong to the text: `${X:-{"a": 1}}`.
    let open = 0;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) {
        if (end === undefined) return made;
        throw new TemplateError(`${quoted(this.#text)} has a \${ without its }`);
      }
      if (end !== undefined && next === '}' && open-- === 0) return made;
      if (end !== undefined && next === '{') open++;
      this.#at++;
      made += next === '$' ? this.#variable(depth, needed) : next;
      if (made.length > LONGEST)
        throw new TemplateError(`the value comes to more than ${LONGEST} characters`);
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  /** From behind the dollar sign. */
  #variable(depth: number, needed: boolean): string {
    if (this.#take('$')) return '$';
    const braces = this.#take('{');
    const name = this.#match(NAME);
    if (name === undefined)
      throw new TemplateError(
        `${quoted(this.#text)} has a $ without the name of a variable: write $$ for a dollar sign`,
      );
    if (!braces) return this.#value(name, needed);
    if (this.#take('}')) return this.#value(name, needed);
    const operator = this.#match(OPERATOR);
    if (operator === undefined)
      throw new TemplateError(
        `${quoted(this.#text)}: behind ${name} stands ${quoted(this.#text[this.#at] ?? 'the end')}: write \${${name}}, or one of :- - :? ? :+ + and a text`,
      );
    return this.#operation(name, operator, depth, needed);
  }

  #value(name: string, needed: boolean): string {
    const value = this.#lookup(name);
    if (value === undefined && needed) this.#unset(name);
    return value ?? '';
  }

  #operation(name: string, operator: string, depth: number, needed: boolean): string {
    const value = this.#lookup(name);
    const set = value !== undefined && (!operator.startsWith(':') || value !== '');
    const kind = operator.at(-1);
    const textNeeded = needed && (kind === '+' ? set : !set);
    const text = this.until('}', depth + 1, textNeeded);
    this.#at++;
    if (kind === '-') return set ? value : text;
    if (kind === '+') return set ? text : '';
    if (!set && needed)
      throw new TemplateError(
        `variable ${name} must be set${text === '' ? '' : `: ${text}`} (in the environment or with --env-file)`,
      );
    return value ?? '';
  }
}
