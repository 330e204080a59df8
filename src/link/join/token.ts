import { createHash } from 'node:crypto';
import { BerthError } from '../../kit/errors.ts';
import { newShortId } from '../../kit/ids.ts';
import type { JoinToken } from '../../model/access.ts';

/** `berth1-<tokenId>-<secret>-<SHA-256 of the CA certificate's DER, hex>`. */
export type ParsedToken = Readonly<{ id: string; secret: string; caHash: string }>;

const PREFIX = 'berth1';
/** 32 of [0-9a-z]: 165 bits. */
const SECRET_LENGTH = 32;

/** Only the secret's hash is kept. Its entropy is high, so one round of SHA-256 is enough. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * A new join token: the record to store, and the text, which is never seen again.
 * @param caHash `Ca.fingerprint`
 */
export function newJoinToken(
  options: Readonly<{
    caHash: string;
    now: number;
    /** Milliseconds. */
    ttl: number;
    /** How many hosts may join with it. */
    uses: number;
    labels: Readonly<Record<string, string>>;
    createdBy: string;
  }>,
): Readonly<{ record: JoinToken; token: string }> {
  const id = newShortId();
  const secret = newShortId(SECRET_LENGTH);
  const record: JoinToken = {
    kind: 'join-token',
    id,
    secretHash: hashSecret(secret),
    createdAt: options.now,
    createdBy: options.createdBy,
    expiresAt: options.now + options.ttl,
    usesLeft: options.uses,
    labels: { ...options.labels },
    usedBy: [],
  };
  return { record, token: formatToken({ id, secret, caHash: options.caHash }) };
}

export function formatToken(parsed: ParsedToken): string {
  return [PREFIX, parsed.id, parsed.secret, parsed.caHash].join('-');
}

/** @throws BerthError `bad_request` which names the part that is wrong, never the secret */
export function parseToken(text: string): ParsedToken {
  const token = text.trim();
  if (token === '') throw malformed('it is empty');
  const parts = token.split('-');
  const [prefix = '', id = '', secret = '', caHash = ''] = parts;
  if (prefix !== PREFIX) {
    // A later version's token says so itself; anything else is no token at all, and may be a secret of another kind.
    if (/^berth\d{1,4}$/.test(prefix))
      throw malformed(`it is of version ${prefix}, and this program knows ${PREFIX}: upgrade it`);
    throw malformed(`it does not begin with ${PREFIX}-`);
  }
  if (parts.length !== 4)
    throw malformed(`it has ${parts.length} parts between dashes instead of 4: was it cut off?`);
  if (!/^[0-9a-z]{1,32}$/.test(id)) throw malformed('its second part, the ID, is not of 0-9 a-z');
  if (!/^[0-9a-z]{16,128}$/.test(secret))
    throw malformed('its third part, the secret, is not 16 or more of 0-9 a-z');
  if (!/^[0-9a-f]{64}$/.test(caHash)) {
    throw malformed(
      `its last part, the hash of the CA, has ${caHash.length} characters instead of 64 hexadecimal digits`,
    );
  }
  return { id, secret, caHash };
}

function malformed(why: string): BerthError {
  return new BerthError('bad_request', `the join token is malformed: ${why}`, {
    hint: 'copy the whole line which "berth token create" printed',
  });
}
