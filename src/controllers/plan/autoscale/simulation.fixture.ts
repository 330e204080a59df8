import type { Scaling } from '../../../model/scaling.ts';
import { FigureWindows } from './figure-windows.ts';
import type { ScaledMember } from './opinion.ts';
import { planScale, type ScaleMemory, type ScalePlan } from './plan-scale.ts';

/** Load in containers' worth of CPU at a time in seconds: 2.5 keeps two and a half containers at 100 %. */
export type LoadCurve = (second: number) => number;

export type Simulated = Readonly<{
  /** Each change of the number: when, in seconds, and to what. */
  changes: readonly Readonly<{ at: number; to: number }>[];
  /** The number at each look. */
  numbers: readonly Readonly<{ at: number; count: number }>[];
}>;

const LOOK_S = 5;
/** From the change of the number until a new container is ready. */
const START_S = 20;

/**
 * A service under a load that its ready containers share evenly, its figures as hosts report them, and its planner.
 * @param silent seconds in which hosts say nothing
 * @param planned hears each plan
 */
export function simulate(
  scaling: Scaling,
  load: LoadCurve,
  {
    seconds,
    first,
    silent = () => false,
    planned = () => undefined,
  }: {
    seconds: number;
    first: number;
    silent?: (second: number) => boolean;
    planned?: (plan: ScalePlan) => void;
  },
): Simulated {
  const windows = new FigureWindows();
  const changes: { at: number; to: number }[] = [];
  const numbers: { at: number; count: number }[] = [];
  let members = Array.from({ length: first }, (_, i) => ({ id: `c${i}`, readyAt: 0 }));
  let made = first;
  let memory: ScaleMemory | undefined;
  for (let second = LOOK_S; second <= seconds; second += LOOK_S) {
    const now = second * 1000;
    const ready = members.filter(({ readyAt }) => readyAt <= second);
    for (const { id } of ready) {
      const cpu = Math.min(100, (load(second) / Math.max(1, ready.length)) * 100);
      if (!silent(second)) windows.add(id, { at: now, ms: LOOK_S * 1000, cpu }, 120_000);
    }
    const seen = members.map(({ id, readyAt }): ScaledMember => {
      const figures = windows.averages(id, now, scaling.periodMs ?? 60_000, readyAt * 1000);
      const state = readyAt <= second ? 'ready' : 'starting';
      return { name: id, state, figures };
    });
    const plan = planScale({
      ...{ now, wall: now, scaling, current: members.length, releasing: false, memory },
      versions: [{ release: undefined, count: members.length, members: seen, router: undefined }],
    });
    planned(plan);
    memory = plan.memory;
    if (plan.wanted !== members.length) {
      changes.push({ at: second, to: plan.wanted });
      const more = Array.from({ length: Math.max(0, plan.wanted - members.length) }, () => ({
        id: `c${made++}`,
        readyAt: second + START_S,
      }));
      members = [...members.slice(0, plan.wanted), ...more];
    }
    numbers.push({ at: second, count: members.length });
  }
  return { changes, numbers };
}

/** How often it went up after it had gone down, or the other way round. */
export function turnsOf({ changes }: Simulated, first: number): number {
  let turns = 0;
  let side = 0;
  let before = first;
  for (const { to } of changes) {
    const next = Math.sign(to - before);
    if (side !== 0 && next !== side) turns++;
    side = next;
    before = to;
  }
  return turns;
}
