import type { Domain } from './domains.ts';
import type { words } from './words.ts';

type Word = (key: keyof (typeof words)['en'], values?: Readonly<Record<string, string | number>>) => string;

/** `rack r1`, `without rack`, `Cluster`. */
export function nameOf({ key, label, value }: Domain, w: Word): string {
  if (key === '') return w('cluster');
  return value === '' ? w('without', { label }) : `${label} ${value}`;
}
