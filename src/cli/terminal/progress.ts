import type { Writable } from 'node:stream';
import type { Style } from './style.ts';
import { clean, truncate } from './text.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const FRAME_MS = 100;
const CLEAR_LINE = '\r\x1b[K';

type ProgressOptions = Readonly<{
  stderr: Writable;
  isTTY: boolean;
  width: number;
  style: Style;
  /** Nothing is shown for what ends within this time (milliseconds). */
  delayMs: number;
}>;

/** What is going on, on standard error: a spinner with text on a terminal, plain lines otherwise. */
export class Progress {
  readonly #options: ProgressOptions;
  #text = '';
  #frame = 0;
  #spinner: NodeJS.Timeout | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Shows `text` while `act` runs, if that takes long. */
  async during<T>(text: string, act: () => Promise<T>): Promise<T> {
    // Within a step that is already shown, the step's own words stay.
    if (this.#text !== '') return act();
    const timer = setTimeout(() => this.step(text), this.#options.delayMs);
    try {
      return await act();
    } finally {
      clearTimeout(timer);
      this.end();
    }
  }

  /** Shows `text` from now on. The step before it is done: on a terminal its line stays, marked so. */
  step(text: string): void {
    const { stderr, isTTY } = this.#options;
    const next = clean(text);
    if (!isTTY) {
      stderr.write(`${next}\n`);
      this.#text = next;
      return;
    }
    if (this.#text !== '') this.#finishLine();
    this.#text = next;
    this.#draw();
    this.#spinner ??= setInterval(() => this.#draw(), FRAME_MS);
    // A spinner alone must not keep the program alive.
    this.#spinner.unref();
  }

  /** Ends the last step; `done` keeps its line on a terminal. */
  end(done = false): void {
    clearInterval(this.#spinner);
    this.#spinner = undefined;
    if (this.#text === '') return;
    if (this.#options.isTTY) {
      if (done) this.#finishLine();
      else this.#options.stderr.write(CLEAR_LINE);
    }
    this.#text = '';
  }

  #finishLine(): void {
    const { stderr, style, width } = this.#options;
    stderr.write(`${CLEAR_LINE}${style('green', '✓')} ${truncate(this.#text, width - 3)}\n`);
  }

  #draw(): void {
    const { stderr, style, width } = this.#options;
    const frame = FRAMES[this.#frame++ % FRAMES.length] ?? '';
    // One column stays free: a full line would wrap on some terminals, and could then not be cleared.
    stderr.write(`${CLEAR_LINE}${style('cyan', frame)} ${truncate(this.#text, width - 3)}`);
  }
}
