import { backoffDelay } from '../kit/backoff.ts';
import type { ObservedContainer } from '../model/container.ts';
import { type RestartPolicy, restartPolicyOf } from '../model/restart-policy.ts';
import { type Comeback, type Hold, isAlive, NO_COMEBACK } from './holding.ts';

/** As the Docker Engine's own (moby: restartmanager.go): 100 ms, doubled up to a minute, anew after a life of 10 s. */
const BACKOFF = { baseMs: 100, maxMs: 60_000 };
const STABLE_MS = 10_000;
/**
 * What was ended by hand is let be for so long. `docker kill` through the cluster tells this host a moment later that the
 * container is to stay down, and `docker rm -f` on the host shows it killed before it is gone.
 */
export const SETTLE_MS = 2_000;

export type Circumstances = Readonly<{
  /** Milliseconds since the epoch. */
  now: number;
  /** The process was ended by `docker stop` or `docker kill`, not by itself. Asked only where `mindsHands` says so. */
  byHand: boolean;
  /** In [0, 1). */
  random: () => number;
}>;

/** What the agent has to do for a container to come back, and from when on. */
export type Due = Readonly<{ at: number; make: boolean; start: boolean }>;

/** Names one end of a container, so that each is answered once; undefined while there is none. */
export function endOf({ acted }: Hold, observed: ObservedContainer | undefined): string | undefined {
  if (observed === undefined) return `lost ${acted.engineId ?? ''}`;
  const { engineId, state } = observed;
  if (state.status === 'exited') return `${engineId} ended ${state.finishedAt}`;
  return state.status === 'created' ? `${engineId} not started` : undefined;
}

/** Whether a new end of it must be asked about: was it by hand? */
export function mindsHands(hold: Hold, observed: ObservedContainer | undefined): boolean {
  return (
    observed?.state.status === 'exited' &&
    endOf(hold, observed) !== hold.comeback.end &&
    wantsRunning(hold) &&
    policyOf(hold)?.by === 'agent'
  );
}

/**
 * The comeback of a container as it is to be kept, now that it looks like this: a new end is given its time to come back
 * (or the reason why it stays down), what lives is at its end no more. The same object where nothing is new.
 */
export function accountFor(
  hold: Hold,
  observed: ObservedContainer | undefined,
  about: Circumstances,
): Comeback {
  const { comeback } = hold;
  const policy = policyOf(hold);
  if (policy === undefined) return comeback;
  if (observed !== undefined && isAlive(observed)) return lives(comeback, about.now);
  const end = endOf(hold, observed);
  if (end === undefined || end === comeback.end) return comeback;
  if (observed === undefined) return lost(comeback, end, about);
  if (!wantsRunning(hold)) return comeback;
  if (observed.state.status === 'created') return { ...comeback, end, at: about.now };
  const stays = whyItStays(policy, comeback, observed, about.byHand);
  if (stays !== undefined) return { ...comeback, end, at: about.now + SETTLE_MS, stays };
  // Docker's `always` and a plain `docker stop`: the engine starts it at its own next start.
  if (policy.by === 'engine') return comeback;
  const { startedAt, finishedAt } = observed.state;
  const step = finishedAt - startedAt >= STABLE_MS ? 0 : comeback.short;
  const delay = backoffDelay(BACKOFF, step, about.random);
  const at = about.now + (about.byHand ? Math.max(delay, SETTLE_MS) : delay);
  return { count: comeback.count + 1, short: step + 1, end, at };
}

/**
 * An engine that is killed while it stops a container may leave its task in containerd without the container: every start is
 * refused from then on, until containerd is restarted (Docker 20.10 with containerd 1.6, seen in `sigkill-host.test.ts`).
 */
const TASK_LEFT = /^task [0-9a-f]{64}: already exists/;
/** Refusals in a row before that is believed: some seconds. */
const STUCK_AFTER = 4;

function isStuck(comeback: Comeback, refusal: string): boolean {
  return comeback.short >= STUCK_AFTER && TASK_LEFT.test(refusal);
}

/**
 * As `accountFor`, where the engine has refused to make or start it again: later once more.
 * @param refusal the engine's words
 */
export function refusedAgain(
  hold: Hold,
  observed: ObservedContainer | undefined,
  about: Circumstances,
  refusal: string,
): Comeback {
  const { comeback } = hold;
  const policy = policyOf(hold);
  const end = endOf(hold, observed);
  const tries = observed === undefined ? comeback.count : comeback.count + 1;
  if (end === undefined) return comeback;
  if (policy?.by === 'agent' && tries > policy.most)
    return { ...comeback, end, at: about.now, stays: 'done' };
  const at = about.now + backoffDelay(BACKOFF, comeback.short, about.random);
  const next = { ...comeback, count: tries, short: comeback.short + 1, end, at };
  if (observed === undefined || !isStuck(comeback, refusal)) return next;
  // Taken away at once; where that is refused as well, later once more.
  return comeback.stuck === true ? next : { ...next, at: about.now, stuck: true };
}

/**
 * What is to be done for the container to come back, and when; undefined where nothing is: no policy, the user has stopped
 * it or has been told that it was refused, it stays down, or it is the engine's to restart.
 */
export function dueOf(hold: Hold, observed: ObservedContainer | undefined): Due | undefined {
  const { comeback } = hold;
  const policy = policyOf(hold);
  const end = endOf(hold, observed);
  if (policy === undefined || end === undefined || end !== comeback.end) return undefined;
  const start = wantsRunning(hold) && comeback.stays === undefined;
  if (observed === undefined) return { at: comeback.at, make: true, start };
  const agents = policy.by === 'agent' || observed.state.status === 'created';
  return start && agents ? { at: comeback.at, make: false, start } : undefined;
}

/** How long until then, milliseconds; 0 where it is time. A time that no back-off gives comes from a clock that was set. */
export function waitFor({ at }: Due | Readonly<{ at: number }>, now: number): number {
  const wait = at - now;
  return wait > BACKOFF.maxMs + SETTLE_MS ? 0 : Math.max(0, wait);
}

/** What the cluster is told of it beside the engine's words. */
export function saidOfComeback(
  hold: Hold,
  observed: ObservedContainer,
): Readonly<{ restarts: number; nextStartAt?: number }> {
  if (policyOf(hold)?.by !== 'agent') return { restarts: 0 };
  const due = dueOf(hold, observed);
  // The one that is due has not been done.
  const restarts = hold.comeback.count - (due === undefined ? 0 : 1);
  return { restarts, ...(due === undefined ? {} : { nextStartAt: due.at }) };
}

/**
 * An engine that goes stops its containers as a hand does. What seemed to be stopped by hand shortly before one of these
 * moments is looked at anew.
 */
export function doubted(comeback: Comeback, wentAt: number, windowMs: number): Comeback {
  if (comeback.stays !== 'held' || Math.abs(wentAt - comeback.at) > windowMs) return comeback;
  return withoutEnd(comeback);
}

/** The policy of what has been made as the user asked; one that was refused is the user's to ask for again. */
function policyOf({ assignment: { desired }, acted }: Hold): RestartPolicy | undefined {
  const made = acted.state !== undefined && acted.state !== 'removed' && acted.refused === undefined;
  return made && desired.state !== 'removed' ? restartPolicyOf(desired.spec) : undefined;
}

function wantsRunning({ assignment: { desired }, acted }: Hold): boolean {
  const up = (state: string | undefined) => state === 'running' || state === 'paused';
  return up(desired.state) && up(acted.state);
}

function whyItStays(
  policy: RestartPolicy,
  { count }: Comeback,
  { state }: ObservedContainer,
  byHand: boolean,
): Comeback['stays'] {
  if (policy.name === 'on-failure') {
    return policy.by === 'engine' || state.exitCode === 0 || count >= policy.most ? 'done' : undefined;
  }
  // The engine leaves down what it minds; of an end that the agent answers the engine's events tell.
  return policy.name === 'unless-stopped' && (policy.by === 'engine' || byHand) ? 'held' : undefined;
}

function lost(before: Comeback, end: string, { now, random }: Circumstances): Comeback {
  // What ended a moment ago was on its way out.
  const stays = before.stays !== undefined && now >= before.at ? before.stays : undefined;
  const comeback = before.stays === undefined ? untried(before, now) : before;
  // What was stuck has been taken away on purpose: the new one has not failed yet.
  const failing = comeback.stuck !== true && now - comeback.at < STABLE_MS;
  const step = failing ? comeback.short : 0;
  const at = now + backoffDelay(BACKOFF, step, random);
  return { count: comeback.count, short: step + 1, end, at, ...(stays === undefined ? {} : { stays }) };
}

function lives(comeback: Comeback, now: number): Comeback {
  // What was to stay down, or could not be started, has been started by hand: that begins a new count.
  if (comeback.stays !== undefined || comeback.stuck === true)
    return { ...NO_COMEBACK, at: Math.min(comeback.at, now) };
  return untried(comeback, now);
}

/** Somebody else was faster than what was due: that counts for nothing. */
function untried(comeback: Comeback, now: number): Comeback {
  if (comeback.end === undefined || now >= comeback.at) return comeback;
  const less = { count: Math.max(0, comeback.count - 1), short: Math.max(0, comeback.short - 1) };
  return { ...withoutEnd(comeback), ...less };
}

function withoutEnd({ count, short, at }: Comeback): Comeback {
  return { count, short, at };
}
