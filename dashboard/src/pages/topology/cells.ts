import type { Box, Point } from './box.ts';
import { HOST } from './layout.ts';

/** Of a host's box, what its containers fill: below its name and meters. */
const BODY = { x: 8, y: 44, w: HOST.w - 16, h: HOST.h - 52 } as const;
/** One container alone does not fill the host. */
const MOST_SIDE = 24;

/** Squares in rows, from the top left. */
export type Cells = Readonly<{ columns: number; side: number; count: number }>;

/** The largest squares of which so many fit. */
export function cellsFor(count: number): Cells {
  if (count <= 0) return { columns: 1, side: MOST_SIDE, count: 0 };
  for (let columns = Math.max(1, Math.floor(BODY.w / MOST_SIDE)); ; columns++) {
    const side = Math.min(MOST_SIDE, BODY.w / columns);
    if (Math.ceil(count / columns) * side <= BODY.h) return { columns, side, count };
  }
}

/** Of a container, by its number among those of the host. @param host the host's box */
export function cellBox({ columns, side }: Cells, index: number, host: Box): Box {
  return {
    x: host.x + BODY.x + (index % columns) * side,
    y: host.y + BODY.y + Math.floor(index / columns) * side,
    w: side,
    h: side,
  };
}

/** Which one is there; undefined where there is none. */
export function cellAt({ columns, side, count }: Cells, host: Box, point: Point): number | undefined {
  const x = point.x - host.x - BODY.x;
  const y = point.y - host.y - BODY.y;
  if (x < 0 || y < 0 || x >= columns * side) return undefined;
  const index = Math.floor(y / side) * columns + Math.floor(x / side);
  return index < count ? index : undefined;
}

/** Where containers are drawn as a strip of what they are, too small for each. */
export function bodyOf(host: Box): Box {
  return { x: host.x + BODY.x, y: host.y + BODY.y, w: BODY.w, h: BODY.h };
}
