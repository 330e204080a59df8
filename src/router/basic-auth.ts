import { createHmac } from 'node:crypto';

/**
 * What a route's `auth.users` has of a user.
 * @param salt base64, the route's `auth.salt`
 * @returns 64 hexadecimal digits
 */
export function hashCredentials(user: string, password: string, salt: string): string {
  const sent = Buffer.from(`${user}:${password}`).toString('base64');
  return createHmac('sha256', Buffer.from(salt, 'base64')).update(sent).digest('hex');
}
