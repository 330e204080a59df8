/** A piece of a sentence: as it is, or one of the names in it. */
export type Piece = Readonly<{ text: string; name?: string }>;

const IN_A_NAME = /[\w./:*-]/;

/** The sentence in pieces, so that the first place of each name can be a link; names as whole words, in their order. */
export function piecesOf(text: string, names: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const name of names) {
    const at = placeOf(text, name, from);
    if (at < 0) continue;
    if (at > from) pieces.push({ text: text.slice(from, at) });
    pieces.push({ text: name, name });
    from = at + name.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

function placeOf(text: string, name: string, from: number): number {
  for (let at = text.indexOf(name, from); at >= 0 && name !== ''; at = text.indexOf(name, at + 1)) {
    const [before = ' ', after = ' '] = [text[at - 1], text[at + name.length]];
    const beyond = text[at + name.length + 1] ?? ' ';
    // A colon behind it is the sentence's: `host h1: …`.
    const ends = !IN_A_NAME.test(after) || (/[:.]/.test(after) && /\s/.test(beyond));
    if (!IN_A_NAME.test(before) && ends) return at;
  }
  return -1;
}
