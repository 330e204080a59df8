/**
 * The one table of errors (after fastify's `errors.js`). A code is stable and part of the API; the message says what
 * was wrong, with which value, and what to do next. HTTP statuses are not here: only `api/` knows them
 * (`src/api/status.ts`).
 */
export const ERROR_CODES = [
  'bad_request', // malformed input; the message names the field and the value
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict', // a name in use, a state that does not allow the action
  'too_large',
  'too_many_requests', // tried too often; the message says when to try again
  'no_room', // the scheduler found no host; the message carries the counts by reason
  'host_down', // the host that holds the object does not answer
  'timeout',
  'unsupported', // known to Docker, not served by Berth
  'engine', // the engine on a host refused; `status` and message are the engine's own
  'unavailable', // the store or the manager cannot take writes now
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['host_down', 'timeout', 'unavailable']);

export type ErrorDetail = Readonly<{
  /** The engine's own HTTP status, where code is `engine`. */
  status?: number;
  /** What the user can do next, one sentence. */
  hint?: string;
  cause?: unknown;
}>;

/** An error that is meant for a person: its message is shown as it is, never with a stack. */
export class BerthError extends Error {
  override readonly name = 'BerthError';
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly hint: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    detail: ErrorDetail = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.retryable = RETRYABLE.has(code);
    this.status = detail.status;
    this.hint = detail.hint;
  }
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
