import type { Check, Filter } from './filter.ts';

const check: Check = {
  passes: (host) => !host.cordoned,
  kept: { key: 'cordon', changesWith: 'host' },
  reason: () => 'cordoned',
};

/** No new containers where an operator has cordoned the host. */
export const cordon: Filter = { name: 'cordon', prepare: () => [check] };
