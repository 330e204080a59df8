import type { UpstreamAnswer } from './upstream-answer.ts';

type Entry = Readonly<{ answer: UpstreamAnswer; storedAt: number; size: number }>;

/** Bytes beside an answer's own: its places of records, keys and maps; roughly. */
const OVERHEAD = 400;

/**
 * Answers from upstream for as long as they hold, up to a number of bytes. What is asked for again moves from the first half
 * to the second one (a segmented LRU), so that a flood of names that nobody asks for twice pushes out only its like.
 */
export class AnswerCache {
  private readonly once = new Map<string, Entry>();
  private readonly again = new Map<string, Entry>();
  private onceSize = 0;
  private againSize = 0;

  /** @param maxBytes of both halves */
  constructor(private readonly maxBytes: number) {}

  /** @param now milliseconds */
  get(key: string, now: number): Readonly<{ answer: UpstreamAnswer; age: number }> | undefined {
    const entry = this.take(key);
    if (entry === undefined) return undefined;
    const age = Math.floor((now - entry.storedAt) / 1000);
    if (age >= entry.answer.lifetime || age < 0) return undefined;
    this.again.set(key, entry);
    this.againSize += entry.size;
    while (this.againSize > this.maxBytes / 2) this.againSize -= evict(this.again);
    return { answer: entry.answer, age };
  }

  put(key: string, answer: UpstreamAnswer, now: number): void {
    this.take(key);
    if (answer.lifetime <= 0) return;
    const size = answer.bytes.length + key.length * 2 + OVERHEAD;
    this.once.set(key, { answer, storedAt: now, size });
    this.onceSize += size;
    while (this.onceSize > this.maxBytes / 2) this.onceSize -= evict(this.once);
  }

  get bytes(): number {
    return this.onceSize + this.againSize;
  }

  private take(key: string): Entry | undefined {
    const first = this.once.get(key);
    if (first !== undefined) {
      this.once.delete(key);
      this.onceSize -= first.size;
      return first;
    }
    const second = this.again.get(key);
    if (second !== undefined) {
      this.again.delete(key);
      this.againSize -= second.size;
    }
    return second;
  }
}

/** Takes out the one that was used longest ago; its size. */
function evict(half: Map<string, Entry>): number {
  for (const [key, { size }] of half) {
    half.delete(key);
    return size;
  }
  return Number.POSITIVE_INFINITY;
}
