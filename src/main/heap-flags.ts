import { totalmem } from 'node:os';

const MIB = 1024 ** 2;
/** Young generation, MiB: with V8's own 16 much of what a request needs for a moment outlives a collection, and is copied. */
const YOUNG = { least: 16, most: 64 };

/**
 * What Node is to be told for the manager, whose state is in memory: V8 by itself stops at 4 GiB, which is a few hundred
 * thousand containers, whatever the machine has. A flag that was given by hand comes later and counts.
 * @param memory of the machine or of the process's control group, bytes
 */
export function heapFlags(memory = usableMemory()): string[] {
  const old = Math.floor((memory * 3) / 4 / MIB);
  const young = Math.min(YOUNG.most, Math.max(YOUNG.least, Math.floor(memory / 64 / MIB)));
  return [`--max-old-space-size=${old}`, `--max-semi-space-size=${young}`];
}

function usableMemory(): number {
  // 0, or more than there is, where nothing limits it.
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
