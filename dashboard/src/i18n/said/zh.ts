import { inOtherWords, SENTENCES, type SentenceKey } from '../../../../src/contract/said.ts';
import { hosts } from './hosts.ts';
import { moves } from './moves.ts';
import { placement } from './placement.ts';
import { scaling } from './scaling.ts';
import { services } from './services.ts';
import { who } from './who.ts';

/** A sentence of the manager's that has none here does not compile. */
export const CHINESE: Readonly<Record<SentenceKey, string>> = {
  ...who,
  ...hosts,
  ...services,
  ...placement,
  ...scaling,
  ...moves,
};

const read = inOtherWords(SENTENCES, CHINESE, '；');

/** A list asks for the same lines with each change, and a line that nobody knows costs a tenth of a millisecond. */
const MOST_KEPT = 2000;
const kept = new Map<string, string>();

/** The manager's sentence in Chinese; what is not in its catalogue stays as it is. */
export function inChinese(text: string): string {
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const chinese = read(text);
  kept.set(text, chinese);
  return chinese;
}
