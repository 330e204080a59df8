/** Whether each word of what was typed is in one of the texts, whatever its case. */
export function hasWords(typed: string, texts: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
