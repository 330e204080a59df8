import type { Readable } from 'node:stream';
import { BerthError } from '../kit/errors.ts';

/** One line of a stream of JSON, beside its own text. */
export type JsonLine = Readonly<{ value: unknown; text: string }>;

/**
 * Reads JSON lines as they come. The stream is destroyed when the reader stops early.
 * @throws BerthError `engine` (status 502) for a line that is not JSON or longer than `maxLine` bytes
 */
export async function* jsonLines(body: Readable, maxLine = 1024 * 1024): AsyncGenerator<JsonLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    // What was there before has no line end: searching begins at the new bytes.
    let end = data.indexOf(10, rest.length);
    while (end !== -1) {
      yield* parsed(data.toString('utf8', from, end));
      from = end + 1;
      end = data.indexOf(10, from);
    }
    rest = data.subarray(from);
    if (rest.length > maxLine) {
      throw new BerthError('engine', `the Docker Engine sent a line of over ${maxLine} bytes`, {
        status: 502,
      });
    }
  }
  yield* parsed(rest.toString('utf8'));
}

function* parsed(line: string): Generator<JsonLine> {
  const text = line.trim();
  if (text === '') return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BerthError('engine', `the Docker Engine sent what is not JSON: "${text.slice(0, 80)}"`, {
      status: 502,
      cause,
    });
  }
  yield { value, text };
}
