import { say } from '../../model/said/index.ts';
import type { Check, Filter } from './filter.ts';

const CORDONED = say('placement.cordoned');

const check: Check = {
  passes: (host) => !host.cordoned,
  kept: { key: 'cordon', changesWith: 'host' },
  reason: () => CORDONED,
};

/** No new containers where an operator has cordoned the host. */
export const cordon: Filter = { name: 'cordon', prepare: () => [check] };
