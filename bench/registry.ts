import type { Benchmark } from './benchmark.ts';
import { fleet } from './fleet/fleet.ts';
import { placement } from './placement.ts';

export const BENCHMARKS: readonly Benchmark[] = [placement, fleet];
