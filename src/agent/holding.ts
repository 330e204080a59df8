import type { Assignment } from '../contract/link.ts';
import type { DesiredState, ObservedContainer, ProbeResult } from '../model/container.ts';

/** How far the agent has got with an assignment. Kept beside it on the disk. */
export type Acted = Readonly<{
  /** Up to which generation of `desired` it has acted, with success or with the engine's refusal. */
  generation: number;
  /** The count of `desired.starts` then. */
  starts: number;
  /** The desired state that was reached last; undefined before the first. */
  state?: DesiredState;
  /** The engine's container; undefined while there is none. */
  engineId?: string;
  /** The engine's refusal of that generation: it is not tried again until the user asks for something else. */
  refused?: Readonly<{ status: number; message: string }>;
}>;

export const NOTHING_ACTED: Acted = Object.freeze({ generation: 0, starts: 0 });

/** The way back of a container that has ended or is gone. Kept beside the assignment on the disk. */
export type Comeback = Readonly<{
  /** How often the agent has started it since the user did; the one that is due at `at` is counted already. */
  count: number;
  /** Short lives in a row: the step of the back-off. */
  short: number;
  /** The end that has been answered last (`endOf`). */
  end?: string;
  /** When it is to be back; where it stays down, from when on that counts. Milliseconds since the epoch. */
  at: number;
  /** It is not started again. done: as its policy has it; held: it was stopped by hand, and its policy minds that. */
  stays?: 'done' | 'held';
  /** The engine cannot start this one ever again (`isStuck`): it is made anew. */
  stuck?: true;
}>;

export const NO_COMEBACK: Comeback = Object.freeze({ count: 0, short: 0, at: 0 });

/** What one probe says of a run of a container. */
export type Verdict = Readonly<{
  health: 'starting' | 'healthy' | 'unhealthy';
  /** Since when, milliseconds since the epoch. */
  since: number;
  /** The last results by then, the newest last. */
  results: readonly ProbeResult[];
}>;

/** What probes have found out of a container's last run. Kept beside the assignment on the disk. */
export type Probed = Readonly<{
  /** Which run this is about (`runOf`). */
  run: string;
  readiness?: Verdict;
  liveness?: Verdict;
  /** How often liveness has restarted it since the user started it (`starts`); one that is due is counted already. */
  restarts: number;
  starts: number;
  /** Restarts in a row between which it was not live for long: the step of the back-off. */
  short: number;
  /** Where liveness fails: when it is to be restarted. Milliseconds since the epoch. */
  at: number;
}>;

/** What a container of this host should be: held to its assignment, or taken away because it belongs elsewhere now. */
export type Holding = Hold | Readonly<{ kind: 'purge'; id: string; name: string }>;

export type Hold = Readonly<{
  kind: 'hold';
  assignment: Assignment;
  /** When the engine's container had last been started as the assignment's generation came; 0 if never. */
  startedBefore: number;
  acted: Acted;
  comeback: Comeback;
  /** Undefined before the first probe. */
  probed?: Probed;
  /** The manager was put back to a state that does not know it: it runs on until somebody takes it in or away. */
  orphan?: true;
}>;

export function idOf(holding: Holding): string {
  return holding.kind === 'hold' ? holding.assignment.id : holding.id;
}

/** The user has asked for something that has not been acted on yet. */
export function isFresh(holding: Holding): holding is Hold {
  return holding.kind === 'hold' && holding.assignment.desired.generation > holding.acted.generation;
}

export function isAlive({ state }: ObservedContainer): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting';
}

/** Names one run of a container: from a start to its end. */
export function runOf({ engineId, state }: ObservedContainer): string {
  return `${engineId} ${state.startedAt}`;
}
