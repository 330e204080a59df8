import type { EngineState } from '../../../model/container.ts';

/** Durations as Docker tells them (go-units: HumanDuration). */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(Math.floor(seconds / 3600) / 24 / 365)} years`;
}

/** The `Status` of Docker's lists (moby: container/state.go, String). */
export function humanStatus(state: EngineState, now: number): string {
  const up = () => humanDuration(now - state.startedAt);
  const down = () => humanDuration(now - state.finishedAt);
  switch (state.status) {
    case 'paused':
      return `Up ${up()} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${down()} ago`;
    case 'running': {
      if (state.health === 'none') return `Up ${up()}`;
      return `Up ${up()} (${state.health === 'starting' ? 'health: starting' : state.health})`;
    }
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    case 'exited':
      return state.finishedAt === 0 ? '' : `Exited (${state.exitCode}) ${down()} ago`;
  }
}
