import { hkdfSync } from 'node:crypto';

/**
 * Key of sticky cookies (HKDF, RFC 5869), which do not show addresses then: the same for all ingress hosts, in all lives of
 * the manager. Hexadecimal, 32 digits.
 */
export function cookieKeyOf(secret: Uint8Array, clusterId: string): string {
  return Buffer.from(hkdfSync('sha256', secret, clusterId, 'berth router cookies 1', 16)).toString('hex');
}
