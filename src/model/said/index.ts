import { hostSentences } from './hosts.ts';
import { movesSentences } from './moves.ts';
import { placementSentences } from './placement.ts';
import { scalingSentences } from './scaling.ts';
import { type Filling, filled } from './sentence.ts';
import { serviceSentences } from './services.ts';
import { whoSentences } from './who.ts';

/** What the manager says of the cluster's things, in English; pages in other languages have a sentence for each. */
export const SENTENCES = {
  ...whoSentences,
  ...hostSentences,
  ...serviceSentences,
  ...placementSentences,
  ...scalingSentences,
  ...movesSentences,
} as const;

export type SentenceKey = keyof typeof SENTENCES;

/** A sentence of the catalogue. What is said in another way is English on every page. */
export function say<K extends SentenceKey>(key: K, ...[values]: Filling<(typeof SENTENCES)[K]>): string {
  return filled(SENTENCES[key], values);
}
