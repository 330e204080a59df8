import type { HostState } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';
import type { Check, Filter } from './filter.ts';

const REASONS: Readonly<Record<HostState, string>> = {
  ready: '',
  pending: say('placement.pending'),
  suspect: say('placement.suspect'),
  down: say('placement.down'),
};

const check: Check = {
  passes: (host) => host.state === 'ready' && host.rests === '',
  kept: { key: 'health', changesWith: 'host' },
  reason: (host) => REASONS[host.state] || host.rests,
};

/** Only hosts that are ready, and have stayed so for long enough after being down. */
export const health: Filter = { name: 'health', prepare: () => [check] };
