import type { Span } from './ansi.ts';

export type Segment = Readonly<{ text: string; className: string; isHit: boolean }>;

/** What is looked for, in a form that finds it all; undefined where nothing is. */
export function finderOf(wanted: string): RegExp | undefined {
  if (wanted === '') return undefined;
  return new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu');
}

/** A line cut where its look changes or a hit begins or ends. */
export function segmentsOf(
  text: string,
  spans: readonly Span[],
  finder: RegExp | undefined,
): readonly Segment[] {
  const hits = finder === undefined ? [] : hitsOf(text, finder);
  if (spans.length === 0 && hits.length === 0) return [{ text, className: '', isHit: false }];
  const cuts = new Set([0, text.length]);
  for (const { from, to } of [...spans, ...hits]) cuts.add(from).add(to);
  const places = [...cuts].sort((a, b) => a - b);
  const segments: Segment[] = [];
  let span = 0;
  let hit = 0;
  for (const [index, from] of places.entries()) {
    const to = places[index + 1];
    if (to === undefined) break;
    while ((spans[span]?.to ?? Number.POSITIVE_INFINITY) <= from) span++;
    while ((hits[hit]?.to ?? Number.POSITIVE_INFINITY) <= from) hit++;
    const isStyled = (spans[span]?.from ?? Number.POSITIVE_INFINITY) <= from;
    segments.push({
      text: text.slice(from, to),
      className: isStyled ? (spans[span]?.className ?? '') : '',
      isHit: (hits[hit]?.from ?? Number.POSITIVE_INFINITY) <= from,
    });
  }
  return segments;
}

/** Most hits of a line that are marked. */
const MARKED = 200;

function hitsOf(text: string, finder: RegExp): readonly Readonly<{ from: number; to: number }>[] {
  const hits: { from: number; to: number }[] = [];
  for (const match of text.matchAll(finder)) {
    hits.push({ from: match.index, to: match.index + match[0].length });
    if (hits.length === MARKED) break;
  }
  return hits;
}

/** Whether it is there at all. */
export function isFound(text: string, finder: RegExp): boolean {
  finder.lastIndex = 0;
  return finder.test(text);
}
