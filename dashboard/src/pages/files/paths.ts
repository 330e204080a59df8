import type { FolderEntry } from '../../../../src/contract/container-files.ts';

/** A path as it is shown and asked for: absolute, without what leads nowhere. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

export function within(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** Folders first, and what is a link to somewhere among the files; by name as people sort. */
export function sorted(entries: readonly FolderEntry[]): readonly FolderEntry[] {
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  const rank = ({ kind }: FolderEntry) => (kind === 'folder' ? 0 : 1);
  return entries.toSorted((a, b) => rank(a) - rank(b) || order(a.name, b.name));
}

const LETTERS = ['r', 'w', 'x'] as const;

/** `rwxr-xr-x`, as ls(1) has it. */
export function modeText(mode: number): string {
  let text = '';
  for (let bit = 8; bit >= 0; bit--) text += mode & (1 << bit) ? LETTERS[(8 - bit) % 3] : '-';
  const special: [number, number, string][] = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ];
  for (const [bit, at, letter] of special) {
    if (!(mode & bit)) continue;
    const own = text[at] === 'x' ? letter : letter.toUpperCase();
    text = text.slice(0, at) + own + text.slice(at + 1);
  }
  return text;
}
