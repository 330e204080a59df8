import { serviceKey } from '../../model/deployment.ts';
import { readyWithin } from '../plan/services/member.ts';
import { illnessOf, type ServicePicture } from './service-picture.ts';
import { STUCK_MS } from './stuck-releases.ts';

/** Since when a service tries to get whole, as it was wanted and with so many proven containers. */
type Effort = Readonly<{
  generation: number;
  proven: number;
  since: number;
  /** By its first release, rather than by one that is done. */
  first: boolean;
  /** The last that kept it, in one line; undefined where nothing has. */
  reason: string | undefined;
}>;

type Trial = Readonly<{ name: string; effort: Effort; patienceMs: number }>;

/** A service, and what it waits for to begin. */
type Looked = Readonly<{ picture: ServicePicture; gate: string | undefined }>;

/**
 * Services that have nothing to go back to, and are not whole though there was time enough: nothing stops for that, but
 * whoever waits hears why. A manager that starts begins anew.
 */
export class OverdueServices {
  private readonly efforts = new Map<string, Effort>();
  /** Stack to when one of its first releases came further: what waits for that one by ending has its time from then on. */
  private readonly progress = new Map<string, number>();

  /**
   * @param services of one stack
   * @param noRoom service to why it finds no host or no image
   * @returns service to why it is overdue, and when others will be
   */
  look(
    services: readonly Looked[],
    removing: boolean,
    noRoom: ReadonlyMap<string, string>,
    now: number,
  ): Readonly<{ reasons: ReadonlyMap<string, string>; times: readonly number[] }> {
    const reasons = new Map<string, string>();
    const times: number[] = [];
    const trials: Trial[] = [];
    for (const { picture, gate } of services) {
      const { name, stack } = picture.record;
      if (removing) this.progress.delete(stack);
      if (gate !== undefined) continue;
      const key = serviceKey(stack, name);
      if (removing || !isTried(picture)) {
        if (this.efforts.get(key)?.first === true && !removing) this.progress.set(stack, now);
        this.efforts.delete(key);
        continue;
      }
      const trial = this.note(picture, noRoom.get(name), now);
      if (trial !== undefined) trials.push(trial);
    }
    const [{ picture: one } = {}] = services;
    const progress = this.progress.get(one?.record.stack ?? '') ?? 0;
    for (const { name, effort, patienceMs } of trials) {
      const at = Math.max(effort.since, progress) + patienceMs;
      if (at > now) times.push(at);
      else if (effort.reason !== undefined) reasons.set(name, effort.reason);
    }
    addWaiting(services, reasons);
    return { reasons, times };
  }

  /**
   * The time counts from when containers first ran, or could not, and anew whenever more are proven than before: one that
   * ends again and again is ready between.
   */
  private note(
    { record, rollout }: ServicePicture,
    noRoom: string | undefined,
    now: number,
  ): Trial | undefined {
    const { stack, name, service, generation } = record;
    const key = serviceKey(stack, name);
    const illness = illnessOf(record, rollout);
    const live = rollout.members.filter(({ leaving }) => !leaving);
    const proven = live.filter(
      ({ state, since }) => state === 'ready' && now - since >= rollout.policy.monitorMs,
    ).length;
    const known = this.efforts.get(key);
    const first = rollout.state === 'releasing';
    if (first && known?.generation === generation && proven > known.proven) this.progress.set(stack, now);
    const before = known?.generation === generation && known.proven >= proven ? known : undefined;
    const begins = live.some(({ running }) => running) || (illness ?? noRoom) !== undefined;
    if (before === undefined && !begins) return undefined;
    const reason = illness ?? noRoom ?? before?.reason;
    const effort = { ...(before ?? { generation, proven, since: now }), first, reason };
    this.efforts.set(key, effort);
    const isRefused = illness === undefined && noRoom !== undefined;
    return { name, effort, patienceMs: isRefused ? STUCK_MS : readyWithin(service, { running: true }) };
  }
}

/** With a release before it, its policy says what a failure comes to. */
function isTried({ record, rollout }: ServicePicture): boolean {
  const { state, fallback, members, wanted } = rollout;
  if (record.removing === true || record.service.runs.kind !== 'service') return false;
  if (state === 'releasing') return fallback === undefined;
  const live = members.filter(({ leaving }) => !leaving);
  const isWhole =
    live.length === wanted && live.every((one) => one.state === 'ready' || one.state === 'ended');
  return state === 'done' && !isWhole;
}

/** What waits for one of them is no further than it (`because` in the catalogue); each round finds those behind the round before. */
function addWaiting(services: readonly Looked[], reasons: Map<string, string>): void {
  for (let known = -1; known !== reasons.size; ) {
    known = reasons.size;
    for (const { picture, gate } of services) {
      const { name, service } = picture.record;
      const other = service.dependsOn.find((one) => reasons.has(one.service))?.service;
      if (gate !== undefined && other !== undefined) reasons.set(name, `${gate}: ${reasons.get(other)}`);
    }
  }
}
