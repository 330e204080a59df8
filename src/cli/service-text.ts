import type { ChangeEvent } from '../contract/v1/cluster.ts';

type ServiceEvent = Extract<ChangeEvent, { kind: 'service' }>;

/** `2/3 ready, release 4 releasing (no host fits …)`. */
export function serviceText({
  wanted,
  ready,
  release,
  state,
  reason,
}: Pick<ServiceEvent, 'wanted' | 'ready' | 'release' | 'state' | 'reason'>): string {
  return `${ready}/${wanted} ready, release ${release} ${state}${reason === '' ? '' : ` (${reason})`}`;
}
