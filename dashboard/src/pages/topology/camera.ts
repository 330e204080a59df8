import type { Box, Point } from './box.ts';

/** What of the map is seen: its point at the top left, and pixels per unit of the map. */
export type Camera = Readonly<{ x: number; y: number; scale: number }>;
/** Pixels. */
export type Size = Readonly<{ w: number; h: number }>;

const MARGIN = 16;
const MOST = 12;
/** So much of the map stays in sight, pixels. */
const KEPT = 80;

/** All of a box, in the middle. */
export function showing(box: Box, view: Size, most = MOST): Camera {
  const w = Math.max(1, view.w - 2 * MARGIN);
  const h = Math.max(1, view.h - 2 * MARGIN);
  const scale = Math.min(most, w / Math.max(1, box.w), h / Math.max(1, box.h));
  return {
    scale,
    x: box.x + box.w / 2 - view.w / 2 / scale,
    y: box.y + box.h / 2 - view.h / 2 / scale,
  };
}

export function toMap({ x, y, scale }: Camera, at: Point): Point {
  return { x: x + at.x / scale, y: y + at.y / scale };
}

export function toView({ x, y, scale }: Camera, at: Point): Point {
  return { x: (at.x - x) * scale, y: (at.y - y) * scale };
}

/** What is seen, in the map's units. */
export function seen({ x, y, scale }: Camera, view: Size): Box {
  return { x, y, w: view.w / scale, h: view.h / scale };
}

/** Nearer or farther, while what is under a point of the view stays there. */
export function zoomAt(camera: Camera, factor: number, at: Point, bounds: Box, view: Size): Camera {
  const least = showing(bounds, view).scale / 2;
  const scale = Math.min(Math.max(MOST, least), Math.max(least, camera.scale * factor));
  const fixed = toMap(camera, at);
  return inside({ scale, x: fixed.x - at.x / scale, y: fixed.y - at.y / scale }, bounds, view);
}

/** @param by pixels: the map goes with the hand */
export function pan(camera: Camera, by: Point, bounds: Box, view: Size): Camera {
  const { x, y, scale } = camera;
  return inside({ scale, x: x - by.x / scale, y: y - by.y / scale }, bounds, view);
}

/** The map cannot be lost out of sight. */
export function inside({ x, y, scale }: Camera, bounds: Box, view: Size): Camera {
  const kept = KEPT / scale;
  return {
    scale,
    x: clamp(x, bounds.x + kept - view.w / scale, bounds.x + bounds.w - kept),
    y: clamp(y, bounds.y + kept - view.h / scale, bounds.y + bounds.h - kept),
  };
}

/** On the way from one to the other, 0 to 1: zooming goes by factors. */
export function between(from: Camera, to: Camera, share: number): Camera {
  const scale = from.scale * (to.scale / from.scale) ** share;
  // The point that stays where it is while the scale changes.
  const done =
    to.scale === from.scale ? share : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
  return { scale, x: from.x + (to.x - from.x) * done, y: from.y + (to.y - from.y) * done };
}

function clamp(value: number, least: number, most: number): number {
  // A map that is smaller than what is kept of it.
  return least > most ? (least + most) / 2 : Math.min(most, Math.max(least, value));
}
