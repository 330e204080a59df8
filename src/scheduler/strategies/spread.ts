import { type Strategy, score } from './strategy.ts';

/** The least used host; among equals the one with the fewest containers. */
export const spread: Strategy = {
  name: 'spread',
  spreadsDomains: true,
  draws: false,
  rank: score,
  tie: (host) => host.usedSlots,
};
