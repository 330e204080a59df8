/** A part of a line that its container wants to look in a way of its own. */
export type Span = Readonly<{ from: number; to: number; className: string }>;
export type Styled = Readonly<{ text: string; spans: readonly Span[] }>;

/** Colours and movements of a terminal (ECMA-48), and what no line of text has. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f]/g;
const NONE: readonly Span[] = [];
const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
const EIGHT = 8;

type Look = { colour: string; bold: boolean; dim: boolean; italic: boolean; underline: boolean };

/**
 * A line without its control sequences, and where those of "select graphic rendition" want it to look different. Colours are
 * the sixteen of terminals, which the page has for both of its themes; others, and backgrounds, are left out, as what would
 * be seen on them is not known.
 */
export function styledOf(raw: string): Styled {
  if (!/[^\t\x20-\x7e\xa0-\uffff]/.test(raw)) return { text: raw, spans: NONE };
  const spans: Span[] = [];
  let text = '';
  let at = 0;
  let look = plain();
  let from = 0;
  const close = () => {
    const className = classOf(look);
    if (className !== '' && text.length > from) spans.push({ from, to: text.length, className });
    from = text.length;
  };
  for (const match of raw.matchAll(CONTROLS)) {
    text += raw.slice(at, match.index);
    at = match.index + match[0].length;
    if (match[1] === undefined) continue;
    close();
    look = after(look, match[1]);
  }
  text += raw.slice(at);
  close();
  return { text, spans: spans.length === 0 ? NONE : spans };
}

function plain(): Look {
  return { colour: '', bold: false, dim: false, italic: false, underline: false };
}

function after(before: Look, parameters: string): Look {
  const look = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) Object.assign(look, plain());
    else if (code === 1) look.bold = true;
    else if (code === 2) look.dim = true;
    else if (code === 3) look.italic = true;
    else if (code === 4) look.underline = true;
    else if (code === 22) Object.assign(look, { bold: false, dim: false });
    else if (code === 23) look.italic = false;
    else if (code === 24) look.underline = false;
    else if (code >= 30 && code <= 37) look.colour = NAMES[code - 30] ?? '';
    else if (code >= 90 && code <= 97) look.colour = NAMES[code - 90] ?? '';
    else if (code === 39) look.colour = '';
    else if (code === 38 || code === 48) {
      const kind = codes[at + 1];
      if (code === 38) look.colour = kind === 5 ? (NAMES[colourOf(codes[at + 2] ?? 0)] ?? '') : '';
      at += kind === 5 ? 2 : kind === 2 ? 4 : 1;
    }
  }
  return look;
}

/** The first sixteen of 256 are those that have names. */
function colourOf(index: number): number {
  return index < 2 * EIGHT ? index % EIGHT : -1;
}

function classOf({ colour, bold, dim, italic, underline }: Look): string {
  return [
    ...(colour === '' ? [] : [`ansi-${colour}`]),
    ...(bold ? ['ansi-bold'] : []),
    ...(dim ? ['ansi-dim'] : []),
    ...(italic ? ['ansi-italic'] : []),
    ...(underline ? ['ansi-underline'] : []),
  ].join(' ');
}
