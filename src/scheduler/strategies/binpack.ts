import { type Strategy, score } from './strategy.ts';

/** More than any score. */
const UNOPENED = 1000;

/**
 * The fullest host that still fits; among equals the one with the most containers. A host without containers comes after
 * all that have some: classic Swarm would open a small empty host before it fills a large one.
 */
export const binpack: Strategy = {
  name: 'binpack',
  spreadsDomains: false,
  draws: false,
  rank: (host, request) => (host.usedSlots === 0 ? UNOPENED : 0) - score(host, request),
  tie: (host) => -host.usedSlots,
};
