import { BerthError } from '../../kit/errors.ts';
import type { Pool } from '../../model/span.ts';
import type { HostBook } from './host-book.ts';

/**
 * Pools by ID: `<network>/<subnet>`, so that two networks may have the same subnet. One that was requested with plain docker
 * comes before its network: `plain-<random>/<subnet>`.
 */
export const PLAIN_PREFIX = 'plain-';

export type FoundPool = Readonly<{ pool: Pool; network: string | undefined }>;

/** @throws BerthError `not_found` */
export function poolOf(book: HostBook, poolId: string): FoundPool {
  const at = poolId.indexOf('/');
  const [key, subnet] = [poolId.slice(0, at), poolId.slice(at + 1)];
  const plain = book.plainPool(key);
  if (plain !== undefined) return { pool: plain.pool, network: plain.network };
  const network = book.network(key);
  const pool = network?.span.pools.find((one) => one.subnet === subnet);
  if (pool === undefined)
    throw new BerthError('not_found', `there is no pool ${poolId.slice(0, 120)} on this host`);
  return { pool, network: key };
}
