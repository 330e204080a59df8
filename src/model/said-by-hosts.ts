import { type SaidBy, saidBy } from './said-by.ts';

/** What several hosts say in the same words, once. */
export type SaidByHosts = Pick<SaidBy, 'who' | 'many' | 'text'>;

/** Hosts that say the same are one line; hosts by name, lines by their first host. */
export function saidByHosts(all: Iterable<readonly [host: string, text: string]>): readonly SaidByHosts[] {
  return saidBy('host', all).map(({ who, many, text }) => ({ who, many, text }));
}
