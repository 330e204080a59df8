/** Most of a download: what is not written to a disk yet is in the page's memory. */
export const DOWNLOADED = 200_000;
export const DOWNLOADED_BYTES = 256 * 1024 * 1024;

/** Text is turned into bytes once there are so many characters of it, or lines. */
const PIECE = 1024 * 1024;
const PIECE_LINES = 1000;

const encoder = new TextEncoder();

type Bounds = Readonly<{ lines: number; bytes: number }>;
type Piece = Readonly<{ bytes: Uint8Array<ArrayBuffer>; lines: number }>;

/**
 * Lines of a log on their way into a file, within bounds of number and of bytes. No line is in it by half: where all of them
 * are more, those at its beginning are let go, or those at its end are not taken.
 */
export class LogFile {
  private readonly pieces: Piece[] = [];
  private pending: string[] = [];
  private pendingLength = 0;
  private bytes = 0;
  private lines = 0;
  private dropped = 0;
  private isFull = false;

  /** @param keeps which lines are kept where there are too many */
  constructor(
    private readonly keeps: 'newest' | 'oldest',
    private readonly bounds: Bounds = { lines: DOWNLOADED, bytes: DOWNLOADED_BYTES },
  ) {}

  /** False: nothing more fits, and nothing more is taken. */
  add(line: string): boolean {
    if (this.isFull) return false;
    this.pending.push(line);
    this.pendingLength += line.length;
    if (this.pendingLength >= PIECE || this.pending.length === PIECE_LINES) this.flush();
    return !this.isFull;
  }

  /** @param mark what stands where lines are left out: of how many, where that is known */
  end(mark: (left: number | undefined) => string): Readonly<{ parts: BlobPart[]; isCut: boolean }> {
    this.flush();
    const parts: BlobPart[] = this.pieces.map(({ bytes }) => bytes);
    if (this.dropped > 0) parts.unshift(mark(this.dropped));
    if (this.isFull) parts.push(mark(undefined));
    return { parts, isCut: this.dropped > 0 || this.isFull };
  }

  private flush(): void {
    const lines = this.pending;
    this.pending = [];
    this.pendingLength = 0;
    if (lines.length === 0) return;
    if (this.keeps === 'oldest') this.takeFitting(lines);
    else this.takeLast(lines);
  }

  private takeLast(lines: readonly string[]): void {
    this.push(lines);
    while (this.lines > this.bounds.lines || this.bytes > this.bounds.bytes) {
      const first = this.pieces.shift();
      if (first === undefined) return;
      this.lines -= first.lines;
      this.bytes -= first.bytes.length;
      this.dropped += first.lines;
    }
  }

  private takeFitting(lines: readonly string[]): void {
    let count = 0;
    let { bytes } = this;
    for (const line of lines) {
      bytes += encoder.encode(line).length;
      if (this.lines + count === this.bounds.lines || bytes > this.bounds.bytes) {
        this.isFull = true;
        break;
      }
      count++;
    }
    if (count > 0) this.push(lines.slice(0, count));
  }

  private push(lines: readonly string[]): void {
    const bytes = encoder.encode(lines.join(''));
    this.pieces.push({ bytes, lines: lines.length });
    this.bytes += bytes.length;
    this.lines += lines.length;
  }
}
