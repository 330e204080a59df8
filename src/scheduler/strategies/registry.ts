import { binpack } from './binpack.ts';
import { random } from './random.ts';
import { spread } from './spread.ts';
import type { Strategy } from './strategy.ts';

export const STRATEGIES: readonly Strategy[] = [spread, binpack, random];
