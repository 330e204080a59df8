import type { Readable } from 'node:stream';

export type LoggedLine = Readonly<{
  stream: 'stdout' | 'stderr';
  /** RFC 3339, nanoseconds; as long as all others, so that they sort as text. */
  at: string;
  /** As the container wrote it, without its end. */
  bytes: Buffer;
}>;

/** Length of the head of a frame: stream, three zeroes, four bytes of length (moby: pkg/stdcopy). */
const HEAD = 8;
/** A line without an end is cut here, bytes. */
const LONGEST = 1024 * 1024;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

/**
 * Lines of an engine's log that was asked for with `timestamps=1`.
 * @param raw of a container with a terminal: without frames
 */
export async function* linesOf(body: Readable, raw: boolean): AsyncGenerator<LoggedLine> {
  const joiner = new LineJoiner();
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of body as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    for (;;) {
      const [end, message, stream] = raw ? lineIn(rest) : frameIn(rest);
      if (message === undefined) break;
      rest = rest.subarray(end);
      yield* joiner.add(stream, message);
    }
  }
  if (raw && rest.length > 0) yield* joiner.add('stdout', rest);
  yield* joiner.end();
}

type Found = readonly [end: number, message: Buffer | undefined, stream: LoggedLine['stream']];

function lineIn(bytes: Buffer): Found {
  const end = bytes.indexOf(LINE_FEED) + 1;
  return [end, end === 0 ? undefined : bytes.subarray(0, end), 'stdout'];
}

function frameIn(bytes: Buffer): Found {
  if (bytes.length < HEAD) return [0, undefined, 'stdout'];
  const end = HEAD + bytes.readUInt32BE(4);
  const stream = bytes[0] === 2 ? 'stderr' : 'stdout';
  return [end, bytes.length < end ? undefined : bytes.subarray(HEAD, end), stream];
}

/** A frame as an engine writes it. */
export function frameOf(stream: LoggedLine['stream'], message: Buffer): Buffer {
  const frame = Buffer.alloc(HEAD + message.length);
  frame[0] = stream === 'stderr' ? 2 : 1;
  frame.writeUInt32BE(message.length, 4);
  message.copy(frame, HEAD);
  return frame;
}

/** Long lines come in several messages, each with a time of its own: only the last one ends in a line feed. */
class LineJoiner {
  private readonly open = new Map<LoggedLine['stream'], LoggedLine>();

  *add(stream: LoggedLine['stream'], message: Buffer): Generator<LoggedLine> {
    const cut = message.indexOf(SPACE);
    const before = this.open.get(stream);
    const ended = message.at(-1) === LINE_FEED;
    const own = withoutEnd(message.subarray(cut + 1));
    const line = {
      stream,
      at: before?.at ?? message.toString('latin1', 0, Math.max(0, cut)),
      bytes: before === undefined ? own : Buffer.concat([before.bytes, own]),
    };
    if (ended || line.bytes.length > LONGEST) {
      this.open.delete(stream);
      yield line;
    } else this.open.set(stream, line);
  }

  *end(): Generator<LoggedLine> {
    yield* this.open.values();
    this.open.clear();
  }
}

/** Terminals end lines with a return before the line feed. */
function withoutEnd(message: Buffer): Buffer {
  let end = message.length;
  if (message[end - 1] === LINE_FEED) end -= 1;
  if (message[end - 1] === RETURN) end -= 1;
  return message.subarray(0, end);
}
