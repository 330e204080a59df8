import { type Styled, styledOf } from './ansi.ts';

export type LogLine = Styled &
  Readonly<{
    key: number;
    kind: 'stdout' | 'stderr' | 'told';
    /** RFC 3339; empty for what is not the container's, as is `container`. */
    at: string;
    container: string;
    /** Characters at its end that are not kept. */
    left: number;
  }>;

/** A line's characters that are shown. */
export const LONGEST = 4000;
/** A sequence that has begun, or half of a letter of two units. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const HALF = /(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?|[\ud800-\udbff])$/;

/** What is kept of a line that may be a MiB long. */
export function lineOf(
  { key, kind, at, container }: Pick<LogLine, 'key' | 'kind' | 'at' | 'container'>,
  raw: string,
): LogLine {
  const isCut = raw.length > LONGEST;
  const taken = isCut ? raw.slice(0, LONGEST).replace(HALF, '') : raw;
  const { text, spans } = styledOf(taken);
  return {
    ...{ key, kind, at, container, spans },
    text: text === raw ? text : ownCopy(text),
    left: raw.length - taken.length,
  };
}

/** A part of a text holds all of that text in memory, for as long as it is there itself: this does not. */
function ownCopy(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** At most so many bytes of memory: two for a character, and what its objects take. */
export function weightOf({ text, spans, at }: LogLine): number {
  return 2 * (text.length + at.length) + 96 * spans.length + 200;
}
