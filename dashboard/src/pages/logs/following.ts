/** Pixels that a zoomed page rounds away. */
const SLACK = 2;

export type ScrollPlace = Readonly<{ scrollTop: number; scrollHeight: number; clientHeight: number }>;

/**
 * Whether it was the person who has scrolled away from the end. Where lines go, or the window grows, the browser moves what is
 * seen, too: never further than to the end.
 * @param seen `scrollTop` as it was last
 */
export function hasLeft(place: ScrollPlace, seen: number): boolean {
  return place.scrollTop < Math.min(seen, endOf(place)) - SLACK;
}

/** Whether who had left the end has gone down to it again. */
export function hasReturned(place: ScrollPlace, seen: number): boolean {
  return place.scrollTop > seen && place.scrollTop >= endOf(place) - SLACK;
}

function endOf({ scrollHeight, clientHeight }: ScrollPlace): number {
  return Math.max(0, scrollHeight - clientHeight);
}
