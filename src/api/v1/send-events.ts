import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventSource } from './handler.ts';

/** A comment this often keeps NATs and proxies from forgetting the connection. */
const WARM_MS = 15_000;
/** A reader that is this far behind is cut off: it resumes from where it was, or is told to read everything again. */
const MAX_BEHIND = 4 * 1024 * 1024;

/**
 * Answers with server-sent events (WHATWG HTML, 9.2) until the client goes away.
 * @param stillAllowed asked every 15 seconds; false ends the stream (its token was removed, or has ended)
 */
export function sendEvents(
  req: IncomingMessage,
  res: ServerResponse,
  source: EventSource,
  headers: Readonly<Record<string, string>>,
  stillAllowed: () => boolean,
): void {
  res.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  const given = req.headers['last-event-id'];
  const last = typeof given === 'string' ? given : undefined;
  // An ID without data is no event: it tells a new reader from where to resume before the first event has come.
  res.write(last === undefined ? `id: ${source.position()}\n\n` : ': resumed\n\n');
  const unsubscribe = source.subscribe(last, (id, data) => {
    res.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
    if (res.writableLength > MAX_BEHIND) res.destroy();
  });
  const timer = setInterval(() => {
    if (stillAllowed()) res.write(': \n\n');
    else res.end();
  }, WARM_MS);
  res.once('close', () => {
    clearInterval(timer);
    unsubscribe();
  });
}
