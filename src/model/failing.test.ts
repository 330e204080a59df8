import { expect, it } from 'vitest';
import type { EngineState } from './container.ts';
import { restartsAgainAndAgain } from './failing.ts';

const state = (status: EngineState['status'], ranMs: number): EngineState => ({
  ...{ status, exitCode: 1, oomKilled: false, error: '', health: 'none' },
  ...{ startedAt: 1_000_000, finishedAt: 1_000_000 + ranMs },
});

it('tells what ends soon after each start from what has ended once', () => {
  expect(restartsAgainAndAgain({ state: state('restarting', 500) })).toBe(true);
  expect(restartsAgainAndAgain({ state: state('restarting', 3_600_000) })).toBe(false);
  expect(restartsAgainAndAgain({ state: state('running', 500) })).toBe(false);
  expect(restartsAgainAndAgain({ state: state('exited', 500) })).toBe(false);
  const waits = { state: state('exited', 500), nextStartAt: 2_000_000 };
  expect(restartsAgainAndAgain({ ...waits, restarts: 1 })).toBe(false);
  expect(restartsAgainAndAgain({ ...waits, restarts: 3 })).toBe(true);
});
