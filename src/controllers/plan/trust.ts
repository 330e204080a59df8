import type { HostTrust } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';

const HOUR_MS = 3_600_000;
const FIRST_REST_MS = 10_000;
export const LONGEST_REST_MS = 600_000;

/** How long a host that is back gets nothing new: one failure is forgiven, each further one within the hour doubles it. */
export function restMs(downs: number): number {
  return downs < 2 ? 0 : Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(downs - 2, 20));
}

/** The host has gone down. */
export function trustWhenDown(before: HostTrust | undefined, id: string, now: number): HostTrust {
  const downs = [...withinHour(before?.downs ?? [], now), now];
  return { kind: 'host-trust', id, downs, restUntil: 0, reason: '', away: true };
}

/** The host is ready again. */
export function trustWhenBack(before: HostTrust | undefined, id: string, now: number): HostTrust {
  const downs = withinHour(before?.downs ?? [], now);
  const rest = restMs(downs.length);
  if (rest === 0) return { kind: 'host-trust', id, downs, restUntil: 0, reason: '' };
  const restUntil = now + rest;
  return {
    ...{ kind: 'host-trust', id, downs, restUntil },
    reason: say('hosts.rests', { n: downs.length, time: new Date(restUntil).toISOString() }),
  };
}

/** As `before`, with its rest ended where it is over; the same object where nothing changes. */
export function trustAt(before: HostTrust, now: number): HostTrust {
  const { restUntil } = before;
  if (restUntil === 0) return before;
  // A clock that was set back must not make the rest last for ever.
  if (now < restUntil && restUntil - now <= LONGEST_REST_MS) return before;
  return { ...before, downs: withinHour(before.downs, now), restUntil: 0, reason: '' };
}

function withinHour(downs: readonly number[], now: number): number[] {
  return downs.filter((at) => at <= now && now - at < HOUR_MS);
}
