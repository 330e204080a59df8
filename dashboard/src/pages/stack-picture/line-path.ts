/** Pixels between a line and a part that it passes. */
const CLEAR = 5;
/** Of how many pixels a curve is looked at. */
const STEP = 6;

/** Where a part stands, which is as wide as all are. */
type Box = Readonly<{ x: number; y: number; height: number }>;

/**
 * From the right of one part to the left of another. Where others stand in the way it goes past them, level, in the gap
 * that is the least out of its way: a line that vanishes under a part reads as if it were that part's.
 */
export function pathBetween(from: Box, to: Box, all: readonly Box[], width: number): string {
  const [x1, y1] = [from.x + width, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const between = all.filter(({ x }) => x >= x1 && x + width <= x2);
  const bend = Math.max(32, Math.abs(x2 - x1) / 2);
  const steps = Math.max(1, Math.ceil((x2 - x1) / STEP));
  const isClear = Array.from({ length: steps }, (_, i) => i / steps).every((t) => {
    const x = bezier(t, x1, x1 + bend, x2 - bend, x2);
    const y = bezier(t, y1, y1, y2, y2);
    return !between.some((box) => x >= box.x - CLEAR && x <= box.x + width + CLEAR && isAt(box, y));
  });
  if (between.length === 0 || isClear)
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  const level = levelPast(between, y1, y2);
  const left = Math.min(...between.map(({ x }) => x));
  const right = Math.max(...between.map(({ x }) => x + width));
  const [inX, outX] = [(x1 + left) / 2, (right + x2) / 2];
  return `M${x1} ${y1}C${inX} ${y1} ${inX} ${level} ${left} ${level}L${right} ${level}C${outX} ${level} ${outX} ${y2} ${x2} ${y2}`;
}

function levelPast(boxes: readonly Box[], y1: number, y2: number): number {
  const edges = boxes.flatMap(({ y, height }) => [y - CLEAR - 1, y + height + CLEAR + 1]);
  const free = edges.filter((y) => !boxes.some((box) => isAt(box, y)));
  const wayOf = (y: number) => Math.abs(y - y1) + Math.abs(y - y2);
  return free.reduce((best, y) => (wayOf(y) < wayOf(best) ? y : best));
}

function isAt({ y: top, height }: Box, y: number): boolean {
  return y >= top - CLEAR && y <= top + height + CLEAR;
}

function bezier(t: number, a: number, b: number, c: number, d: number): number {
  const s = 1 - t;
  return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
}
