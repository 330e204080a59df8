import { readiness } from '../contract/readiness.ts';
import type { ChangeEvent } from '../contract/v1/cluster.ts';
import type { ServiceView } from '../contract/v1/services.ts';

type ServiceEvent = Extract<ChangeEvent, { kind: 'service' }>;

/** `2/3 ready, release 4 releasing (no host fits …)`. */
export function serviceText(
  one: Pick<ServiceEvent, 'wanted' | 'ready' | 'release' | 'state' | 'reason'>,
): string {
  return `${one.ready}/${one.wanted} ready, ${releaseText(one)}`;
}

/** `serviceText`, by which version its containers are: `2/3 ready and 3 old, release 4 releasing (…)`. */
export function viewText(
  view: Pick<ServiceView, 'wanted' | 'ready' | 'current' | 'release'>,
  reason: string,
): string {
  const { n, all, before } = readiness(view);
  const { number: release, state } = view.release;
  return `${n}/${all} ready${before > 0 ? ` and ${before} old` : ''}, ${releaseText({ release, state, reason })}`;
}

/** `2/3`, and `2/3 + 3 old` while two versions are up. */
export function readyText(view: Pick<ServiceView, 'wanted' | 'ready' | 'current'>): string {
  const { n, all, before } = readiness(view);
  return `${n}/${all}${before > 0 ? ` + ${before} old` : ''}`;
}

function releaseText({ release, state, reason }: Pick<ServiceEvent, 'release' | 'state' | 'reason'>): string {
  return `release ${release} ${state}${reason === '' ? '' : ` (${reason})`}`;
}
