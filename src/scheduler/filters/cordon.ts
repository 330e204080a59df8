import type { Check, Filter } from './filter.ts';

const check: Check = { passes: (host) => !host.cordoned, reason: () => 'cordoned' };

/** No new containers where an operator has cordoned the host. */
export const cordon: Filter = { name: 'cordon', prepare: () => [check] };
