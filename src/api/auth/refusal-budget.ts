const WINDOW_MS = 10 * 60_000;
/** Audit entries of refused requests per window: of all strangers together, and of each user. */
const STRANGERS = 100;
const PER_USER = 1000;
const MAX_USERS = 10_000;

type Window = Readonly<{ from: number; taken: number }>;

/** Bounds how many refusals are written into the audit log, which has room for so many entries only. */
export class RefusalBudget {
  private readonly windows = new Map<string, Window>();

  /** True where one more may be written. @param user empty for strangers */
  take(user: string, now: number): boolean {
    const found = this.windows.get(user);
    const over = found === undefined || found.from + WINDOW_MS <= now || found.from > now;
    const window = over ? { from: now, taken: 0 } : found;
    if (window.taken >= (user === '' ? STRANGERS : PER_USER)) return false;
    this.windows.set(user, { from: window.from, taken: window.taken + 1 });
    if (this.windows.size > MAX_USERS) {
      for (const [key, { from }] of this.windows) if (from + WINDOW_MS <= now) this.windows.delete(key);
    }
    return true;
  }
}
