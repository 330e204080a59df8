import type { Strategy } from './strategy.ts';

/** Any host that fits, each as likely as the others. */
export const random: Strategy = {
  name: 'random',
  spreadsDomains: false,
  draws: true,
  rank: () => 0,
  tie: () => 0,
};
