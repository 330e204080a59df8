import type { IncomingMessage } from 'node:http';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { BerthError } from '../kit/errors.ts';

/** A body that has not come in whole by then is given up (milliseconds), however it comes: a byte now and then too. */
const BODY_MS = 60_000;
/** For the answer to go out (milliseconds). */
const FAREWELL_MS = 1_000;
/** Of a body that is read as it comes: nothing has moved for so long (milliseconds). */
const IDLE_MS = 60_000;

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

const limits = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Cuts a request off whose body is not whole a little after `readWhole` would have said so, whether anybody reads it or not.
 * Bodies that are read by `FlowingBody` have another limit.
 */
export function limitBody(req: IncomingMessage): void {
  if (!hasBody(req)) return;
  const timer = setTimeout(() => req.complete || req.destroy(), BODY_MS + 2 * FAREWELL_MS).unref();
  limits.set(req, timer);
  req.once('close', () => clearTimeout(timer));
}

/**
 * A request's body, of any length, as it comes: given up where nothing moves for a minute. Whoever it is piped to may be
 * destroyed: the request is left as it is, so that it can still be answered.
 */
export class FlowingBody extends Transform {
  /** Why it was given up, by whose fault it may be; undefined where somebody else has ended it. */
  failure: BerthError | undefined;
  private count = 0;
  private readonly idle: NodeJS.Timeout;

  constructor(private readonly req: IncomingMessage) {
    super();
    clearTimeout(limits.get(req));
    // It has its own word for what is lost: `close` comes after it.
    this.on('error', () => undefined);
    this.idle = setTimeout(() => this.giveUp(this.late()), IDLE_MS).unref();
    req.once('close', this.onClose);
    req.pipe(this);
    if (req.destroyed) this.onClose();
  }

  /** Bytes that have come and were taken. */
  get size(): number {
    return this.count;
  }

  override _transform(part: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.count += part.length;
    this.idle.refresh();
    done(null, part);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.idle);
    this.req.unpipe(this);
    this.req.off('close', this.onClose);
    done(error);
  }

  private readonly onClose = () => {
    if (!this.req.complete) this.giveUp(cutOff());
  };

  private giveUp(failure: BerthError): void {
    this.failure = failure;
    this.destroy(failure);
  }

  private late(): BerthError {
    const seconds = IDLE_MS / 1000;
    // What has come and is not taken is not the sender's fault.
    return this.readableLength > 0 || this.req.complete
      ? new BerthError('timeout', `the host took nothing for ${seconds} s: what is mounted there may hang`)
      : new BerthError('bad_request', `nothing more came for ${seconds} s, after ${this.count} bytes`);
  }
}

function cutOff(): BerthError {
  return new BerthError('bad_request', 'the connection was closed before the whole body had come');
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
      fail(cutOff());
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
