import { expect } from 'vitest';
import type { Shift } from '../../../model/deployment.ts';
import type { Member, MemberState } from './member.ts';
import type { Rollout, RolloutStep } from './rollout.ts';

export const member = (index: number, release: number, rest: Partial<Member> = {}): Member => ({
  ...{ id: `c${release}-${index}`, index, release, hostId: 'h', leaving: false, refused: false },
  ...{ running: true, state: 'ready', since: 0, said: '', ...rest },
});

type Luck = Readonly<{
  /** What becomes of a container that starts. */
  start(): MemberState;
  /** What routers have counted. */
  figures?(shift: Shift): Rollout['figures'];
  /** Whether a host takes one more of the release; all do, if left out. */
  hasRoom?(release: number, members: readonly Member[]): boolean;
}>;

/** Containers that do what a planner asks for, and requests that come to them, with luck or without. */
export class Playground {
  members: readonly Member[];
  state: Rollout['state'] = 'releasing';
  failed: number[] = [];
  now = 0;
  shift: Shift | undefined;
  /** Shares that the new version has had, in order. */
  readonly weights: number[] = [];
  private count = 0;

  constructor(
    private readonly base: Rollout,
    private readonly luck: Luck,
  ) {
    this.members = base.members;
    this.shift = base.shift;
  }

  picture(): Rollout {
    const { now, state, failed, members, shift } = this;
    const figures = shift && this.luck.figures?.(shift);
    return {
      ...{ ...this.base, now, state, failed, members },
      ...(shift && { shift }),
      ...(figures && { figures }),
    };
  }

  act(step: RolloutStep): void {
    switch (step.step) {
      case 'create':
        this.create(step);
        return;
      case 'retire':
        this.members = this.members.map((one) => (one.id === step.id ? { ...one, leaving: true } : one));
        return;
      case 'note-failed':
        this.failed.push(...step.indexes);
        return;
      case 'shift':
        this.shift = { weight: step.weight, step: step.at, since: this.now };
        this.weights.push(step.weight);
        return;
      case 'enter':
        this.state = step.state;
        return;
      case 'roll-back':
        this.state = 'rolled-back';
    }
  }

  /** Time goes on: what leaves is gone, what starts is ready or fails. */
  tick(): void {
    this.now += 50;
    this.members = this.members
      .filter(({ leaving }) => !leaving)
      .map((one) => (one.state === 'starting' ? { ...one, state: this.luck.start(), since: this.now } : one));
  }

  /** Of a release, those that stay. */
  of(release: number): readonly Member[] {
    return this.members.filter((one) => one.release === release && !one.leaving);
  }

  private create({ index, release }: Extract<RolloutStep, { step: 'create' }>): void {
    if (this.luck.hasRoom?.(release, this.members) === false) return;
    expect(this.members.map((one) => one.index)).not.toContain(index);
    const id = `n${this.count++}`;
    this.members = [...this.members, member(index, release, { id, state: 'starting', since: this.now })];
  }
}
