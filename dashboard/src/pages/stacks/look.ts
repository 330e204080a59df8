import type { ServiceView, StackView } from '../../../../src/contract/v1/services.ts';
import type { Tone } from '../../parts/state.tsx';

/** How a service is, in the words that the pages have for it. */
export type ServiceState =
  | 'removing'
  | 'overdue'
  | 'failed'
  | 'paused'
  | 'waiting'
  | 'releasing'
  | 'timed'
  | 'stopped'
  | 'finished'
  | 'down'
  | 'partly'
  | 'ready';

type Look = Readonly<{ state: ServiceState; tone: Tone }>;

/** How well a service is: what a person has to look at goes before what is only on its way. */
export function serviceLook(service: ServiceView): Look {
  const { removing, overdue, release, mode, wanted, ready, running } = service;
  if (removing) return { state: 'removing', tone: 'busy' };
  if (overdue !== undefined) return { state: 'overdue', tone: 'bad' };
  if (release.state === 'failed') return { state: 'failed', tone: 'bad' };
  if (release.state === 'paused') return { state: 'paused', tone: ready < wanted ? 'bad' : 'busy' };
  if (release.state === 'waiting') return { state: 'waiting', tone: 'busy' };
  if (mode === 'cron') return { state: 'timed', tone: 'good' };
  if (release.state === 'releasing' || release.state === 'confirmed')
    return { state: 'releasing', tone: 'busy' };
  if (wanted === 0) return { state: 'stopped', tone: 'idle' };
  // What has ended well, and is to be started by nobody, counts as ready and does not run.
  const isOver = mode === 'job' || running === 0;
  if (ready >= wanted) return { state: isOver ? 'finished' : 'ready', tone: 'good' };
  return ready === 0 ? { state: 'down', tone: 'bad' } : { state: 'partly', tone: 'busy' };
}

/** Why it is so, in the manager's words; empty where there is nothing to say. */
export function whyOf({ overdue, waiting, release }: ServiceView): string {
  return overdue ?? (waiting || release.reason);
}

export type StackLook = Readonly<{
  state: 'removing' | 'bad' | 'busy' | 'idle' | 'good';
  tone: Tone;
  /** Services that are as they should be, of all. */
  well: number;
  /** Containers, of all services together. */
  ready: number;
  wanted: number;
}>;

/** A stack is as well as the worst of its services. */
export function stackLook({ removing, services }: StackView): StackLook {
  const tones = services.map((service) => serviceLook(service).tone);
  const count = (tone: Tone) => tones.filter((one) => one === tone).length;
  const numbers = {
    well: count('good') + count('idle'),
    // While two versions serve there are more of them than are wanted.
    ready: services.reduce((sum, { ready, wanted }) => sum + Math.min(ready, wanted), 0),
    wanted: services.reduce((sum, { wanted }) => sum + wanted, 0),
  };
  if (removing) return { state: 'removing', tone: 'busy', ...numbers };
  const state =
    count('bad') > 0
      ? 'bad'
      : count('busy') > 0
        ? 'busy'
        : services.length > 0 && count('idle') === services.length
          ? 'idle'
          : 'good';
  return { state, tone: state, ...numbers };
}
