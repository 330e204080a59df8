// What pages in another language than the manager's need of its sentences.
export { around } from '../model/said/around.ts';
export { SENTENCES, type SentenceKey } from '../model/said/index.ts';
export { holesOf, inOtherWords } from '../model/said/sentence.ts';
