import {
  type Alias,
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml';
import { ComposeError, type Place, type Problems, quoted } from './problems.ts';
import { type Entry, keyPath, list, type MergeTag, map, type Scalar, scalar, type TreeNode } from './tree.ts';

/** Files larger than this are refused, whatever was asked for. Bytes of UTF-8. */
export const LARGEST_FILE = 10 * 1024 * 1024;

export type ParseLimits = Readonly<{
  /** Bytes of UTF-8; at most LARGEST_FILE. */
  bytes: number;
  /** Lists and maps within each other. */
  depth: number;
  aliases: number;
  /** Values, those behind an alias counted each time. */
  nodes: number;
}>;

export const PARSE_LIMITS: ParseLimits = { bytes: 1024 * 1024, depth: 50, aliases: 5_000, nodes: 100_000 };

/** What the lexer writes before each scalar. */
const SCALAR = '\x1f';

/** Seed 004 writes comments with U+FF03, as an input method for Chinese does. */
const WIDE_COMMENT = /([ \t\u3000]+)\uff03/g;

/**
 * YAML 1.2 with merge keys (`<<`) to a tree with places. An empty file is an empty map.
 * @throws ComposeError where it is no YAML, or more than the limits allow
 */
export function parseYaml(
  file: string,
  text: string,
  problems: Problems,
  limits: ParseLimits = PARSE_LIMITS,
): TreeNode {
  refuseLarge(file, text, limits);
  const first = new FileReader(file, text, limits);
  try {
    return first.read();
  } catch (thrown) {
    if (!(thrown instanceof ComposeError) || !text.includes('\uff03')) throw thrown;
    const second = new FileReader(file, text.replace(WIDE_COMMENT, '$1#'), limits);
    const tree = second.read();
    const at = first.place(text.search(WIDE_COMMENT));
    problems.warn(at, '', 'comments begin with a full-width \uff03: they are read as #, write # instead');
    return tree;
  }
}

/** Bytes of UTF-8, without making them. */
function bytesOf(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

function refuseLarge(file: string, text: string, limits: ParseLimits): void {
  const most = Math.min(limits.bytes, LARGEST_FILE);
  const bytes = text.length > most ? text.length : bytesOf(text);
  if (bytes <= most) return;
  const message = `the file has ${bytes} bytes, and at most ${most} are read: split it with include`;
  throw new ComposeError([{ at: { file, line: 1, column: 1 }, key: '', message }], 'too_large');
}

type Sized = Readonly<{ node: TreeNode; size: number; height: number }>;

class FileReader {
  readonly #lines = new LineCounter();
  readonly #anchors = new Map<string, Sized | 'open'>();
  #aliases = 0;
  readonly #file: string;
  readonly #text: string;
  readonly #limits: ParseLimits;

  constructor(file: string, text: string, limits: ParseLimits) {
    this.#file = file;
    this.#text = text;
    this.#limits = limits;
  }

  read(): TreeNode {
    const tokens = this.#tokens();
    this.#refuseDepth(tokens);
    // Double keys are looked for here: the library compares each key with all others.
    const composer = new Composer({
      uniqueKeys: false,
      version: '1.2',
      lineCounter: this.#lines,
      merge: true,
    });
    const documents = [...composer.compose(tokens)];
    const [document, second] = documents;
    for (const { errors } of documents) {
      const [error] = errors;
      if (error !== undefined)
        throw this.#refuse(error.pos[0], '', `not YAML: ${error.message.split('\n')[0]}`);
    }
    if (second !== undefined)
      throw this.#refuse(second.range[0], '', 'a second document begins here: write one file for each');
    const contents = document?.contents as ParsedNode | null | undefined;
    if (contents === null || contents === undefined) return map(this.place(0), []);
    const { node } = this.#convert(contents, '');
    return node.kind === 'scalar' && node.value === null ? map(node.at, []) : node;
  }

  /** Stops as soon as there are more texts than the values that are possible, with a key each, could be. */
  #tokens(): CST.Token[] {
    this.#lines.addNewLine(0);
    const parser = new Parser(this.#lines.addNewLine);
    const tokens: CST.Token[] = [];
    let texts = 0;
    for (const lexeme of new Lexer().lex(this.#text)) {
      if (lexeme === SCALAR && ++texts > 2 * this.#limits.nodes) this.#refuseMany(texts, parser.offset, '');
      for (const token of parser.next(lexeme)) tokens.push(token);
    }
    for (const token of parser.end()) tokens.push(token);
    return tokens;
  }

  place(offset: number): Place {
    const { line, col } = this.#lines.linePos(Math.max(0, offset));
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #refuse(offset: number, key: string, message: string): ComposeError {
    return new ComposeError([{ at: this.place(offset), key, message }]);
  }

  /** Before anything recursive sees the tokens: deep nesting would exhaust the stack. */
  #refuseDepth(tokens: readonly CST.Token[]): void {
    const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { token, depth } = next;
      if (depth > this.#limits.depth)
        throw this.#refuse(
          token.offset,
          '',
          `lists and maps are more than ${this.#limits.depth} deep within each other: write it flatter`,
        );
      if (token.type === 'document' && token.value) stack.push({ token: token.value, depth });
      if (!('items' in token)) continue;
      for (const item of token.items)
        for (const part of [item.key, item.value]) if (part) stack.push({ token: part, depth: depth + 1 });
    }
  }

  #convert(node: Node, key: string): Sized {
    if (isAlias(node)) return this.#alias(node, key);
    const offset = node.range?.[0] ?? 0;
    const anchor = 'anchor' in node && typeof node.anchor === 'string' ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const converted = this.#converted(node, offset, key);
    const tag = this.#mergeTag(node, offset, key);
    const made = tag === undefined ? converted : { ...converted, node: { ...converted.node, tag } };
    this.#refuseMany(made.size, offset, key);
    if (made.height > this.#limits.depth)
      throw this.#refuse(
        offset,
        key,
        `aliases make this more than ${this.#limits.depth} deep: write it flatter`,
      );
    if (anchor !== undefined) this.#anchors.set(anchor, made);
    return made;
  }

  #refuseMany(size: number, offset: number, key: string): void {
    const { nodes } = this.#limits;
    if (size > nodes)
      throw this.#refuse(
        offset,
        key,
        `this comes to more than ${nodes} values, with each alias written out: use fewer aliases, or a smaller file`,
      );
  }

  #mergeTag(node: Node, offset: number, key: string): MergeTag | undefined {
    const tag = 'tag' in node ? node.tag : undefined;
    if (tag === '!reset') return 'reset';
    if (tag === '!override') return 'override';
    if (typeof tag === 'string' && !tag.startsWith('tag:yaml.org,2002:'))
      throw this.#refuse(offset, key, `unknown tag ${quoted(tag)}: compose files have !reset and !override`);
    return undefined;
  }

  #converted(node: Node, offset: number, key: string): Sized {
    const at = this.place(offset);
    if (isScalar(node)) {
      // Compose reads 0440 as YAML 1.1 does: octal.
      const octal = typeof node.value === 'number' && /^0[0-7]+$/.test(node.source ?? '');
      const value = octal ? Number.parseInt(node.source ?? '', 8) : node.value;
      return { node: scalar(at, this.#scalar(value, offset, key)), size: 1, height: 0 };
    }
    if (isMap(node)) return this.#map(node, at, key);
    if (!isSeq(node)) throw this.#refuse(offset, key, 'neither a value, a list nor a map');
    const items = node.items.map((item, i) => this.#convert(item as Node, keyPath(key, i)));
    return {
      node: list(
        at,
        items.map((one) => one.node),
      ),
      ...sizes(items),
    };
  }

  #scalar(value: unknown, offset: number, key: string): Scalar {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return value;
      throw this.#refuse(offset, key, `${value} is not a number that a compose file can use`);
    }
    if (typeof value === 'bigint') return String(value);
    throw this.#refuse(offset, key, 'a value of a kind that compose files do not have');
  }

  #map(node: YAMLMap, at: Place, path: string): Sized {
    const entries = new Map<string, Entry>();
    const merged: Sized[] = [];
    const parts: Sized[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as Node;
      const keyOffset = keyNode?.range?.[0] ?? 0;
      const key = this.#key(keyNode, keyOffset, path);
      const below = keyPath(path, key);
      const value =
        pair.value === null
          ? { node: scalar(this.place(keyOffset), null), size: 1, height: 0 }
          : this.#convert(pair.value as Node, below);
      parts.push(value);
      if (key === '<<') {
        merged.push(value);
        continue;
      }
      const keyAt = this.place(keyOffset);
      const before = entries.get(key);
      if (before !== undefined)
        throw this.#refuse(
          keyOffset,
          below,
          `the key stands twice in this map, first in line ${before.keyAt.line}: remove one`,
        );
      entries.set(key, { keyAt, value: value.node });
    }
    const size = sizes(parts);
    this.#refuseMany(size.size, node.range?.[0] ?? 0, path);
    for (const { node: source } of merged) this.#mergeInto(entries, source, path);
    return { node: map(at, entries), ...size };
  }

  /** Merge keys (yaml.org/type/merge.html): keys of the map itself go before, earlier ones before later ones. */
  #mergeInto(entries: Map<string, Entry>, source: TreeNode, path: string): void {
    const sources = source.kind === 'list' ? source.items : [source];
    for (const one of sources) {
      if (one.kind !== 'map')
        throw new ComposeError([
          { at: one.at, key: keyPath(path, '<<'), message: 'must be a map, or a list of maps' },
        ]);
      for (const [key, entry] of one.entries) if (!entries.has(key)) entries.set(key, entry);
    }
  }

  #key(node: Node | null, offset: number, path: string): string {
    if (isScalar(node)) {
      const { value } = node;
      // The library gives merge keys a symbol as their value.
      if (typeof value === 'symbol') return '<<';
      if (value === null) throw this.#refuse(offset, path, 'a key is empty');
      if (['string', 'number', 'boolean', 'bigint'].includes(typeof value)) return String(value);
    }
    throw this.#refuse(offset, path, 'a key is not a simple text');
  }

  #alias(node: Alias, key: string): Sized {
    const offset = node.range?.[0] ?? 0;
    const found = this.#anchors.get(node.source);
    if (found === undefined)
      throw this.#refuse(offset, key, `no anchor &${node.source} stands before this alias`);
    if (found === 'open') throw this.#refuse(offset, key, `the anchor &${node.source} contains itself`);
    if (++this.#aliases > this.#limits.aliases)
      throw this.#refuse(offset, key, `more than ${this.#limits.aliases} aliases: write what they stand for`);
    return found;
  }
}

function sizes(parts: readonly Sized[]): Readonly<{ size: number; height: number }> {
  let size = 1;
  let height = 0;
  for (const part of parts) {
    size += part.size;
    height = Math.max(height, part.height);
  }
  return { size, height: height + 1 };
}
