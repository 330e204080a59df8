import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { BerthError } from '../../../kit/errors.ts';

/** A line of progress as engines send it (moby: pkg/jsonmessage). */
export type ProgressLine = Readonly<{
  id?: unknown;
  status?: unknown;
  stream?: unknown;
  error?: unknown;
  errorDetail?: unknown;
  [more: string]: unknown;
}>;

/** Longest line, characters. */
const MAX_LINE = 4 * 1024 * 1024;

/**
 * Reads a stream of JSON lines as it comes; what is no JSON object is given as `{stream: text}`.
 * @throws the stream's error where it breaks off
 */
export async function* progressLines(body: Readable): AsyncGenerator<ProgressLine> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const part of body) {
    rest += typeof part === 'string' ? part : decoder.write(part as Buffer);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* lineOf(line);
    if (rest.length > MAX_LINE)
      throw new BerthError('engine', 'the engine sent a line that has no end', { status: 502 });
  }
  yield* lineOf(rest);
}

function* lineOf(text: string): Generator<ProgressLine> {
  if (text.trim() === '') return;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      yield value as ProgressLine;
      return;
    }
  } catch {
    // Shown as it is.
  }
  yield { stream: `${text}\n` };
}

/** The message of a line that says that something went wrong. */
export function errorIn(line: ProgressLine): string | undefined {
  const { errorDetail, error } = line;
  if (typeof errorDetail === 'object' && errorDetail !== null && 'message' in errorDetail) {
    return String(errorDetail.message);
  }
  return error === undefined ? undefined : String(error);
}

/** Writes JSON lines to a client, at the client's pace. */
export class ProgressWriter {
  private begun = false;

  constructor(private readonly res: ServerResponse) {}

  get hasBegun(): boolean {
    return this.begun;
  }

  /** Sends the head: from here on an error can only be told as a line. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.res.writeHead(200, { 'content-type': 'application/json' });
    this.res.flushHeaders();
  }

  /** Resolves when the client can take more; at once where it has left. */
  async write(line: ProgressLine): Promise<void> {
    this.begin();
    const { res } = this;
    if (res.destroyed || res.write(`${JSON.stringify(line)}\r\n`)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        res.off('drain', done).off('close', done);
        resolve();
      };
      res.on('drain', done).on('close', done);
    });
  }

  /** Tells of an error as engines do in the middle of a stream. */
  async fail(message: string): Promise<void> {
    await this.write({ errorDetail: { message }, error: message });
  }
}
