/**
 * How far a log was read: by the time of its last line, and how many lines had the same one. Clocks of some engines tell
 * microseconds, in which a container may write several lines; and they are set back at times, so that no line is passed over
 * for being older than the one before.
 */
export class LogPlace {
  /** RFC 3339 with nanoseconds; empty before the first line. */
  at = '';
  /** Lines that were told at that time. */
  private count = 0;
  private from = '';
  private repeated = 0;

  /** An answer begins with what was written at `at`, or later. */
  resume(): void {
    this.from = this.at;
    this.repeated = this.count;
  }

  /** False: the line was told before. */
  take(at: string): boolean {
    if (this.repeated > 0 && at <= this.from) {
      if (at === this.from) this.repeated--;
      return false;
    }
    this.repeated = 0;
    this.count = at === this.at ? this.count + 1 : 1;
    this.at = at;
    return true;
  }
}
