import { constants, type Http2Stream } from 'node:http2';
import { Duplex } from 'node:stream';

type LinkStreamOptions = Readonly<{
  /** False where nothing is to be sent (any more). */
  writable: boolean;
  /** Ends the HTTP/2 stream before its time: with `breakOff`, or by asking the other end for it. */
  reset(stream: Http2Stream): void;
  /** The error that readers and writers get where the stream was cut off; `code` is the other end's. */
  lost(code: number): Error;
}>;

/** Data that is read ahead or queued for writing, bytes, besides what is in the HTTP/2 window. */
const HIGH_WATER = 128 * 1024;

/**
 * Ends a stream so that the other end sees it broken off. Node's `close()` would end the writable side first, and a
 * half answer, or a half upload, would look like a whole one.
 */
export function breakOff(stream: Http2Stream): void {
  stream.destroy(new Error('broken off'));
}

/**
 * An HTTP/2 stream as a plain Duplex. Node's own has habits of its own: it ends silently where it was cancelled, it
 * throws where nobody listens, and destroying it says "no error" to the other end. Here a stream that was cut off fails
 * with an error, and destroying means cancelling.
 *
 * The one exception: where the other end has sent all that it had to say and wants no more of ours (RST_STREAM with
 * NO_ERROR, RFC 9113, 8.1), what is written goes nowhere, and what it said can still be read.
 */
export class LinkStream extends Duplex {
  private reading = false;
  private ended = false;
  private gone = false;
  private pending: ((error?: Error | null) => void) | undefined;

  constructor(
    private readonly h2: Http2Stream,
    private readonly options: LinkStreamOptions,
  ) {
    const settings = {
      allowHalfOpen: true,
      // Known to Node, not to its types (nodejs.org/api/stream.html, new stream.Duplex).
      writable: options.writable,
      readableHighWaterMark: HIGH_WATER,
      writableHighWaterMark: HIGH_WATER,
    };
    super(settings);
    // Its message is no better than the code, which `close` has.
    h2.on('error', () => undefined);
    h2.once('end', () => {
      // Node ends a stream that it destroys, too: that is no word of the other end.
      if (h2.destroyed) return;
      this.ended = true;
      this.push(null);
    });
    h2.once('close', () => this.onGone());
  }

  /** All that the other end had to say has been taken in. */
  get received(): boolean {
    return this.ended;
  }

  override _read(): void {
    if (this.reading) {
      this.h2.resume();
      return;
    }
    this.reading = true;
    this.h2.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.h2.pause();
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.gone || this.h2.destroyed || this.h2.writableEnded) {
      callback();
      return;
    }
    this.settle(callback, (done) => this.h2.write(chunk, done));
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.gone || this.h2.destroyed || this.h2.writableEnded) {
      callback();
      return;
    }
    this.settle(callback, (done) => this.h2.end(done));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.gone && !(this.ended && this.h2.writableFinished)) {
      this.options.reset(this.h2);
    }
    this.settlePending();
    callback(error);
  }

  /** Remembers the callback of a write: where the stream goes away first, Node may never call it. */
  private settle(
    callback: (error?: Error | null) => void,
    act: (done: (error?: Error | null) => void) => void,
  ): void {
    this.pending = callback;
    // An error of the write is followed by `close`, which knows whether it matters.
    act((error) => {
      if (error === undefined || error === null || this.gone) this.settlePending();
    });
  }

  private settlePending(): void {
    const callback = this.pending;
    this.pending = undefined;
    callback?.();
  }

  private onGone(): void {
    this.gone = true;
    const code = this.h2.rstCode ?? constants.NGHTTP2_CANCEL;
    if (this.ended && code === constants.NGHTTP2_NO_ERROR) {
      this.settlePending();
      return;
    }
    if (!this.destroyed && !(this.ended && (this.writableFinished || !this.options.writable))) {
      this.destroy(this.options.lost(code));
      return;
    }
    this.settlePending();
  }
}
