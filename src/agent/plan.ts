import type { Assignment } from '../contract/link.ts';
import type { ObservedContainer } from '../model/container.ts';
import { restartPolicyOf } from '../model/restart-policy.ts';
import { dueOf, waitFor } from './comeback.ts';
import { type Hold, type Holding, idOf, isAlive, isFresh } from './holding.ts';
import { planFurtherNetworks, planNetworks } from './plan-networks.ts';
import { restartDue } from './probes/probed.ts';
import type { Step } from './step.ts';

const NO_NETWORKS: ReadonlySet<string> = new Set();
const MOUNTING: ReadonlySet<Step['step']> = new Set(['create', 'start', 'restart']);

/**
 * What is to be done so that the engine's container becomes what its holding says. Pure, and safe to repeat: what an
 * earlier, interrupted run has done already shows in `observed` and is not in the plan again.
 * @param now milliseconds since the epoch
 * @param networks names and IDs of engine-side networks of this host that belong to the cluster
 */
export function plan(
  holding: Holding,
  observed: ObservedContainer | undefined,
  now: number,
  networks: ReadonlySet<string> = NO_NETWORKS,
): readonly Step[] {
  return withFiles(holding, planBare(holding, observed, now, networks));
}

/** Its files are in memory: before anything that mounts them they are put there, whether they are there or not. */
function withFiles(holding: Holding, steps: readonly Step[]): readonly Step[] {
  const files = holding.kind === 'hold' ? (holding.assignment.needs.files ?? []) : [];
  const at = steps.findIndex(({ step }) => MOUNTING.has(step));
  if (files.length === 0 || at < 0) return steps;
  return [...steps.slice(0, at), { step: 'place-files', id: idOf(holding), files }, ...steps.slice(at)];
}

function planBare(
  holding: Holding,
  observed: ObservedContainer | undefined,
  now: number,
  networks: ReadonlySet<string>,
): readonly Step[] {
  if (holding.kind === 'purge') return planPurge(observed);
  const { assignment } = holding;
  const { desired } = assignment;
  if (!isFresh(holding)) {
    const there = observed === undefined ? [] : planThere(assignment, observed, networks);
    const dead = planDead(holding, observed, now);
    if (dead.length > 0) return [...there, ...dead];
    const back = planComeback(holding, observed, now);
    return [...there, ...(back.length > 0 ? back : planRevival(holding, observed, now))];
  }
  if (desired.state === 'removed') {
    const { force = false, volumes = false } = desired.remove ?? {};
    return observed === undefined ? [] : [{ step: 'remove', force, volumes }];
  }
  if (observed === undefined) {
    return desired.state === 'stopped' ? [] : [...planCreate(assignment), ...planState(holding, undefined)];
  }
  return [...planThere(assignment, observed, networks), ...planState(holding, observed)];
}

function planThere(
  assignment: Assignment,
  observed: ObservedContainer,
  networks: ReadonlySet<string>,
): readonly Step[] {
  return [...planName(assignment, observed), ...planNetworks(assignment, observed, networks)];
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
 * A container that was acted on as asked, and has ended or is gone (removed behind Berth's back, or with the engine's data):
 * back by its policy once it is time. Without policy it stays as it is, and what is gone is reported as gone.
 */
function planComeback(hold: Hold, observed: ObservedContainer | undefined, now: number): readonly Step[] {
  const due = dueOf(hold, observed);
  if (due === undefined || waitFor(due, now) > 0) return [];
  const { assignment } = hold;
  // Nobody knows whether it is wanted: what was taken away by hand stays away.
  if (due.make && hold.orphan === true) return [];
  const steps: Step[] = due.make ? planAgain(assignment) : [];
  if (due.start) steps.push({ step: 'start' });
  if (due.start && assignment.desired.state === 'paused') steps.push({ step: 'pause' });
  return steps;
}

/** Its liveness probe fails: it is started again, whatever its restart policy. */
function planRevival(hold: Hold, observed: ObservedContainer | undefined, now: number): readonly Step[] {
  const at = restartDue(hold, observed);
  if (at === undefined || waitFor({ at }, now) > 0) return [];
  if (observed?.state.status !== 'running') return [{ step: 'start' }];
  return [{ step: 'restart', timeout: undefined, signal: undefined }];
}

/** Its image may be gone as well; a first create leaves pulling to the user, who has been told so by Docker's own 404. */
function planAgain(assignment: Assignment): Step[] {
  const { spec, platform } = assignment.desired;
  return [{ step: 'ensure-image', image: spec.Image, platform }, ...planCreate(assignment)];
}

/**
 * An engine that was killed while it removed a container leaves it dead, and one that was killed while it stopped a container
 * may leave it stuck: it can never be started. Where it is wanted it is taken away, and comes back as any that is gone.
 */
function planDead(hold: Hold, observed: ObservedContainer | undefined, now: number): readonly Step[] {
  const { desired } = hold.assignment;
  const dead = observed?.state.status === 'dead' && restartPolicyOf(desired.spec) !== undefined;
  if (!(dead || isStuckNow(hold, observed, now)) || desired.state === 'removed') return [];
  return [{ step: 'remove', force: true, volumes: false }];
}

/** The engine may refuse to take it away as well: that waits as a start does. */
function isStuckNow(hold: Hold, observed: ObservedContainer | undefined, now: number): boolean {
  const due = hold.comeback.stuck === true ? dueOf(hold, observed) : undefined;
  return due?.make === false && waitFor(due, now) === 0;
}

function planCreate(assignment: Assignment): readonly Step[] {
  return [
    ...assignment.needs.networks.map((need): Step => ({ step: 'ensure-network', need })),
    ...assignment.needs.volumes.map((need): Step => ({ step: 'ensure-volume', need })),
    { step: 'create', assignment },
    ...planFurtherNetworks(assignment),
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
