/** A line of a chart: a value for each point, null where nothing is known. */
export type Line = Readonly<{
  label: string;
  values: readonly (number | null)[];
  /** Of `COLOURS`; by its place where it is left out. */
  colour?: number;
  /** What another line is held against, rather than something that was measured: it is dashed. */
  isLimit?: boolean;
}>;

/** A moment that explains what the lines do. */
export type ChartMark = Readonly<{
  /** Milliseconds since the epoch. */
  at: number;
  /** What stands at its line: a few letters. */
  short: string;
  /** In a few words. */
  text: string;
}>;

export type ChartProps = Readonly<{
  title: string;
  lines: readonly Line[];
  /** Of the first point, and how far apart they are: milliseconds. */
  from: number;
  stepMs: number;
  format(value: number): string;
  /** Round numbers on its axis are those of bytes. */
  isBytes?: boolean;
  /** From 0 to 1, of something: nothing at all is not a line in the middle. */
  isShare?: boolean;
  /** Lines lie on each other, and the topmost is their sum. */
  isStacked?: boolean;
  /** What the lines cannot be over, such as all the memory there is. */
  limit?: Readonly<{ value: number; label: string }> | undefined;
  marks?: readonly ChartMark[];
  /** Charts with the same word show the same moment. */
  sync?: string;
  /** Pixels. */
  height?: number;
}>;

const COLOURS = 6;

export function chartColour(line: Line, i: number): string {
  return `--chart-${((line.colour ?? i) % COLOURS) + 1}`;
}

export type Extremes = Readonly<{
  now: number | undefined;
  least: number | undefined;
  most: number | undefined;
  mean: number | undefined;
}>;

/** How many of the last points may be missing where something is known of now: reports take their time. */
const LATE = 3;

/** Points with nothing known beside them: of these there is no line to be seen. */
export function lonelyPoints(values: readonly (number | null | undefined)[]): number[] {
  return values.flatMap((value, i) =>
    value != null && values[i - 1] == null && values[i + 1] == null ? [i] : [],
  );
}

/** A limit wherever something is known of what it is held against. */
export function limitAlong(values: readonly (number | null)[], limit: number): (number | null)[] {
  return values.map((value) => (value === null ? null : limit));
}

/** In a few numbers, for whoever does not see the line. */
export function extremesOf(values: readonly (number | null)[]): Extremes {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { now: undefined, least: undefined, most: undefined, mean: undefined };
  let [least, most, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of known) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
  }
  const now = values.slice(-LATE).findLast((value) => value !== null) ?? undefined;
  return { now, least, most, mean: sum / known.length };
}

/** Lines over each other: each has in it what is below it. Nothing is known where one of them is not. */
export function stacked(lines: readonly Line[]): readonly Line[] {
  const sums: (number | null)[] = [];
  return lines.map((line) => ({
    ...line,
    values: line.values.map((value, i) => {
      const below = sums[i] === undefined ? 0 : sums[i];
      const sum = value === null || below === null ? null : below + value;
      sums[i] = sum;
      return sum;
    }),
  }));
}

/** A round number at the top of an axis of bytes, which are counted by 1,024. */
export function byteStep(range: number, lines: number): number {
  const least = range / lines;
  const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, least)) / Math.log(1024)));
  const steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  return unit * (steps.find((step) => step * unit >= least) ?? 1024);
}
