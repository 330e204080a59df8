import { describe, expect, it } from 'vitest';
import { LoginLimiter } from './login-limiter.ts';

const locked = (limiter: LoginLimiter, user: string, address: string, now: number): boolean => {
  try {
    limiter.check(user, address, now);
    return false;
  } catch {
    return true;
  }
};

describe('LoginLimiter', () => {
  it('locks a user from one address only, for longer each time', () => {
    const limiter = new LoginLimiter();
    for (let i = 0; i < 4; i++) limiter.failed('ann', '10.0.0.1', 0);
    expect(locked(limiter, 'ann', '10.0.0.1', 0)).toBe(false);
    limiter.failed('ann', '10.0.0.1', 0);
    expect(locked(limiter, 'ann', '10.0.0.1', 14_999)).toBe(true);
    expect(locked(limiter, 'ann', '10.0.0.2', 0)).toBe(false);
    expect(locked(limiter, 'bob', '10.0.0.1', 0)).toBe(false);
    expect(locked(limiter, 'ann', '10.0.0.1', 15_000)).toBe(false);
    limiter.failed('ann', '10.0.0.1', 15_000);
    expect(locked(limiter, 'ann', '10.0.0.1', 15_000 + 29_999)).toBe(true);
    expect(locked(limiter, 'ann', '10.0.0.1', 15_000 + 30_000)).toBe(false);
  });

  it('tells who is locked from where, and takes that back', () => {
    const limiter = new LoginLimiter();
    for (let i = 0; i < 5; i++) limiter.failed('ann', '10.0.0.1', 0);
    for (let i = 0; i < 5; i++) limiter.failed('ann b', '10.0.0.2', 0);
    limiter.failed('bob', '10.0.0.2', 0);
    expect([...limiter.locks(14_999)]).toEqual([
      ['ann', [{ from: '10.0.0.1', until: 15_000 }]],
      ['ann b', [{ from: '10.0.0.2', until: 15_000 }]],
    ]);
    expect(limiter.locks(15_000).size).toBe(0);
    limiter.unlock('ann');
    expect([...limiter.locks(0).keys()]).toEqual(['ann b']);
    expect(locked(limiter, 'ann', '10.0.0.1', 0)).toBe(false);
  });

  it('locks an address that tries many users, an IPv6 network as one', () => {
    for (const address of [
      (i: number) => (i % 2 === 0 ? '10.0.0.1' : '::ffff:10.0.0.1'),
      (i: number) => `2001:db8::${i}`,
      (i: number) => `2001:db8:0:0:${i}::1`,
    ]) {
      const limiter = new LoginLimiter();
      for (let i = 0; i < 20; i++) limiter.failed(`user${i}`, address(i), 0);
      expect(locked(limiter, 'another', address(21), 0)).toBe(true);
      expect(locked(limiter, 'another', '2001:db8:0:1::1', 0)).toBe(false);
    }
  });

  it('does not forget the failures of an address because one log-in from it succeeds', () => {
    const limiter = new LoginLimiter();
    for (let i = 0; i < 19; i++) limiter.failed(`user${i}`, '10.0.0.1', 0);
    limiter.failed('mallory', '10.0.0.1', 0);
    limiter.succeeded('mallory', '10.0.0.1');
    expect(locked(limiter, 'x', '10.0.0.1', 0)).toBe(false);
    limiter.failed('x', '10.0.0.1', 0);
    expect(locked(limiter, 'x', '10.0.0.1', 0)).toBe(true);
  });

  it('locks nobody for hours because the clock was set back', () => {
    const limiter = new LoginLimiter();
    const now = 10 * 3_600_000;
    for (let i = 0; i < 12; i++) limiter.failed('ann', '10.0.0.1', now);
    expect(locked(limiter, 'ann', '10.0.0.1', now)).toBe(true);
    expect(locked(limiter, 'ann', '10.0.0.1', now - 3 * 3_600_000)).toBe(false);
  });

  it('forgets after an hour, and never holds more than its bound', () => {
    const limiter = new LoginLimiter();
    for (let i = 0; i < 5; i++) limiter.failed('ann', '10.0.0.1', 0);
    limiter.failed('ann', '10.0.0.1', 3_600_001);
    expect(locked(limiter, 'ann', '10.0.0.1', 3_600_001)).toBe(false);
    for (let i = 0; i < 12_000; i++) limiter.failed(`u${i}`, `10.1.${i >> 8}.${i & 255}`, 0);
    expect(limiter.size).toBe(10_000);
  });
});
