import { BerthError, type ErrorCode } from '../kit/errors.ts';

/** The only place where an error code becomes an HTTP status; for both the Docker endpoint and the API. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  too_many_requests: 429,
  no_room: 409,
  host_down: 503,
  timeout: 504,
  unsupported: 501,
  engine: 500,
  unavailable: 503,
  internal: 500,
};

/** The HTTP status of anything that was thrown: an engine's error keeps the engine's own, a stranger is 500. */
export function statusOf(thrown: unknown): number {
  if (!(thrown instanceof BerthError)) return 500;
  const own = thrown.code === 'engine' ? thrown.status : undefined;
  return own !== undefined && own >= 400 && own <= 599 ? own : STATUS[thrown.code];
}
