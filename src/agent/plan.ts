import type { Assignment } from '../contract/link.ts';
import type { DesiredState, ObservedContainer } from '../model/container.ts';

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

/** What a container of this host should be: held to its assignment, or taken away because it belongs elsewhere now. */
export type Holding =
  /** `startedBefore`: when the engine's container had last been started as the assignment's generation came; 0 if never. */
  | Readonly<{ kind: 'hold'; assignment: Assignment; startedBefore: number; acted: Acted }>
  | Readonly<{ kind: 'purge'; id: string; name: string }>;

type Hold = Holding & { kind: 'hold' };

/** Every step and its arguments; the executors (`steps.ts`) are keyed by it. */
export type StepArguments = {
  'ensure-network': { need: Assignment['needs']['networks'][number] };
  'ensure-volume': { need: Assignment['needs']['volumes'][number] };
  /** A container that the engine has under the cluster ID already is adopted instead. */
  create: { assignment: Assignment };
  /** The engine's container has another name than Berth's. Never fails the rest: the name may be in use here. */
  rename: { name: string };
  start: object;
  stop: { timeout: number | undefined; signal: string | undefined };
  restart: { timeout: number | undefined; signal: string | undefined };
  pause: object;
  unpause: object;
  remove: { force: boolean; volumes: boolean };
};
export type Step = {
  [K in keyof StepArguments]: Readonly<{ step: K } & StepArguments[K]>;
}[keyof StepArguments];

/**
 * What is to be done so that the engine's container becomes what its holding says. Pure, and safe to repeat: what an
 * earlier, interrupted run has done already shows in `observed` and is not in the plan again.
 */
export function plan(holding: Holding, observed: ObservedContainer | undefined): readonly Step[] {
  if (holding.kind === 'purge') return planPurge(observed);
  const { assignment, acted } = holding;
  const { desired } = assignment;
  if (desired.generation <= acted.generation)
    return observed === undefined ? planLost() : planName(assignment, observed);
  if (desired.state === 'removed') {
    const { force = false, volumes = false } = desired.remove ?? {};
    return observed === undefined ? [] : [{ step: 'remove', force, volumes }];
  }
  if (observed === undefined) {
    return desired.state === 'stopped' ? [] : [...planCreate(assignment), ...planState(holding, undefined)];
  }
  return [...planName(assignment, observed), ...planState(holding, observed)];
}

/** Names are Berth's: renamed in the cluster while the host was away, or renamed by hand on the host. */
function planName({ name, desired }: Assignment, observed: ObservedContainer): readonly Step[] {
  return observed.name === name || desired.state === 'removed' ? [] : [{ step: 'rename', name }];
}

/** It moved, or its record is gone: stopped as the user would, then removed. Volumes stay. */
function planPurge(observed: ObservedContainer | undefined): readonly Step[] {
  if (observed === undefined) return [];
  const remove: Step = { step: 'remove', force: true, volumes: false };
  return isAlive(observed) ? [{ step: 'stop', timeout: undefined, signal: undefined }, remove] : [remove];
}

/**
 * A container that was acted on as asked and is gone: removed behind Berth's back, or by the engine itself after it
 * exited (AutoRemove). It is reported as gone and comes back only when the user starts it.
 */
function planLost(): readonly Step[] {
  return [];
}

function planCreate(assignment: Assignment): readonly Step[] {
  return [
    ...assignment.needs.networks.map((need): Step => ({ step: 'ensure-network', need })),
    ...assignment.needs.volumes.map((need): Step => ({ step: 'ensure-volume', need })),
    { step: 'create', assignment },
  ];
}

/** From the engine's state to the desired one, for a generation that has not been acted on. */
function planState(holding: Hold, observed: ObservedContainer | undefined): readonly Step[] {
  const { desired } = holding.assignment;
  const status = observed?.state.status ?? 'created';
  const alive = observed !== undefined && isAlive(observed);
  const { timeout, signal } = desired.stop ?? {};
  switch (desired.state) {
    case 'stopped':
      return alive ? [{ step: 'stop', timeout, signal }] : [];
    case 'paused':
      if (status === 'paused') return [];
      return status === 'created' ? [{ step: 'start' }, { step: 'pause' }] : [{ step: 'pause' }];
    case 'running':
      if (observed === undefined) return [{ step: 'start' }];
      if (status === 'paused' && !restartAsked(holding)) return [{ step: 'unpause' }];
      if (startedSince(holding, observed)) return [];
      if (alive) return restartAsked(holding) ? [{ step: 'restart', timeout, signal }] : [];
      return startAsked(holding) ? [{ step: 'start' }] : [];
    case 'created':
    case 'removed':
      return [];
  }
}

/** The user asked to start or restart what may be running. */
function restartAsked({ assignment, acted }: Hold): boolean {
  return assignment.desired.starts > acted.starts;
}

/** Without it a container that has ended by itself stays ended, whatever else the user changes. */
function startAsked(holding: Hold): boolean {
  const { state } = holding.acted;
  return restartAsked(holding) || !(state === 'running' || state === 'paused');
}

/**
 * It has been started since the request came to this host: by an earlier run of this plan which was killed before it
 * could note that. Without this a container that runs and exits at once would run twice.
 */
function startedSince({ startedBefore }: Hold, observed: ObservedContainer): boolean {
  return observed.state.startedAt > startedBefore;
}

function isAlive({ state }: ObservedContainer): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting';
}
