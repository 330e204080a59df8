import type { ServerResponse } from 'node:http';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { statusOf } from '../status.ts';

/**
 * Answers with what was thrown, as Docker does: `{"message": …}`. A stranger to the error table is logged, and not
 * shown. Where the head has gone out already the connection is cut, which tells the client that the answer is not whole.
 */
export function answerError(res: ServerResponse, thrown: unknown, logger: Logger): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const status = statusOf(thrown);
  const bytes = Buffer.from(`${JSON.stringify({ message: textOf(thrown, logger) })}\n`);
  for (const name of res.getHeaderNames()) if (name === 'content-length') res.removeHeader(name);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  res.end(bytes);
}

/** What the client is told, on one line. */
export function textOf(thrown: unknown, logger: Logger): string {
  if (thrown instanceof BerthError) {
    const message = messageOf(thrown);
    return thrown.hint === undefined ? message : `${message}: ${thrown.hint}`;
  }
  logger.error({ err: thrown }, 'unexpected error in the Docker endpoint');
  return 'internal error: see the manager log';
}
