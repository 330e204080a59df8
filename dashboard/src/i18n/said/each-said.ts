/** Several sentences of the manager's, "; " between them, each as the page's language has it. */
export function eachSaid(said: (text: string) => string, texts: string): string {
  const parts = texts.split('; ');
  const others = parts.map(said);
  return others.some((one, at) => one !== parts[at]) ? others.join('；') : texts;
}
