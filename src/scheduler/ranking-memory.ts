/** The arrays of a ranking that have an entry for each host. */
export class RankingMemory {
  readonly replicas: Int32Array;
  readonly ranks: Float64Array;
  readonly ties: Float64Array;
  /** Of the heap: see `SegmentHeap`. */
  readonly items: Int32Array;
  readonly position: Int32Array;

  constructor(readonly hosts: number) {
    this.replicas = new Int32Array(hosts);
    this.ranks = new Float64Array(hosts);
    this.ties = new Float64Array(hosts);
    this.items = new Int32Array(hosts);
    this.position = new Int32Array(hosts).fill(-1);
  }

  clear(): void {
    this.replicas.fill(0);
    this.position.fill(-1);
  }
}

/**
 * Arrays of rankings that are done with, for the next ones. For 10,000 hosts they are 280 KB: to have them anew from the
 * system for each group of containers, and collected as garbage, costs about as much as the ranking itself.
 */
export class RankingMemories {
  private free: RankingMemory[] = [];

  take(hosts: number): RankingMemory {
    const memory = this.free.pop();
    if (memory?.hosts !== hosts) {
      this.free = [];
      return new RankingMemory(hosts);
    }
    memory.clear();
    return memory;
  }

  /** @param memory nobody reads any more */
  giveBack(memory: RankingMemory): void {
    this.free.push(memory);
  }
}
