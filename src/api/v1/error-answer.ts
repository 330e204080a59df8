import type { ErrorBody } from '../../contract/v1/error.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import type { Logger } from '../../kit/logger.ts';
import { statusOf } from '../status.ts';

/** What the framework refuses before a handler runs (fastify's `lib/errors.js`), in Berth's table. */
const FRAMEWORK: Readonly<Record<string, (message: string) => BerthError>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new BerthError('bad_request', 'the body is not declared as JSON', {
      hint: 'send it with "content-type: application/json"',
    }),
  FST_ERR_BAD_URL: () => new BerthError('bad_request', 'the path is not valid percent-encoding'),
};

/** Largest body where its route says nothing else, bytes. */
export const MAX_BODY = 1024 * 1024;

export function tooLarge(limit: number): BerthError {
  return new BerthError('too_large', `the body is over ${limit} bytes, the limit of this API`);
}

/** What was thrown, as status and body; strangers to the error table are logged under a reference and not shown. */
export function errorAnswer(thrown: unknown, logger: Logger): { status: number; body: ErrorBody } {
  const error = known(thrown);
  if (error === undefined) {
    const reference = newShortId(8);
    logger.error({ err: thrown, reference }, 'unexpected error in the API');
    return {
      status: 500,
      body: {
        code: 'internal',
        message: 'internal error',
        hint: `look for ${reference} in the manager's log`,
      },
    };
  }
  return {
    status: statusOf(error),
    body: {
      code: error.code,
      message: messageOf(error),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.status === undefined ? {} : { status: error.status }),
    },
  };
}

function known(thrown: unknown): BerthError | undefined {
  if (thrown instanceof BerthError) return thrown;
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  const named = FRAMEWORK[String(thrown.code)];
  if (named !== undefined) return named(thrown.message);
  // Anything else that the framework blames on the client.
  const status = 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  return String(thrown.code).startsWith('FST_') && status >= 400 && status < 500
    ? new BerthError('bad_request', messageOf(thrown))
    : undefined;
}
