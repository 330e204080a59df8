import type { Pool } from '../model/router.ts';

/** HAProxy's highest weight of a server. */
const MOST = 256;

type Weighted = Pick<Pool, 'weight' | 'servers'>;

/**
 * Weights of all servers of all pools, 0 to 256, such that each pool has exactly its share of new requests, however many
 * servers it has: the sum of a pool's weights is its own weight times one number for all pools. Within a pool by the
 * servers' weights, as closely as whole numbers allow; one with a very small share may leave most of its servers at 0.
 * @returns by pool, by server; undefined for those in `maint`
 */
export function serverWeights(pools: readonly Weighted[]): readonly (readonly (number | undefined)[])[] {
  const sharing = pools
    .map(readyOf)
    .map(({ sum, most }, i) => ({ sum, most, weight: pools[i]?.weight ?? 0 }));
  const counted = sharing.filter(({ sum, weight }) => sum > 0 && weight > 0);
  // 50 and 50 are 1 and 1: the smaller the numbers, the more there is to share out within a pool
  const unit = counted.reduce((divisor, { weight }) => greatestDivisor(divisor, weight), 0);
  const scale = Math.min(
    ...counted.map(({ sum, most, weight }) => Math.floor((MOST * sum * unit) / (most * weight))),
  );
  return pools.map((pool) => {
    const { sum } = readyOf(pool);
    const total = sum === 0 || pool.weight === 0 ? 0 : (scale * pool.weight) / unit;
    return shareOut(total, sum, pool);
  });
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

function readyOf({ servers }: Weighted): Readonly<{ sum: number; most: number }> {
  const weights = servers.filter(({ state }) => state === 'ready').map(({ weight }) => weight);
  return { sum: weights.reduce((a, b) => a + b, 0), most: Math.max(0, ...weights) };
}

/** Largest remainders first (Hamilton's method); equal ones in the servers' order. */
function shareOut(total: number, sum: number, { servers }: Weighted): (number | undefined)[] {
  const exact = servers.map(({ state, weight }) =>
    state === 'ready' && sum > 0 ? (total * weight) / sum : 0,
  );
  const whole = exact.map(Math.floor);
  const order = exact.map((_, i) => i).sort((a, b) => rest(exact, b) - rest(exact, a) || a - b);
  let left = Math.round(total - whole.reduce((a, b) => a + b, 0));
  for (const i of order) {
    if (left === 0) break;
    if (rest(exact, i) === 0) continue;
    whole[i] = (whole[i] ?? 0) + 1;
    left--;
  }
  return servers.map(({ state }, i) => (state === 'maint' ? undefined : whole[i]));
}

const rest = (exact: readonly number[], i: number) => (exact[i] ?? 0) % 1;
