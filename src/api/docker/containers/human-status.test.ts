import { describe, expect, it } from 'vitest';
import type { EngineState } from '../../../model/container.ts';
import { humanDuration, humanStatus } from './human-status.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('humanDuration', () => {
  // go-units: duration_test.go, TestHumanDuration
  it.each([
    [450, 'Less than a second'],
    [-5000, 'Less than a second'],
    [SECOND, '1 second'],
    [47 * SECOND, '47 seconds'],
    [MINUTE, 'About a minute'],
    [3 * MINUTE, '3 minutes'],
    [35 * MINUTE + 40 * SECOND, '35 minutes'],
    [HOUR, 'About an hour'],
    [HOUR + 45 * MINUTE, '2 hours'],
    [3 * HOUR + 40 * MINUTE, '4 hours'],
    [24 * HOUR, '24 hours'],
    [2 * DAY, '2 days'],
    [7 * DAY, '7 days'],
    [13 * DAY + 5 * HOUR, '13 days'],
    [4 * 7 * DAY, '4 weeks'],
    [4 * 30 * DAY, '4 months'],
    [24 * 30 * DAY, '24 months'],
    [365 * 3 * DAY + 60 * DAY, '3 years'],
  ])('%i ms is %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

describe('humanStatus', () => {
  const now = 1_000_000_000;
  const base: EngineState = {
    ...{ status: 'running', exitCode: 0, oomKilled: false, error: '', health: 'none' },
    ...{ startedAt: now - 3 * MINUTE, finishedAt: 0 },
  };
  it.each<[string, Partial<EngineState>]>([
    ['Up 3 minutes', {}],
    ['Up 3 minutes (healthy)', { health: 'healthy' }],
    ['Up 3 minutes (unhealthy)', { health: 'unhealthy' }],
    ['Up 3 minutes (health: starting)', { health: 'starting' }],
    ['Up 3 minutes (Paused)', { status: 'paused' }],
    ['Restarting (1) 5 seconds ago', { status: 'restarting', exitCode: 1, finishedAt: now - 5 * SECOND }],
    ['Exited (0) 2 hours ago', { status: 'exited', finishedAt: now - 2 * HOUR }],
    ['Exited (137) 2 days ago', { status: 'exited', exitCode: 137, finishedAt: now - 50 * HOUR }],
    ['Created', { status: 'created', startedAt: 0 }],
    ['Dead', { status: 'dead' }],
    ['Removal In Progress', { status: 'removing' }],
  ])('%s', (text, state) => {
    expect(humanStatus({ ...base, ...state }, now)).toBe(text);
  });
});
