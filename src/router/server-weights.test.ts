import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverWeights } from './server-weights.ts';

const server = (weight = 1, state: 'ready' | 'drain' | 'maint' = 'ready') => ({
  ...{ address: '10.0.0.1', port: 80, weight, state },
});
const sum = (weights: readonly (number | undefined)[] = []) =>
  weights.reduce((a: number, b) => a + (b ?? 0), 0);

describe('weights of servers', () => {
  it('are the highest for a single pool', () => {
    expect(serverWeights([{ weight: 7, servers: [server(), server()] }])).toEqual([[256, 256]]);
    expect(serverWeights([{ weight: 1, servers: [server(2), server(1)] }])).toEqual([[256, 128]]);
  });

  it('give one per cent to ten servers beside ninety-nine for one', () => {
    const [old, canary] = serverWeights([
      { weight: 99, servers: [server()] },
      { weight: 1, servers: Array.from({ length: 10 }, () => server()) },
    ]);
    expect([sum(old), sum(canary)]).toEqual([198, 2]);
  });

  it('leave those without a share at 0, and those in maint out', () => {
    expect(
      serverWeights([
        { weight: 0, servers: [server()] },
        { weight: 50, servers: [server(1, 'drain'), server(1, 'maint'), server()] },
      ]),
    ).toEqual([[0], [0, undefined, 256]]);
    expect(serverWeights([{ weight: 100, servers: [server(1, 'drain')] }])).toEqual([[0]]);
  });

  it('give each pool exactly its share, and each server what is its own to a whole number', () => {
    const servers = fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 100 }),
        state: fc.constantFrom('ready' as const, 'drain' as const, 'maint' as const),
      }),
      { maxLength: 30 },
    );
    const pools = fc.array(fc.record({ weight: fc.integer({ min: 0, max: 100 }), servers }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(pools, (some) => {
        const given = some.map((pool) => ({
          ...pool,
          servers: pool.servers.map(({ weight, state }) => server(weight, state)),
        }));
        const weights = serverWeights(given);
        const sharing = given
          .map((pool, i) => ({ pool, weights: weights[i] ?? [] }))
          .filter(({ pool }) => pool.weight > 0 && pool.servers.some(({ state }) => state === 'ready'));
        for (const { pool, weights: own } of sharing) {
          for (const other of sharing)
            expect(sum(own) * other.pool.weight).toBe(sum(other.weights) * pool.weight);
          expect(sum(own)).toBeGreaterThan(0);
          const ready = pool.servers
            .filter(({ state }) => state === 'ready')
            .reduce((a, b) => a + b.weight, 0);
          pool.servers.forEach(({ weight, state }, i) => {
            const exact = state === 'ready' ? (sum(own) * weight) / ready : 0;
            expect(Math.abs((own[i] ?? 0) - exact)).toBeLessThan(1);
          });
        }
        for (const one of weights.flat()) {
          expect(one ?? 0).toBeGreaterThanOrEqual(0);
          expect(one ?? 0).toBeLessThanOrEqual(256);
        }
      }),
    );
  });
});
