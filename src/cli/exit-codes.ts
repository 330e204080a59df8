import type { ErrorCode } from '../kit/errors.ts';

/** What each exit code means: one table for help, documentation and code. */
export const EXIT_CODES = [
  { code: 0, meaning: 'done' },
  { code: 1, meaning: 'failed' },
  { code: 2, meaning: 'wrong usage: an unknown command or flag, a value that is not valid' },
  { code: 3, meaning: 'not found' },
  { code: 4, meaning: 'conflict: a name in use, a state that does not allow it, or not confirmed' },
  { code: 5, meaning: 'no room: no host fulfils what was asked for' },
  { code: 6, meaning: 'the manager (or an engine) cannot be reached, or cannot answer now' },
  { code: 7, meaning: 'not allowed: not logged in, or the role does not permit it' },
  { code: 130, meaning: 'interrupted (Ctrl-C)' },
] as const;

export type ExitCode = (typeof EXIT_CODES)[number]['code'];

const BY_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  bad_request: 2,
  unauthenticated: 7,
  forbidden: 7,
  not_found: 3,
  conflict: 4,
  too_large: 1,
  too_many_requests: 1,
  no_room: 5,
  host_down: 1,
  timeout: 1,
  unsupported: 1,
  engine: 1,
  unavailable: 6,
  internal: 1,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return BY_ERROR[code];
}
