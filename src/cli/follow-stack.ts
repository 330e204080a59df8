import type { ServiceView, StackView } from '../contract/v1/services.ts';
import { BerthError } from '../kit/errors.ts';
import { askPatiently, type GoesOn, watching } from './ask-patiently.ts';
import type { CliContext } from './command.ts';
import { viewText } from './service-text.ts';
import { clean } from './terminal/text.ts';

const POLL_MS = 300;
/** A service that goes to and fro tells each of its states once in so long: a crash every second is not a line every second. */
const AGAIN_MS = 30_000;

/** No further: whoever waits need not wait any longer. */
const ENDED: ReadonlySet<ServiceView['release']['state']> = new Set(['done', 'waiting', 'paused', 'failed']);

/** Flags of commands that wait for releases. */
export type FollowFlags = Readonly<{ detach?: boolean; timeout?: number }>;

/**
 * Shows how far the services are, a line for each change, until all are released and as many as are wanted.
 * Ctrl-C ends the watching, nothing else.
 * @param services names; all of the stack, if left out
 * @returns the services as they are in the end
 * @throws BerthError `conflict` where a release has stopped, or has nothing to go back to and is not whole in time;
 * `not_found` where it was taken away meanwhile; `unavailable` where the manager stays away; `timeout`
 */
export async function followStack(
  context: CliContext,
  stack: string,
  { timeout }: FollowFlags,
  services?: readonly string[],
): Promise<readonly ServiceView[]> {
  const until = timeout === undefined ? undefined : context.clock.now() + timeout * 1000;
  const goesOn = { what: 'what was begun', look: `"berth stack ps ${stack}"`, until };
  return watching(context, goesOn, () => follow(context, stack, { timeout, until, goesOn }, services));
}

async function follow(
  context: CliContext,
  stack: string,
  {
    timeout,
    until,
    goesOn,
  }: Readonly<{ timeout: number | undefined; until: number | undefined; goesOn: GoesOn }>,
  services: readonly string[] | undefined,
): Promise<readonly ServiceView[]> {
  const { clock, interrupt, out } = context;
  const told = new Told();
  for (;;) {
    const all = await lookAt(context, stack, goesOn);
    for (const name of services ?? [])
      if (!all.some((one) => one.name === name)) throw takenAway(stack, name);
    const followed = all.filter(({ name, removing }) => services?.includes(name) ?? !removing);
    for (const one of all) {
      if (services !== undefined && !services.includes(one.name)) continue;
      const text = textOf(one);
      if (told.isNews(one.name, text, clock.now())) out.note(`${clean(one.name)}: ${clean(text)}`);
    }
    const leaving = services === undefined && all.some(({ removing }) => removing);
    if (!leaving && followed.every((one) => isSettled(one) || one.overdue !== undefined)) {
      const waiting = followed
        .filter(({ release, wanted }) => release.state === 'waiting' && wanted > 0)
        .map(({ name }) => name);
      for (const name of waiting)
        out.note(
          `${clean(name)}: both versions are there; "berth release weight ${stack}/${clean(name)} 20" shares the requests, "confirm" and "rollback" end it`,
        );
      const stopped = followed.find(
        (one) => isSettled(one) && one.release.state !== 'done' && one.release.state !== 'waiting',
      );
      if (stopped !== undefined) throw stoppedAt(stack, stopped);
      const late = followed.find((one) => !isSettled(one));
      if (late !== undefined) throw overdue(stack, late);
      return followed;
    }
    if (until !== undefined && clock.now() >= until) throw tooLate(stack, followed, timeout ?? 0);
    await clock.sleep(POLL_MS, interrupt);
  }
}

/** @throws BerthError `not_found` where somebody takes the stack away */
async function lookAt(context: CliContext, stack: string, goesOn: GoesOn): Promise<readonly ServiceView[]> {
  const { removing, services } = await askPatiently(context, goesOn, () =>
    context.call('stack.get', { stack }),
  ).catch((thrown: unknown) => {
    throw thrown instanceof BerthError && thrown.code === 'not_found' ? takenAway(stack) : thrown;
  });
  if (removing) throw takenAway(stack);
  return services;
}

/** What was said of each service. */
class Told {
  private readonly last = new Map<string, string>();
  private readonly at = new Map<string, number>();

  isNews(name: string, text: string, now: number): boolean {
    if (this.last.get(name) === text) return false;
    const key = JSON.stringify([name, text]);
    const before = this.at.get(key);
    if (before !== undefined && now - before < AGAIN_MS) return false;
    this.last.set(name, text);
    this.at.set(key, now);
    return true;
  }
}

/** Nothing of it is under way, stopped or missing. */
export function isWhole({ services }: StackView): boolean {
  return services.every(
    (one) =>
      !one.removing && isSettled(one) && (one.release.state === 'done' || one.release.state === 'waiting'),
  );
}

/** Waits until the stack is gone. Ctrl-C ends the waiting, nothing else. */
export async function followRemoval(context: CliContext, stack: string): Promise<void> {
  const goesOn = { what: `taking ${clean(stack)} away`, look: '"berth stack ls"' };
  await watching(context, goesOn, () => untilGone(context, stack, goesOn));
}

async function untilGone(context: CliContext, stack: string, goesOn: GoesOn): Promise<void> {
  const { call, clock, interrupt, out } = context;
  let left: number | undefined;
  for (;;) {
    const { stacks } = await askPatiently(context, goesOn, () => call('stack.list', {}));
    const found = stacks.find(({ name }) => name === stack);
    if (found === undefined) return;
    const now = containersOf(found);
    if (now !== left && now > 0) out.note(`${clean(stack)}: ${now} containers left`);
    left = now;
    await clock.sleep(POLL_MS, interrupt);
  }
}

function containersOf({ services }: StackView): number {
  return services.reduce((sum, { running }) => sum + running, 0);
}

function isSettled({ release, mode, wanted, ready }: ServiceView): boolean {
  if (!ENDED.has(release.state)) return false;
  return release.state !== 'done' || mode === 'job' || mode === 'cron' || ready === wanted;
}

function textOf(one: ServiceView): string {
  if (one.removing) return `${one.running} left`;
  return viewText(one, one.release.reason || one.waiting || (one.next ?? ''));
}

function stoppedAt(stack: string, { name, release, waiting }: ServiceView): BerthError {
  const { number, state, reason } = release;
  return new BerthError(
    'conflict',
    `release ${number} of ${stack}/${name} is ${state}: ${reason || waiting || 'it was stopped'}`,
    {
      hint:
        state === 'failed'
          ? `"docker logs" of its container says more; "berth service restart ${stack}/${name}" runs it again`
          : `"berth release rollback ${stack}/${name}" goes back, "berth release resume ${stack}/${name}" goes on`,
    },
  );
}

/** It has nothing to go back to, and so does not stop; whoever waits need not. */
function overdue(stack: string, one: ServiceView): BerthError {
  const { name, release, ready, wanted } = one;
  return new BerthError(
    'conflict',
    `release ${release.number} of ${stack}/${name} is ${ready}/${wanted} ready, though there was time enough: ${one.overdue}`,
    {
      hint: `it is tried on; "berth stack logs ${stack}" says more, and "berth deploy" with a mended file goes on from here`,
    },
  );
}

function takenAway(stack: string, service?: string): BerthError {
  const what = service === undefined ? `stack ${stack}` : `service ${service} of stack ${stack}`;
  return new BerthError(
    'not_found',
    `${what} was taken away meanwhile: what was begun does not come to its end`,
    { hint: '"berth audit" says by whom; "berth deploy" makes it anew' },
  );
}

function tooLate(stack: string, services: readonly ServiceView[], seconds: number): BerthError {
  const late = services.find((one) => !isSettled(one));
  return new BerthError(
    'timeout',
    `${stack}/${late?.name ?? ''} is not released after ${seconds} s: ${late === undefined ? '' : textOf(late)}`,
    { hint: `it goes on all the same: "berth stack ps ${stack}" shows how far it is` },
  );
}
