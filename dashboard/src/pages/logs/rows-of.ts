/** How many columns a letter takes where it is drawn as in terminals: two of the scripts of East Asia and of emoji. */
function widthOf(code: number): number {
  if (code < 0x1100) return 1;
  const isWide =
    code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    code >= 0x1f300;
  return isWide ? 2 : 1;
}

const TAB = 8;

/** How many rows a text takes that is broken wherever it must be. */
export function rowsOf(text: string, columns: number): number {
  if (/^[\x20-\x7e]*$/.test(text)) return Math.max(1, Math.ceil(text.length / columns));
  let rows = 1;
  let at = 0;
  for (const letter of text) {
    const width = letter === '\t' ? TAB - (at % TAB) : widthOf(letter.codePointAt(0) ?? 0);
    if (at + width > columns) {
      rows++;
      at = 0;
    }
    at += width;
  }
  return rows;
}

/** The place in an ascending list of the last that is not above `value`; 0 where all are. */
export function placeIn(tops: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = tops.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
