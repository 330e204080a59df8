import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import type { LineSource } from './handler.ts';

/** How often it is asked whether the reader may still read, milliseconds. */
const CHECK_MS = 15_000;

type SendOptions = Readonly<{
  schema: z.ZodType;
  headers: Readonly<Record<string, string>>;
  /** False ends the answer: its token was removed, or has ended. */
  stillAllowed(): boolean;
  /** The source failed after the head was out: the connection is cut, so that no half answer is taken for a whole one. */
  onBroken(reason: string): void;
}>;

/** Answers with a JSON value on each line; a slow reader slows the source. */
export async function sendLines(
  res: ServerResponse,
  source: LineSource<unknown>,
  { schema, headers, stillAllowed, onBroken }: SendOptions,
): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort(new Error('the client has gone away')));
  const timer = setInterval(() => {
    if (!stillAllowed()) res.destroy();
  }, CHECK_MS);
  try {
    res.writeHead(200, { ...headers, 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' });
    res.flushHeaders();
    for await (const value of source(gone.signal)) {
      if (gone.signal.aborted) return;
      if (!res.write(`${JSON.stringify(schema.parse(value))}\n`)) await drained(res, gone.signal);
    }
    res.end();
  } catch (thrown) {
    if (!gone.signal.aborted) onBroken(messageOf(thrown));
    res.destroy();
  } finally {
    clearInterval(timer);
  }
}

function drained(res: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    res.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
