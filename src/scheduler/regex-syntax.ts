/** RE2's syntax to a tree; `regex.ts` compiles and runs it. */
/** RE2's own limit for `x{n}`. */
const MAX_REPEAT = 1000;

export type CharTest = (codePoint: number) => boolean;
export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word' | 'not-word';
type Flags = Readonly<{ fold: boolean; multiline: boolean; dotAll: boolean }>;

export type Node =
  | Readonly<{ kind: 'char'; test: CharTest }>
  | Readonly<{ kind: 'assert'; assertion: Assertion }>
  | Readonly<{ kind: 'all'; parts: readonly Node[] }>
  | Readonly<{ kind: 'any'; parts: readonly Node[] }>
  | Readonly<{ kind: 'repeat'; part: Node; min: number; max: number }>;

const between =
  (low: number, high: number): CharTest =>
  (c) =>
    c >= low && c <= high;
const digit = between(48, 57);
const lower = between(97, 122);
const upper = between(65, 90);
const alpha: CharTest = (c) => lower(c) || upper(c);
const alnum: CharTest = (c) => alpha(c) || digit(c);
const wordChar: CharTest = (c) => alnum(c) || c === 95;
const perlSpace: CharTest = (c) => c === 9 || c === 10 || c === 12 || c === 13 || c === 32;
const graph = between(33, 126);
export const isWord = (c: number | undefined): boolean => c !== undefined && wordChar(c);
const not =
  (test: CharTest): CharTest =>
  (c) =>
    !test(c);

const PERL: Readonly<Record<string, CharTest>> = {
  d: digit,
  D: not(digit),
  s: perlSpace,
  S: not(perlSpace),
  w: wordChar,
  W: not(wordChar),
};
const POSIX: Readonly<Record<string, CharTest>> = {
  alnum,
  alpha,
  ascii: between(0, 127),
  blank: (c) => c === 9 || c === 32,
  cntrl: (c) => c < 32 || c === 127,
  digit,
  graph,
  lower,
  print: between(32, 126),
  punct: (c) => graph(c) && !alnum(c),
  space: (c) => perlSpace(c) || c === 11,
  upper,
  word: wordChar,
  xdigit: (c) => digit(c) || between(97, 102)(c) || between(65, 70)(c),
};
const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'text-start',
  z: 'text-end',
  b: 'word',
  B: 'not-word',
};

/** @throws Error in one phrase where the pattern is not one. */
export function parseRegex(pattern: string): Node {
  return new Parser(pattern).parse();
}

class Parser {
  private readonly chars: readonly string[];
  private at = 0;
  private flags: Flags = { fold: false, multiline: false, dotAll: false };
  private depth = 0;

  constructor(pattern: string) {
    this.chars = Array.from(pattern);
  }

  parse(): Node {
    const node = this.alternatives();
    if (this.at < this.chars.length) throw new Error('it has a ) without its (');
    return node;
  }

  private alternatives(): Node {
    const parts: Node[] = [this.sequence()];
    while (this.take('|')) parts.push(this.sequence());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    for (;;) {
      const char = this.chars[this.at];
      if (char === undefined || char === '|' || char === ')') return { kind: 'all', parts };
      const atom = this.atom();
      if (atom !== undefined) parts.push(this.quantified(atom));
    }
  }

  private quantified(atom: Node): Node {
    const bounds = this.quantifier();
    if (bounds === undefined) return atom;
    // Lazy or greedy makes no difference to whether it matches.
    this.take('?');
    if (this.quantifier() !== undefined) throw new Error('a repetition follows a repetition');
    return { kind: 'repeat', part: atom, min: bounds[0], max: bounds[1] };
  }

  private quantifier(): readonly [number, number] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.take('?')) return [0, 1];
    const counted = /^\{(\d{1,5})(,(\d{0,5}))?\}/.exec(this.chars.slice(this.at, this.at + 14).join(''));
    if (counted === null) return undefined;
    this.at += counted[0].length;
    const min = Number(counted[1]);
    const max =
      counted[2] === undefined ? min : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
    const largest = max === Number.POSITIVE_INFINITY ? min : max;
    if (largest > MAX_REPEAT || max < min)
      throw new Error(`${counted[0]} is not a repetition that is allowed`);
    return [min, max];
  }

  private atom(): Node | undefined {
    const char = this.chars[this.at++];
    switch (char) {
      case '(':
        return this.group();
      case '[':
        return this.char(this.charClass());
      case '.':
        return this.char(this.flags.dotAll ? () => true : (c) => c !== 10, false);
      case '^':
        return { kind: 'assert', assertion: this.flags.multiline ? 'line-start' : 'text-start' };
      case '$':
        return { kind: 'assert', assertion: this.flags.multiline ? 'line-end' : 'text-end' };
      case '*':
      case '+':
      case '?':
        throw new Error(`there is nothing before ${char} to repeat`);
      case '\\':
        return this.escape();
      default:
        return this.literal(char ?? '');
    }
  }

  private group(): Node | undefined {
    const before = this.flags;
    if (++this.depth > 100) throw new Error('it is nested too deeply');
    if (this.take('?')) {
      const rest = this.chars.slice(this.at, this.at + 64).join('');
      const named = /^P?<[A-Za-z_]\w*>/.exec(rest);
      const flagged = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
      if (named !== null) this.at += named[0].length;
      else if (flagged !== null) {
        this.at += flagged[0].length;
        const on = flagged[1] ?? '';
        const off = flagged[2] ?? '';
        const set = (letter: string, was: boolean) => (was || on.includes(letter)) && !off.includes(letter);
        this.flags = {
          fold: set('i', before.fold),
          multiline: set('m', before.multiline),
          dotAll: set('s', before.dotAll),
        };
        if (flagged[3] === ')') {
          this.depth--;
          return undefined;
        }
      } else throw new Error(`(?${rest.slice(0, 2)} is not supported (RE2 has no look-around either)`);
    }
    const node = this.alternatives();
    if (!this.take(')')) throw new Error('it has a ( without its )');
    this.flags = before;
    this.depth--;
    return node;
  }

  private escape(): Node {
    const char = this.chars[this.at++];
    if (char === undefined) throw new Error('it ends with a backslash');
    const assertion = ASSERTIONS[char];
    if (assertion !== undefined) return { kind: 'assert', assertion };
    if (char === 'Q') {
      const parts: Node[] = [];
      while (this.at < this.chars.length) {
        if (this.chars[this.at] === '\\' && this.chars[this.at + 1] === 'E') {
          this.at += 2;
          break;
        }
        parts.push(this.literal(this.chars[this.at++] ?? ''));
      }
      return { kind: 'all', parts };
    }
    const test = this.classEscape(char);
    return this.char(typeof test === 'number' ? (c) => c === test : test);
  }

  /** A set (`\d`, `\pL`), or the one code point that is meant. */
  private classEscape(char: string): CharTest | number {
    const perl = PERL[char];
    if (perl !== undefined) return perl;
    const point = ESCAPES[char];
    if (point !== undefined) return point;
    const rest = this.chars.slice(this.at, this.at + 40).join('');
    if (char === 'x') {
      const hex = /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(rest);
      if (hex === null) throw new Error('\\x wants two hexadecimal digits or {…}');
      this.at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    }
    if (char === 'p' || char === 'P') {
      const name = /^(?:([A-Z])|\{(\^?)([A-Za-z_]+)\})/.exec(rest);
      if (name === null) throw new Error(`\\${char} wants the name of a Unicode class`);
      this.at += name[0].length;
      const test = unicodeClass(name[1] ?? name[3] ?? '');
      return (char === 'P') !== (name[2] === '^') ? not(test) : test;
    }
    if (/^[A-Za-z0-9]$/.test(char)) throw new Error(`\\${char} is not supported (nor does RE2 know it)`);
    return char.codePointAt(0) ?? 0;
  }

  private charClass(): CharTest {
    const negated = this.take('^');
    const tests: CharTest[] = [];
    for (let first = true; ; first = false) {
      const char = this.chars[this.at];
      if (char === undefined) throw new Error('it has a [ without its ]');
      if (char === ']' && !first) {
        this.at++;
        break;
      }
      const low = this.classItem();
      if (typeof low !== 'number') {
        tests.push(low);
        continue;
      }
      if (this.chars[this.at] === '-' && this.chars[this.at + 1] !== ']' && this.at + 1 < this.chars.length) {
        this.at++;
        const high = this.classItem();
        if (typeof high !== 'number' || high < low)
          throw new Error('it has a range [x-y] that runs backwards');
        tests.push(between(low, high));
      } else tests.push((c) => c === low);
    }
    const any: CharTest = (c) => tests.some((test) => test(c));
    const folded: CharTest = this.flags.fold ? foldTest(any) : any;
    return negated ? not(folded) : folded;
  }

  private classItem(): CharTest | number {
    const char = this.chars[this.at++];
    if (char === '\\') {
      const escaped = this.chars[this.at++];
      if (escaped === undefined) throw new Error('it ends with a backslash');
      return this.classEscape(escaped);
    }
    if (char === '[' && this.chars[this.at] === ':') {
      const name = /^:(\^?)([a-z]+):\]/.exec(this.chars.slice(this.at, this.at + 12).join(''));
      const test = name === null ? undefined : POSIX[name[2] ?? ''];
      if (name === null || test === undefined) throw new Error('it has a [:class:] that is not one');
      this.at += name[0].length;
      return name[1] === '^' ? not(test) : test;
    }
    return char?.codePointAt(0) ?? 0;
  }

  private literal(char: string): Node {
    const point = char.codePointAt(0) ?? 0;
    return this.char((c) => c === point);
  }

  private char(test: CharTest, fold = this.flags.fold): Node {
    return { kind: 'char', test: fold ? foldTest(test) : test };
  }

  private take(char: string): boolean {
    if (this.chars[this.at] !== char) return false;
    this.at++;
    return true;
  }
}

function foldTest(test: CharTest): CharTest {
  return (c) => {
    if (test(c)) return true;
    const char = String.fromCodePoint(c);
    const low = char.toLowerCase().codePointAt(0) ?? c;
    const high = char.toUpperCase().codePointAt(0) ?? c;
    return test(low) || test(high);
  };
}

function unicodeClass(name: string): CharTest {
  let regExp: RegExp | undefined;
  for (const form of [name, `Script=${name}`]) {
    try {
      regExp ??= new RegExp(`^\\p{${form}}$`, 'u');
    } catch {
      // Tried as a script next.
    }
  }
  const found = regExp;
  if (found === undefined) throw new Error(`\\p{${name}} is not a Unicode class`);
  return (c) => found.test(String.fromCodePoint(c));
}
