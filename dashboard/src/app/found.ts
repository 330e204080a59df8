import type { Action } from '../actions/action.ts';
import type { IconName } from '../parts/icons.tsx';

/** Something that has a place in the page, and may be found by its name. */
export type Found = Readonly<{
  id: string;
  icon: IconName;
  text: string;
  note: string;
  /** By what else it is found. */
  texts: readonly string[];
  run(): void;
  actions(): readonly Action[];
}>;

export type FoundGroup = Readonly<{ title: string; all: readonly Found[] }>;
