import type { Duplex } from 'node:stream';
import type { ZodType } from 'zod';
import { MAX_FRAME } from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { say } from '../../model/said/index.ts';

/** Frames that wait for the other end, bytes, before the session is given up. */
export const MAX_BACKLOG = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

type FrameChannelOptions = Readonly<{ maxFrame?: number; maxBacklog?: number }>;

/**
 * Lines of JSON both ways over one stream. What comes in is validated; whatever is malformed or too long ends the
 * channel, with a reason that names it.
 */
export class FrameChannel<Out, In> {
  private readonly closeListeners: ((reason: string) => void)[] = [];
  private readonly maxFrame: number;
  private readonly maxBacklog: number;
  private parts: Buffer[] = [];
  private partsLength = 0;
  private queued = 0;
  private closedFor: string | undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly schema: ZodType<In>,
    options: FrameChannelOptions = {},
  ) {
    this.maxFrame = options.maxFrame ?? MAX_FRAME;
    this.maxBacklog = options.maxBacklog ?? MAX_BACKLOG;
    stream.on('error', (error) => this.close(messageOf(error)));
    stream.on('end', () => this.close(say('hosts.closed.other')));
    stream.on('close', () => this.close(say('hosts.closed.session')));
  }

  get backlog(): number {
    return this.queued;
  }

  get closed(): boolean {
    return this.closedFor !== undefined;
  }

  /** @param frame not changed afterwards */
  send(frame: Out): void {
    if (this.closedFor !== undefined) return;
    const line = lineOf(frame);
    if (line.length > this.maxFrame) {
      throw new BerthError(
        'too_large',
        `a frame of ${line.length} bytes is over the ${this.maxFrame} that a session takes`,
      );
    }
    this.queued += line.length;
    if (this.queued > this.maxBacklog) {
      this.close(say('hosts.closed.backlog', { n: this.queued }));
      return;
    }
    this.stream.write(line, () => {
      this.queued -= line.length;
    });
  }

  onFrame(listener: (frame: In) => void): void {
    this.stream.on('data', (chunk: Buffer) => this.take(chunk, listener));
  }

  onClose(listener: (reason: string) => void): void {
    const reason = this.closedFor;
    if (reason === undefined) this.closeListeners.push(listener);
    else queueMicrotask(() => listener(reason));
  }

  /** The first reason counts. */
  close(reason: string): void {
    if (this.closedFor !== undefined) return;
    this.closedFor = reason;
    this.parts = [];
    this.stream.destroy();
    for (const listener of this.closeListeners.splice(0)) listener(reason);
  }

  private take(chunk: Buffer, listener: (frame: In) => void): void {
    let rest = chunk;
    while (this.closedFor === undefined && rest.length > 0) {
      const end = rest.indexOf(NEWLINE);
      const part = end === -1 ? rest : rest.subarray(0, end);
      if (this.partsLength + part.length > this.maxFrame) {
        this.close(`a frame is longer than ${this.maxFrame} bytes`);
        return;
      }
      if (end === -1) {
        this.parts.push(part);
        this.partsLength += part.length;
        return;
      }
      rest = rest.subarray(end + 1);
      const line = this.lineWith(part);
      const frame = this.parse(line);
      if (frame !== undefined) this.hand(frame, listener);
    }
  }

  /** What came before and `part`, the end of a line; mostly a line comes whole. */
  private lineWith(part: Buffer): string {
    if (this.partsLength === 0) return part.toString('utf8');
    const line = Buffer.concat([...this.parts, part]).toString('utf8');
    this.parts = [];
    this.partsLength = 0;
    return line;
  }

  /** What goes wrong with one host's frame must not reach the others: it ends this session only. */
  private hand(frame: In, listener: (frame: In) => void): void {
    try {
      listener(frame);
    } catch (thrown) {
      this.close(`a frame of kind ${kindOf(frame)} could not be taken in: ${messageOf(thrown)}`);
    }
  }

  private parse(line: string): In | undefined {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      this.close(`a frame is not JSON: ${JSON.stringify(line.slice(0, 80))}`);
      return undefined;
    }
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    this.close(
      `a frame of kind ${kindOf(value)} is malformed at "${issue?.path.join('.')}": ${issue?.message}`,
    );
    return undefined;
  }
}

/** What was written last: a frame that goes to a thousand hosts is made into a line once. */
let last: Readonly<{ frame: unknown; line: Buffer }> | undefined;

function lineOf(frame: unknown): Buffer {
  if (last === undefined || last.frame !== frame)
    last = { frame, line: Buffer.from(`${JSON.stringify(frame)}\n`) };
  return last.line;
}

function kindOf(frame: unknown): string {
  return JSON.stringify((frame as { t?: unknown } | null)?.t)?.slice(0, 40) ?? 'unknown';
}
