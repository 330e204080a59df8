import { createHmac } from 'node:crypto';

/**
 * HMAC-SHA-256 of a name and password as clients send them (RFC 7617).
 * @param salt base64
 * @returns 64 hexadecimal digits
 */
export function hashCredentials(user: string, password: string, salt: string): string {
  const sent = Buffer.from(`${user}:${password}`).toString('base64');
  return createHmac('sha256', Buffer.from(salt, 'base64')).update(sent).digest('hex');
}
