/** At most one question in this time, milliseconds. */
const EVERY_MS = 700;
/** Between two questions are so many times as long as the first one took: many open pages are no load on a manager. */
const REST = 4;

type AgainOptions = Readonly<{
  /** What was asked for may be another by now. */
  isOld(): boolean;
  /** Until it is answered. */
  ask(): Promise<void>;
}>;

/** Asks again what may have become another, one question at a time, and not without end where changes are. */
export class Again {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isOver = false;

  constructor(private readonly options: AgainOptions) {}

  /** Something has changed. */
  look(): void {
    if (this.timer !== undefined || this.isOver || !this.options.isOld()) return;
    this.timer = setTimeout(() => void this.ask(), EVERY_MS);
  }

  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    const began = Date.now();
    await this.options.ask();
    if (this.isOver) return;
    const rest = Math.max(EVERY_MS, REST * (Date.now() - began));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, rest);
  }
}
