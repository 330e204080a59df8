import type { Bench } from './bench.ts';

/** One row of the table, tried with every docker CLI that there is. */
export interface CliCase {
  readonly command: string;
  /** Oldest and newest major version of the CLI that has the command; all by default. */
  readonly from?: number;
  readonly to?: number;
  /** How it differs from one Docker Engine, and why. The case's assertions are of that behaviour. */
  readonly differs?: string;
  run(bench: Bench): Promise<void>;
}

/** The cases of one heading. */
export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly CliCase[];
}
