/** Words of a command as a shell would cut them, by blanks and quotes; nothing else is read of it. @throws Error in words */
export function argvOf(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === "'" || letter === '"') {
      const end = closing(text, at + 1, letter);
      if (end < 0) throw new Error(letter);
      const inside = text.slice(at + 1, end);
      word = (word ?? '') + (letter === '"' ? inside.replace(/\\(["\\$`])/g, '$1') : inside);
      at = end;
    } else if (letter === '\\' && at + 1 < text.length) word = (word ?? '') + text[++at];
    else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}
