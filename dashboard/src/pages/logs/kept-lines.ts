import { type LogLine, weightOf } from './log-line.ts';

/** Lines that are kept in the page, and bytes of them. */
export const KEPT = 5000;
export const KEPT_BYTES = 32 * 1024 * 1024;
/** Lines are let go together, so that this is seldom done. */
const SPARE = 1.2;

/** The newest lines of a log, within bounds of number and of memory. */
export class KeptLines {
  private lines: LogLine[] = [];
  private bytes = 0;
  private by: 'lines' | 'bytes' | undefined;

  /** Which bound has let older ones go, the last time. */
  get cutBy(): 'lines' | 'bytes' | undefined {
    return this.by;
  }

  last(): LogLine | undefined {
    return this.lines.at(-1);
  }

  all(): readonly LogLine[] {
    return [...this.lines];
  }

  add(line: LogLine): void {
    this.lines.push(line);
    this.bytes += weightOf(line);
    if (this.bytes > KEPT_BYTES) this.by = 'bytes';
    else if (this.lines.length > KEPT * SPARE) this.by = 'lines';
    else return;
    this.letGo();
  }

  private letGo(): void {
    let from = this.lines.length;
    let bytes = 0;
    while (from > 0 && this.lines.length - from < KEPT) {
      const line = this.lines[from - 1];
      const weight = line === undefined ? 0 : weightOf(line);
      if (bytes + weight > KEPT_BYTES / SPARE) break;
      bytes += weight;
      from--;
    }
    this.lines = this.lines.slice(from);
    this.bytes = bytes;
  }
}
