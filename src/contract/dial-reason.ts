import { messageOf } from '../kit/errors.ts';

/** Why a connection could not be made, for a person: OpenSSL's error lines are cut to their reason. */
export function dialReason(thrown: unknown): string {
  const text = messageOf(thrown);
  const [, reason] = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/i.exec(text) ?? [];
  return reason ?? text;
}
