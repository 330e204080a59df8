import type { Readable } from 'node:stream';

export type LoggedLine = Readonly<{
  stream: 'stdout' | 'stderr';
  /** RFC 3339, nanoseconds; as long as all others, so that they sort as text. */
  at: string;
  text: string;
}>;

/** Length of the head of a frame: stream, three zeroes, four bytes of length (moby: pkg/stdcopy). */
const HEAD = 8;
/** A line without an end is cut here, characters. */
const LONGEST = 1024 * 1024;

/**
 * Lines of an engine's log that was asked for with `timestamps=1`.
 * @param raw of a container with a terminal: without frames
 */
export async function* linesOf(body: Readable, raw: boolean): AsyncGenerator<LoggedLine> {
  const joiner = new LineJoiner();
  const decoder = new TextDecoder();
  let rest: Buffer = Buffer.alloc(0);
  let text = '';
  for await (const part of body as AsyncIterable<Buffer>) {
    if (raw) {
      const whole = (text + decoder.decode(part, { stream: true })).split(/(?<=\n)/);
      text = whole.at(-1)?.endsWith('\n') ? '' : (whole.pop() ?? '');
      for (const one of whole) yield* joiner.add('stdout', one);
      continue;
    }
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    while (rest.length >= HEAD) {
      const end = HEAD + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield* joiner.add(rest[0] === 2 ? 'stderr' : 'stdout', rest.toString('utf8', HEAD, end));
      rest = rest.subarray(end);
    }
  }
  if (text !== '') yield* joiner.add('stdout', text);
  yield* joiner.end();
}

/** Long lines come in several messages, each with a time of its own: only the last one ends in a line feed. */
class LineJoiner {
  private readonly open = new Map<LoggedLine['stream'], LoggedLine>();

  *add(stream: LoggedLine['stream'], message: string): Generator<LoggedLine> {
    const cut = message.indexOf(' ');
    const before = this.open.get(stream);
    const ended = message.endsWith('\n');
    const own = message.slice(cut + 1, ended ? -1 : undefined).replace(/\r$/, '');
    const line = {
      stream,
      at: before?.at ?? message.slice(0, Math.max(0, cut)),
      text: (before?.text ?? '') + own,
    };
    if (ended || line.text.length > LONGEST) {
      this.open.delete(stream);
      yield line;
    } else this.open.set(stream, line);
  }

  *end(): Generator<LoggedLine> {
    yield* this.open.values();
    this.open.clear();
  }
}
