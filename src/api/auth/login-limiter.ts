import { BerthError } from '../../kit/errors.ts';
import { networkOf } from './source-network.ts';

/** Wrong passwords that are free; from then on each doubles the time until the next may be tried. */
const FREE_PER_USER = 5;
const FREE_PER_ADDRESS = 20;
const FIRST_LOCK_MS = 15_000;
const MAX_LOCK_MS = 15 * 60_000;
/** Failures older than this are forgotten. */
const FORGET_MS = 60 * 60_000;
/** Entries that are kept; the least recently used go first. */
const MAX_ENTRIES = 10_000;

const OF_USER = 'user ';

/** `from`: an address, or its network. */
export type LoginLock = Readonly<{ from: string; until: number }>;

type Key = [key: string, free: number];
type Failures = Readonly<{ count: number; lockedUntil: number; lastAt: number }>;

/**
 * Slows down the guessing of passwords, per address and per user from one address: a stranger can lock nobody else out.
 * Memory only, and bounded.
 */
export class LoginLimiter {
  private readonly failures = new Map<string, Failures>();

  /** @throws BerthError `too_many_requests` while the user or the address is locked. */
  check(user: string, address: string, now: number): void {
    for (const [key] of keysOf(user, address)) {
      const until = this.failures.get(key)?.lockedUntil ?? 0;
      // No lock is that long: the clock was set back.
      if (until <= now || until - now > MAX_LOCK_MS) continue;
      const seconds = Math.ceil((until - now) / 1000);
      throw new BerthError('too_many_requests', 'too many wrong passwords from this address', {
        hint: `try again in ${seconds} s`,
      });
    }
  }

  /**
   * Counts an attempt as failed before its password is checked, so that many at the same time are not all free;
   * `succeeded` takes it back.
   */
  failed(user: string, address: string, now: number): void {
    for (const [key, free] of keysOf(user, address)) {
      const before = this.failures.get(key);
      const count = (before === undefined || before.lastAt + FORGET_MS < now ? 0 : before.count) + 1;
      const lock = count < free ? 0 : Math.min(MAX_LOCK_MS, FIRST_LOCK_MS * 2 ** Math.min(count - free, 20));
      // Set anew at the end of the map: its order is that of use.
      this.failures.delete(key);
      this.failures.set(key, { count, lastAt: now, lockedUntil: now + lock });
    }
    for (const oldest of this.failures.keys()) {
      if (this.failures.size <= MAX_ENTRIES) break;
      this.failures.delete(oldest);
    }
  }

  /** Takes the attempt back; other users' failures from the same address go on to count. */
  succeeded(user: string, address: string): void {
    const [[own], [shared]] = keysOf(user, address);
    this.failures.delete(own);
    const before = this.failures.get(shared);
    if (before === undefined) return;
    if (before.count <= 1) this.failures.delete(shared);
    else this.failures.set(shared, { ...before, count: before.count - 1, lockedUntil: 0 });
  }

  /** From where which users cannot log in now. */
  locks(now: number): ReadonlyMap<string, readonly LoginLock[]> {
    const found = new Map<string, LoginLock[]>();
    for (const [key, { lockedUntil }] of this.failures) {
      if (!key.startsWith(OF_USER) || lockedUntil <= now || lockedUntil - now > MAX_LOCK_MS) continue;
      const space = key.lastIndexOf(' ');
      const user = key.slice(OF_USER.length, space);
      const locks = found.get(user) ?? [];
      found.set(user, locks);
      locks.push({ from: key.slice(space + 1), until: lockedUntil });
    }
    return found;
  }

  /** Forgets the user's failures, from wherever; those of addresses go on to count. */
  unlock(user: string): void {
    for (const key of [...this.failures.keys()])
      if (key.startsWith(OF_USER) && key.slice(OF_USER.length, key.lastIndexOf(' ')) === user)
        this.failures.delete(key);
  }

  get size(): number {
    return this.failures.size;
  }
}

function keysOf(user: string, address: string): [Key, Key] {
  const from = networkOf(address);
  return [
    [`${OF_USER}${user} ${from}`, FREE_PER_USER],
    [`address ${from}`, FREE_PER_ADDRESS],
  ];
}
