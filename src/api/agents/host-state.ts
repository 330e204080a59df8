import type { HostState } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';
import type { Settings } from '../../model/settings.ts';

/** What the manager knows of a host's life signs at one moment. */
export type LifeSigns = Readonly<{
  connected: boolean;
  /** A full report has come on this connection. */
  reported: boolean;
  /** The last heartbeat's word on the host's engine. */
  engine: boolean;
  engineReason: string;
  /** Milliseconds since the epoch; when the manager started, where the host has not been heard since. */
  lastHeardAt: number;
  /** Heard at all since the manager started. */
  heard: boolean;
  closeReason: string;
  /** Why its machine is taken for dead though the time of silence is not over; undefined where it is not. */
  dead: string | undefined;
}>;

/** True where the host has not been heard of in time: long before it is down. An engine that does not answer is not that. */
export function isSilent(
  signs: LifeSigns,
  now: number,
  settings: Pick<Settings, 'suspectAfterMs' | 'downAfterMs'>,
): boolean {
  return !signs.connected || signs.dead !== undefined || now - signs.lastHeardAt >= silenceMs(settings);
}

/** How long a host may say nothing without being silent. */
export function silenceMs(settings: Pick<Settings, 'suspectAfterMs' | 'downAfterMs'>): number {
  return Math.min(settings.suspectAfterMs, Math.max(HEARTBEATS_MS, settings.downAfterMs / 2));
}

/** One heartbeat a second, and half of one's lateness. */
const HEARTBEATS_MS = 1_500;

/**
 * How long a host may take itself for alive after a heartbeat that was heard: what must not run twice has stopped by then,
 * with time to spare before the host is down.
 */
export function leaseMs({ downAfterMs }: Pick<Settings, 'downAfterMs'>): number {
  return Math.round(0.6 * downAfterMs);
}

/** How long after its last heartbeat a host is asked about: one is due each second. */
export const LATE_MS = 1_100;

/** The state that follows from the life signs, and one sentence why. Pure; heartbeats come every second. */
export function hostStateOf(
  signs: LifeSigns,
  now: number,
  settings: Pick<Settings, 'suspectAfterMs' | 'downAfterMs'>,
): Readonly<{ state: HostState; reason: string; confirmed?: true }> {
  const silent = now - signs.lastHeardAt;
  // First: what must wait for the whole time of silence waits for this.
  if (silent >= settings.downAfterMs) {
    if (!signs.heard) return { state: 'down', reason: say('hosts.state.never') };
    return {
      state: 'down',
      reason: signs.connected
        ? say('hosts.state.mute')
        : say('hosts.state.unconnected', { why: signs.closeReason }),
    };
  }
  if (signs.dead !== undefined) return { state: 'down', reason: signs.dead, confirmed: true };
  if (!signs.connected) {
    if (!signs.heard) return { state: 'pending', reason: say('hosts.state.yet') };
    return { state: 'suspect', reason: say('hosts.state.lost', { why: signs.closeReason }) };
  }
  if (silent >= settings.suspectAfterMs)
    return { state: 'suspect', reason: say('hosts.state.silent', { n: (silent / 1000).toFixed(0) }) };
  if (!signs.engine) return { state: 'suspect', reason: signs.engineReason || say('hosts.state.engine') };
  if (!signs.reported) return { state: 'pending', reason: say('hosts.state.unreported') };
  return { state: 'ready', reason: '' };
}
