import { say } from '../../model/said/index.ts';
import type { Check, Filter } from './filter.ts';

const NO_SLOT = say('placement.slots');

const check: Check = {
  passes: (host) => host.slots === undefined || host.usedSlots < host.slots,
  atLeast: { figure: 'slotsFree', amount: 1 },
  reason: () => NO_SLOT,
};

/** `containerslots=N` on a host: no more than N containers; a value that is no number is no limit. */
export const containerslots: Filter = { name: 'containerslots', prepare: () => [check] };
