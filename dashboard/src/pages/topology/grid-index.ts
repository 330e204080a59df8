import { type Box, contains, overlaps, type Point } from './box.ts';

type Boxed = Readonly<{ box: Box }>;

/** Finds what is at a place, or within a rectangle, without looking at everything. */
export class GridIndex<T extends Boxed> {
  private readonly cells = new Map<string, T[]>();

  /** @param size of its squares: about that of what is in it */
  constructor(
    items: readonly T[],
    private readonly size: number,
  ) {
    for (const item of items) {
      for (const key of this.keysOf(item.box)) {
        const cell = this.cells.get(key);
        if (cell === undefined) this.cells.set(key, [item]);
        else cell.push(item);
      }
    }
  }

  at(point: Point): T | undefined {
    const key = `${Math.floor(point.x / this.size)} ${Math.floor(point.y / this.size)}`;
    return this.cells.get(key)?.find(({ box }) => contains(box, point));
  }

  /** Each once, in no order. */
  within(box: Box): Set<T> {
    const found = new Set<T>();
    for (const key of this.keysOf(box))
      for (const item of this.cells.get(key) ?? []) if (overlaps(item.box, box)) found.add(item);
    return found;
  }

  private *keysOf({ x, y, w, h }: Box): Iterable<string> {
    const last = { x: Math.floor((x + w) / this.size), y: Math.floor((y + h) / this.size) };
    for (let row = Math.floor(y / this.size); row <= last.y; row++)
      for (let column = Math.floor(x / this.size); column <= last.x; column++) yield `${column} ${row}`;
  }
}
