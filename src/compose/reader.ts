import { type Place, type Problems, quoted } from './problems.ts';
import { entryOf, keyPath, kindText, type TreeNode, textOf } from './tree.ts';
import { parseBoolean, parseBytes, parseDuration, parseNumber } from './units.ts';

/** Characters that an item comes to where it is read. */
const ITEM_COST = 20;

type Range = Readonly<{ min?: number; max?: number; whole?: boolean }>;

/**
 * A value of a file and where it stands, to be read as one kind or another. What is not there reads as undefined; what
 * is no value of that kind is told as an error, and reads as undefined, too.
 */
export class Reader {
  readonly node: TreeNode | undefined;
  readonly key: string;
  /** Of the key, where it is one; of the map around it, where it is not there. */
  readonly at: Place;
  readonly problems: Problems;

  constructor(node: TreeNode | undefined, key: string, at: Place, problems: Problems) {
    this.node = node?.kind === 'scalar' && node.value === null ? undefined : node;
    this.key = key;
    this.at = at;
    this.problems = problems;
  }

  get isThere(): boolean {
    return this.node !== undefined;
  }

  get(key: string): Reader {
    const entry = entryOf(this.node, key);
    return new Reader(entry?.value, keyPath(this.key, key), entry?.keyAt ?? this.at, this.problems);
  }

  /** The value's own place: within a list or a map of free names, this is where it is. */
  get entries(): readonly (readonly [name: string, value: Reader])[] {
    if (this.node?.kind !== 'map') return [];
    this.problems.spend(this.node.entries.size * ITEM_COST, this.at, this.key);
    return [...this.node.entries].map(([name]) => [name, this.get(name)]);
  }

  get items(): readonly Reader[] {
    if (this.node?.kind !== 'list') return [];
    this.problems.spend(this.node.items.length * ITEM_COST, this.at, this.key);
    return this.node.items.map((item, i) => new Reader(item, keyPath(this.key, i), item.at, this.problems));
  }

  error(message: string): undefined {
    this.problems.error(this.at, this.key, message);
    return undefined;
  }

  warn(message: string): void {
    this.problems.warn(this.at, this.key, message);
  }

  get text(): string | undefined {
    return textOf(this.node);
  }

  get texts(): string[] {
    return this.items.map((item) => item.text ?? '');
  }

  /** Texts by name; empty ones where a value is empty. */
  get pairs(): Record<string, string> {
    const made: Record<string, string> = {};
    // Assigning __proto__ would set no entry.
    for (const [name, value] of this.entries)
      if (name === '__proto__') value.error('is no name that can be used');
      else made[name] = value.text ?? '';
    return made;
  }

  #parsed<T>(parse: (text: string) => T | undefined, what: string): T | undefined {
    const { text } = this;
    if (text === undefined) {
      if (this.isThere) this.error(`is ${kindText(this.node as TreeNode)}, and must be ${what}`);
      return undefined;
    }
    const value = parse(text.trim());
    return value === undefined ? this.error(`is ${quoted(text)}, and must be ${what}`) : value;
  }

  get boolean(): boolean | undefined {
    return this.#parsed(parseBoolean, 'true or false');
  }

  /** Bytes. */
  get bytes(): number | undefined {
    return this.#parsed(parseBytes, 'a number of bytes such as 512m or 1.5g');
  }

  /** Milliseconds. */
  get duration(): number | undefined {
    return this.#parsed(parseDuration, 'a time such as 30s or 1m30s');
  }

  /** Permission bits: a text is octal, a number is what it is (YAML has octal ones of its own). */
  get mode(): number | undefined {
    const isNumber = this.node?.kind === 'scalar' && typeof this.node.value === 'number';
    return this.#parsed((text) => {
      const value = isNumber
        ? Number(text)
        : /^(?:0o)?[0-7]{1,5}$/.test(text)
          ? Number.parseInt(text.replace('0o', ''), 8)
          : -1;
      return Number.isInteger(value) && value >= 0 && value <= 0o7777 ? value : undefined;
    }, 'permission bits such as 0440');
  }

  number({ min, max, whole = false }: Range = {}): number | undefined {
    const what = `a ${whole ? 'whole ' : ''}number${rangeText(min, max)}`;
    return this.#parsed((text) => {
      const value = parseNumber(text);
      if (value === undefined || (whole && !Number.isInteger(value))) return undefined;
      return (min !== undefined && value < min) || (max !== undefined && value > max) ? undefined : value;
    }, what);
  }

  whole(min?: number, max?: number): number | undefined {
    return this.number({ min, max, whole: true });
  }

  oneOf<T extends string>(values: readonly T[]): T | undefined {
    return this.#parsed((text) => values.find((value) => value === text), `one of ${values.join(', ')}`);
  }
}

function rangeText(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
