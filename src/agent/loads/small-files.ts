import { readFileSync } from 'node:fs';

/** Few small files of the kernel, so reading them at once costs less than handing each to another thread. */
export type ReadFile = (path: string) => string;

/** @throws the file system's error */
export function readerIn(root: string): ReadFile {
  return (path) => readFileSync(root + path, 'latin1');
}

/** What cannot be read is not known. */
export function orNothing(read: ReadFile, path: string): string | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}

/** `max` is none. */
export function numberOf(text: string): number {
  const trimmed = text.trim();
  return trimmed === 'max' ? Number.POSITIVE_INFINITY : Number(trimmed);
}

/** Of lines `NAME VALUE`; 0 where it is not there. */
export function valueIn(text: string, name: string): number {
  const isFirst = text.startsWith(`${name} `);
  const at = isFirst ? 0 : text.indexOf(`\n${name} `) + 1;
  if (at === 0 && !isFirst) return 0;
  const from = at + name.length + 1;
  const end = text.indexOf('\n', from);
  return Number(text.slice(from, end < 0 ? undefined : end));
}

export type Bytes = Readonly<{ received: number; sent: number }>;

/**
 * Sums of `/proc/PID/net/dev`: two lines of heads, then `NAME: RECEIVED and 7 more, SENT and 7 more`.
 * @param counts whether an interface is one that counts
 */
export function networkOf(text: string, counts: (name: string) => boolean): Bytes {
  let [received, sent] = [0, 0];
  for (const line of text.split('\n').slice(2)) {
    const at = line.indexOf(':');
    if (at < 0 || !counts(line.slice(0, at).trim())) continue;
    const fields = line
      .slice(at + 1)
      .trim()
      .split(/\s+/);
    received += Number(fields[0]);
    sent += Number(fields[8]);
  }
  return { received, sent };
}
