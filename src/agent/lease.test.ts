import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Lease, newLease } from './lease.ts';

let time = 0;
let changes: Lease['state'][] = [];
let lease: Lease;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  time = 500;
  changes = [];
  lease = newLease(
    () => changes.push(lease.state),
    () => time,
    3_000,
  );
});
afterEach(() => {
  lease.close();
  vi.useRealTimers();
});

function pass(ms: number): void {
  time += ms;
  vi.advanceTimersByTime(ms);
}

describe('a lease', () => {
  it('counts from when the heartbeat left, not from when its answer came', () => {
    lease.asked(1);
    pass(2_000);
    lease.granted(1, 4_000);
    pass(1_999);
    expect(lease.state).toBe('held');
    pass(1);
    expect(lease.state).toBe('out');
    expect(changes).toEqual(['held', 'out']);
  });

  it('runs out where no manager ever answers, and is back with the first answer', () => {
    expect(lease.state).toBe('first');
    pass(3_000);
    expect(lease.state).toBe('out');
    expect(changes).toEqual(['out']);
    lease.asked(7);
    lease.granted(7, 3_000);
    expect(changes).toEqual(['out', 'held']);
    pass(2_999);
    expect(lease.state).toBe('held');
  });

  it('believes no answer to what it has not asked, and none twice', () => {
    lease.granted(9, 60_000);
    lease.asked(9);
    lease.granted(9, 3_000);
    pass(2_000);
    lease.granted(9, 60_000);
    pass(1_000);
    expect(lease.state).toBe('out');
  });

  it('is not made shorter by an older answer', () => {
    lease.asked(1);
    pass(1_000);
    lease.asked(2);
    lease.granted(2, 3_000);
    lease.granted(1, 3_000);
    pass(2_999);
    expect(lease.state).toBe('held');
  });
});
