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

/** The manager's sentence in Chinese; what is not in its catalogue stays as it is. */
export const inChinese = inOtherWords(SENTENCES, CHINESE, '；');
