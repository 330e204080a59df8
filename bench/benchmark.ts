/** One figure, rounded to what is worth reading, or a word about it. */
export type Figures = Readonly<Record<string, number | string>>;

export type Result = Readonly<{
  /** The headline figure. */
  value: number;
  also: Figures;
}>;

/** What a benchmark runs with. */
export interface Run {
  /** `--name value` pairs after the benchmark's name. */
  readonly options: ReadonlyMap<string, string>;
  /** Aborted when the time is up, or at Ctrl-C. */
  readonly signal: AbortSignal;
  /** Progress, for people. */
  say(line: string): void;
  /** Undoes something at the end, however it comes; the last one first. */
  defer(undo: () => Promise<void> | void): void;
}

/** A benchmark: one file in `bench/`, one line in the registry. */
export type Benchmark = Readonly<{
  name: string;
  /** One line for the list. */
  summary: string;
  unit: string;
  better: 'higher' | 'lower';
  target: number;
  /** After this it is broken off and cleaned up. */
  limitSeconds: number;
  /** Options with their defaults; a number's default is a number. */
  options: Readonly<Record<string, number | string>>;
  run(run: Run): Promise<Result>;
}>;

/** A whole number among the options. @throws Error naming the option */
export function numberOption(run: Run, benchmark: Benchmark, name: string): number {
  const fallback = benchmark.options[name];
  const text = run.options.get(name) ?? String(fallback);
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} ${text}: write a whole number from 1 on`);
  return value;
}
