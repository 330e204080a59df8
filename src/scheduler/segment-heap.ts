/**
 * Many small binary heaps of integers in one array. Each item belongs to one heap (its segment) for good, and is in it or
 * not. The least is on top.
 */
export class SegmentHeap {
  private readonly sizes: Int32Array;

  /**
   * @param starts where each segment begins in the array
   * @param items room for all items, whatever is in it; they are 0 … items.length − 1
   * @param position place of each item in `items`; all −1, as none is in a heap yet
   * @param before true where `a` belongs above `b`
   */
  constructor(
    private readonly starts: Int32Array,
    private readonly items: Int32Array,
    private readonly position: Int32Array,
    private readonly before: (a: number, b: number) => boolean,
  ) {
    this.sizes = new Int32Array(starts.length);
  }

  size(segment: number): number {
    return this.sizes[segment] as number;
  }

  /** The least item; −1 where the segment is empty. */
  top(segment: number): number {
    return this.sizes[segment] === 0 ? -1 : (this.items[this.starts[segment] as number] as number);
  }

  /** The item at a place in the heap's own order: 0 is the top, the rest is not sorted. */
  at(segment: number, index: number): number {
    return this.items[(this.starts[segment] as number) + index] as number;
  }

  has(item: number): boolean {
    return this.position[item] !== -1;
  }

  /** Adds without keeping the order: call `heapify` when all are in. */
  append(segment: number, item: number): void {
    const at = (this.starts[segment] as number) + (this.sizes[segment] as number);
    this.items[at] = item;
    this.position[item] = at;
    this.sizes[segment] = (this.sizes[segment] as number) + 1;
  }

  heapify(segment: number): void {
    const start = this.starts[segment] as number;
    const size = this.sizes[segment] as number;
    for (let i = (size >> 1) - 1; i >= 0; i--) this.down(start, size, i);
  }

  /** Puts the item in, or moves it to where it belongs now. */
  put(segment: number, item: number): void {
    const start = this.starts[segment] as number;
    if (this.position[item] === -1) this.append(segment, item);
    const index = (this.position[item] as number) - start;
    if (this.up(start, index) === index) this.down(start, this.sizes[segment] as number, index);
  }

  remove(segment: number, item: number): void {
    const at = this.position[item] as number;
    if (at === -1) return;
    const start = this.starts[segment] as number;
    const size = (this.sizes[segment] as number) - 1;
    this.sizes[segment] = size;
    this.position[item] = -1;
    const index = at - start;
    if (index === size) return;
    const last = this.items[start + size] as number;
    this.items[at] = last;
    this.position[last] = at;
    if (this.up(start, index) === index) this.down(start, size, index);
  }

  private up(start: number, from: number): number {
    const { items, position } = this;
    const item = items[start + from] as number;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[start + parent] as number;
      if (!this.before(item, above)) break;
      items[start + index] = above;
      position[above] = start + index;
      index = parent;
    }
    items[start + index] = item;
    position[item] = start + index;
    return index;
  }

  private down(start: number, size: number, from: number): void {
    const { items, position } = this;
    const item = items[start + from] as number;
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.before(items[start + child + 1] as number, items[start + child] as number))
        child++;
      const below = items[start + child] as number;
      if (!this.before(below, item)) break;
      items[start + index] = below;
      position[below] = start + index;
      index = child;
    }
    items[start + index] = item;
    position[item] = start + index;
  }
}
