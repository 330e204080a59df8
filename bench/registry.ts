import type { Benchmark } from './benchmark.ts';
import { placement } from './placement.ts';

export const BENCHMARKS: readonly Benchmark[] = [placement];
