import type { ServiceView, StackView } from '../contract/v1/services.ts';
import { BerthError } from '../kit/errors.ts';
import type { CliContext } from './command.ts';
import { serviceText } from './service-text.ts';
import { clean } from './terminal/text.ts';

const POLL_MS = 300;

/** No further: whoever waits need not wait any longer. */
const ENDED: ReadonlySet<ServiceView['release']['state']> = new Set(['done', 'waiting', 'paused', 'failed']);

/** Flags of commands that wait for releases. */
export type FollowFlags = Readonly<{ detach?: boolean; timeout?: number }>;

/**
 * Shows how far the services are, a line for each change, until all are released and as many as are wanted.
 * Ctrl-C ends the watching, nothing else.
 * @param services names; all of the stack, if left out
 * @throws BerthError `conflict` where a release has stopped, or has nothing to go back to and is not whole in time; `timeout`
 */
export async function followStack(
  context: CliContext,
  stack: string,
  { timeout }: FollowFlags,
  services?: readonly string[],
): Promise<void> {
  const { call, clock, interrupt, out } = context;
  const until = timeout === undefined ? undefined : clock.now() + timeout * 1000;
  const told = new Map<string, string>();
  for (;;) {
    const all = (await call('stack.get', { stack })).services;
    const followed = all.filter(({ name, removing }) => services?.includes(name) ?? !removing);
    for (const one of all) {
      if (services !== undefined && !services.includes(one.name)) continue;
      const text = textOf(one);
      if (told.get(one.name) === text) continue;
      told.set(one.name, text);
      out.note(`${clean(one.name)}: ${clean(text)}`);
    }
    const leaving = services === undefined && all.some(({ removing }) => removing);
    if (!leaving && followed.every((one) => isSettled(one) || one.overdue !== undefined)) {
      for (const { name, release } of followed)
        if (release.state === 'waiting')
          out.note(
            `${clean(name)}: both versions are there; "berth release weight ${stack}/${clean(name)} 20" shares the requests, "confirm" and "rollback" end it`,
          );
      const stopped = followed.find(
        (one) => isSettled(one) && one.release.state !== 'done' && one.release.state !== 'waiting',
      );
      if (stopped !== undefined) throw stoppedAt(stack, stopped);
      const late = followed.find((one) => !isSettled(one));
      if (late !== undefined) throw overdue(stack, late);
      return;
    }
    if (until !== undefined && clock.now() >= until) throw tooLate(stack, followed, timeout ?? 0);
    await clock.sleep(POLL_MS, interrupt);
  }
}

/** Waits until the stack is gone. */
export async function followRemoval(context: CliContext, stack: string): Promise<void> {
  const { call, clock, interrupt, out } = context;
  let left: number | undefined;
  for (;;) {
    const found = (await call('stack.list', {})).stacks.find(({ name }) => name === stack);
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
  const { wanted, ready, release, waiting, next = '' } = one;
  return serviceText({
    ...{ wanted, ready, release: release.number, state: release.state },
    reason: release.reason || waiting || next,
  });
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

function tooLate(stack: string, services: readonly ServiceView[], seconds: number): BerthError {
  const late = services.find((one) => !isSettled(one));
  return new BerthError(
    'timeout',
    `${stack}/${late?.name ?? ''} is not released after ${seconds} s: ${late === undefined ? '' : textOf(late)}`,
    { hint: `it goes on all the same: "berth stack ps ${stack}" shows how far it is` },
  );
}
