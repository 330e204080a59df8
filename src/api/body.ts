import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { BerthError } from '../kit/errors.ts';

/** A body that has not come in whole by then is given up (milliseconds), however it comes: a byte now and then too. */
const BODY_MS = 60_000;
/** For the answer to go out (milliseconds). */
const FAREWELL_MS = 1_000;

const EMPTY = Buffer.alloc(0);

/** False where the request's head says that nothing comes behind it. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/**
 * Bytes that come in parts, in one piece that grows. Parts that are kept one by one cost some hundred bytes each, and
 * whoever sends a megabyte in chunks of one byte would take hundreds of them.
 */
export class Gathered {
  private room = EMPTY;
  private used = 0;

  get length(): number {
    return this.used;
  }

  add(part: Buffer): void {
    const needed = this.used + part.length;
    if (needed > this.room.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.room.length * 2, 1024));
      this.room.copy(larger, 0, 0, this.used);
      this.room = larger;
    }
    part.copy(this.room, this.used);
    this.used = needed;
  }

  /** All of it, as it is now: good until the next part. */
  get bytes(): Buffer {
    return this.room.subarray(0, this.used);
  }
}

/**
 * The whole of a request's body.
 * @param tooLarge thrown where it is over `max` bytes
 * @throws BerthError `bad_request` where it is not whole after a minute, or breaks off
 */
export function readWhole(body: Readable, max: number, tooLarge: () => BerthError): Promise<Buffer> {
  const gathered = new Gathered();
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      const came = `${gathered.length} bytes of the body came within ${BODY_MS / 1000} s`;
      fail(new BerthError('bad_request', `${came}, and not its end`));
      // The rest of it would keep the connection for as long as it comes.
      setTimeout(() => body.destroy(), FAREWELL_MS);
    }, BODY_MS);
    function onData(part: Buffer) {
      gathered.add(part);
      if (gathered.length > max) fail(tooLarge());
    }
    function onEnd() {
      done();
      resolve(gathered.bytes);
    }
    function onClose() {
      fail(new BerthError('bad_request', 'the connection was closed before the whole body had come'));
    }
    function fail(error: BerthError) {
      done();
      reject(error);
    }
    function done() {
      clearTimeout(late);
      body.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    }
    body.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
