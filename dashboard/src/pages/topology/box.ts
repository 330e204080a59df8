/** A rectangle; in the map's own units unless told. */
export type Box = Readonly<{ x: number; y: number; w: number; h: number }>;
export type Point = Readonly<{ x: number; y: number }>;

export function contains({ x, y, w, h }: Box, point: Point): boolean {
  return point.x >= x && point.x < x + w && point.y >= y && point.y < y + h;
}

export function overlaps(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

export function centreOf({ x, y, w, h }: Box): Point {
  return { x: x + w / 2, y: y + h / 2 };
}
