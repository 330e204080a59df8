/** How many there are of each; what comes down to zero is forgotten. */
export class Counter {
  readonly counts = new Map<string, number>();

  add(key: string, by: number): void {
    const now = (this.counts.get(key) ?? 0) + by;
    if (now === 0) this.counts.delete(key);
    else this.counts.set(key, now);
  }

  get(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  has(key: string): boolean {
    return this.counts.has(key);
  }

  keys(): Iterable<string> {
    return this.counts.keys();
  }
}
