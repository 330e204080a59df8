/** Where in a compose file a cursor is, by indentation alone: the text around it need not be whole yet. */
export type YamlPlace = Readonly<{
  /** Keys from the top to the map or list that the cursor's line is in; `[]` stands for an item of a list. */
  path: readonly string[];
  /** A key is being written, or the value of `key`. */
  kind: 'key' | 'value';
  key: string;
  /** What stands before the cursor of it. */
  typed: string;
  /** An item of a list is being written, which may be a value or the first key of a map. */
  isItem: boolean;
}>;

const LINE = /^([ ]*)((?:-[ ]+)*)(.*)$/;
/** `key:`, `"key":`, with what is behind it. */
const PAIR = /^("[^"]*"|'[^']*'|[^\s#:'"[\]{}&*!|>%@`-][^:#]*?)\s*:(?:\s+(.*)|)$/;

/**
 * @param before the line up to the cursor
 * @param above the lines above it
 * @returns undefined in comments and in flow maps, of which indentation tells nothing
 */
export function yamlPlace(before: string, above: readonly string[]): YamlPlace | undefined {
  const [, spaces = '', dashes = '', rest = ''] = LINE.exec(before) ?? [];
  if (/(^|\s)#/.test(before) || /^[[{]/.test(rest)) return undefined;
  const indent = spaces.length + dashes.length;
  const path = pathTo(indent, spaces.length, dashes, above);
  const isItem = dashes !== '';
  const pair = PAIR.exec(rest);
  if (pair === null || pair[2] === undefined)
    return pair === null ? { path, kind: 'key', key: '', typed: rest, isItem } : undefined;
  if (/^[[{]/.test(pair[2])) return undefined;
  return { path, kind: 'value', key: unquoted(pair[1] ?? ''), typed: pair[2], isItem: false };
}

/** Keys of all maps and lists that a line with this indentation is in. */
function pathTo(indent: number, spaces: number, dashes: string, above: readonly string[]): string[] {
  const path: string[] = [];
  let most = indent;
  let isInItem = false;
  if (dashes !== '') {
    path.unshift('[]');
    [most, isInItem] = [spaces, true];
  }
  for (let i = above.length - 1; i >= 0 && (most > 0 || isInItem); i--) {
    const line = above[i] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const [, lineSpaces = '', lineDashes = '', rest = ''] = LINE.exec(line) ?? [];
    const own = lineSpaces.length + lineDashes.length;
    const key = PAIR.exec(rest)?.[1];
    // A list may stand as far left as the key that it belongs to.
    const isAbove = own < most || (isInItem && lineDashes === '' && own === most);
    if (isAbove && key !== undefined) {
      path.unshift(unquoted(key));
      [most, isInItem] = [own, false];
    }
    if (lineDashes !== '' && !isInItem && own <= most && lineSpaces.length < own) {
      path.unshift('[]');
      [most, isInItem] = [lineSpaces.length, true];
    }
  }
  return path;
}

function unquoted(key: string): string {
  return key.replace(/^(["'])(.*)\1$/, '$2');
}

/** Names below a key at the top of the file: its services, networks, volumes. */
export function namesUnder(section: string, text: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.replace(/\s+$/, '') === `${section}:`);
  if (start < 0) return [];
  const names: string[] = [];
  let least: number | undefined;
  for (const line of lines.slice(start + 1)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const indent = line.length - line.trimStart().length;
    if (indent === 0) break;
    least ??= indent;
    const key = indent === least ? /^\s*("[^"]*"|'[^']*'|[^\s:#]+)\s*:/.exec(line)?.[1] : undefined;
    if (key !== undefined) names.push(unquoted(key));
  }
  return names;
}
