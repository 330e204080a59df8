import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { type JobRun, jobRunKey } from '../../model/cron.ts';
import {
  allNetworks,
  type ReleaseRecord,
  releaseKey,
  type ServiceRecord,
  type ServiceStatus,
  type StackRecord,
  serviceKey,
} from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import type { Stack } from '../../model/stack.ts';
import type { AccessFigures } from '../../model/traffic.ts';
import { beginRelease, jobRunsOf, releasesOf } from '../../store/releases.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { wayBack } from '../../store/way-back.ts';
import { type CronStep, planCron } from '../plan/services/cron.ts';
import { waitsFor } from '../plan/services/dependencies.ts';
import type { Member } from '../plan/services/member.ts';
import { planJob, planRollout } from '../plan/services/plan-rollout.ts';
import type { Rollout, RolloutStep } from '../plan/services/rollout.ts';
import { askedContainer, isPulled } from './asked-container.ts';
import type { ChosenHosts } from './chosen-hosts.ts';
import { dropFormerNetworks } from './former-networks.ts';
import type { ImagePulls } from './image-pulls.ts';
import { drop, retire, stop } from './leaving.ts';
import type { OverdueServices } from './overdue-services.ts';
import type { AskedContainer, Made, ServiceHands } from './service-hands.ts';
import { illnessOf, type MemberWatch, pictureOf, type ServicePicture, waitedOf } from './service-picture.ts';
import type { StuckReleases } from './stuck-releases.ts';
import { planned } from './workbench.ts';

export type LookDeps = Readonly<{
  store: Store;
  hands: ServiceHands;
  logger: Logger;
  watch: MemberWatch;
  pulls: ImagePulls;
  stuck: StuckReleases;
  overdue: OverdueServices;
  chosen: ChosenHosts;
  access: AccessFigures;
  /** Milliseconds since the epoch. */
  now: number;
}>;

export type Looked = Readonly<{
  /** IDs of containers that were made. */
  made: readonly string[];
  /** When to look again though nothing changes. */
  nextAt: number | undefined;
  /** Something waits for room, a host or an image. */
  waits: boolean;
  /** Something leaves, and routers still lead to it. */
  drains: boolean;
}>;

const NOTHING: Looked = { made: [], nextAt: undefined, waits: false, drains: false };

/** A service with what is to be done for it. */
type Planned = Readonly<{ picture: ServicePicture; plan: Plan; gate: string | undefined }>;
type Step = RolloutStep | CronStep;
type Plan = Readonly<{ steps: readonly Step[]; nextAt: number | undefined }>;

/** Plans each service of the stack from one picture, then does what the plans say in one transaction. */
export async function lookAtStack(name: string, deps: LookDeps): Promise<Looked> {
  const { store } = deps;
  const stack = store.view((tx) => tx.get('stacks', name));
  if (stack === undefined) return NOTHING;
  const plans = store.view((tx) => planStack(tx, stack, deps));
  const look = new StackLook(stack, deps);
  const refusals = look.refusals(plans);
  // Right after, with nothing in between: what the plans saw is what is.
  if (plans.length > 0 && look.changesSomething(plans, refusals))
    await store.update((tx) => look.act(tx, plans, refusals));
  if (stack.removing === true && store.view((tx) => [...tx.by('services', 'stack', name)]).length === 0)
    await removeStack(stack, deps);
  const left = stack.removing !== true && (await dropFormerNetworks(stack, deps));
  const looked = look.outcome(plans);
  return left ? { ...looked, waits: true } : looked;
}

function planStack(tx: ReadTx, { name, removing }: StackRecord, deps: LookDeps): readonly Planned[] {
  const pictures = [...tx.by('services', 'stack', name)].flatMap(
    (record) => pictureOf(tx, record, deps) ?? [],
  );
  const waited = new Map(pictures.map((picture) => [picture.record.name, waitedOf(picture)]));
  return pictures.map((picture) => {
    const { record, rollout } = picture;
    if (removing === true || record.removing === true)
      return {
        picture,
        plan: planRollout({ ...rollout, state: 'done', wanted: 0, uncovered: [] }),
        gate: undefined,
      };
    const late = lateReason(picture, deps);
    if (late !== undefined)
      return {
        picture,
        plan: { steps: [{ step: 'enter', state: 'paused', reason: late }], nextAt: undefined },
        gate: undefined,
      };
    const begun = rollout.members.some((one) => one.release === rollout.release);
    const gate = rollout.state === 'releasing' && !begun ? waitsFor(record.service, waited) : undefined;
    return { picture, plan: planGated(tx, picture, gate, deps.now), gate };
  });
}

/** Of a release that has waited for a host or an image for too long: where there is something before it, it stops. */
function lateReason({ record, rollout }: ServicePicture, { stuck, now }: LookDeps): string | undefined {
  if (!canBeStuck(record, rollout)) return undefined;
  return stuck.lateReason(serviceKey(record.stack, record.name), rollout.release, now);
}

function canBeStuck({ service }: ServiceRecord, { state, fallback }: Rollout): boolean {
  return service.runs.kind === 'service' && state === 'releasing' && fallback !== undefined;
}

/** While it may not begin, what there is of the release before is kept. */
function planGated(
  tx: ReadTx,
  { record, rollout, release }: ServicePicture,
  gate: string | undefined,
  now: number,
): Plan {
  const { runs } = record.service;
  if (runs.kind === 'cron') {
    const { members, state } = rollout;
    const checkedAt = Math.max(record.checkedAt ?? 0, release.at);
    const own = jobRunsOf(tx, record.stack, record.name);
    const open = gate === undefined;
    const plan = planCron({ now, cron: runs, release: release.number, checkedAt, runs: own, members, open });
    if (!open || state !== 'releasing') return plan;
    return { ...plan, steps: [{ step: 'enter', state: 'done', reason: '' }, ...plan.steps] };
  }
  if (runs.kind === 'job') return gate === undefined ? planJob(rollout) : { steps: [], nextAt: undefined };
  if (gate === undefined) return planRollout(rollout);
  if (rollout.fallback === undefined) return { steps: [], nextAt: undefined };
  return planRollout({ ...rollout, state: 'paused' });
}

/** One look at one stack: what its plans come to. */
class StackLook {
  private readonly made: string[] = [];
  private readonly times: number[] = [];
  private waits = false;
  /** Something begins to leave to which routers lead. */
  private retired = false;
  /** Service to the first reason for which it goes no further. */
  private readonly reasons = new Map<string, string>();
  /** By release: containers whose hosts lack the image. */
  private readonly lacking = new Map<string, { from: ReleaseRecord; asked: AskedContainer[] }>();
  /** Services for which that does not change by itself. */
  private readonly stuck = new Set<string>();
  /** Service to why it is not whole though there was time enough. */
  private overdue: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly stack: StackRecord,
    private readonly deps: LookDeps,
  ) {}

  /** Old containers that stay, since what is to replace them would find no host. */
  refusals(plans: readonly Planned[]): ReadonlySet<string> {
    const stay = new Set<string>();
    for (const { picture, plan } of plans) {
      const replaced = plan.steps.filter((step) => step.step === 'retire' && step.why === 'replaced');
      for (const step of replaced) {
        if (step.step !== 'retire') continue;
        const { record, release } = picture;
        const old = picture.rollout.members.find(({ id }) => id === step.id);
        // One that has no host, or no work, is no loss.
        if (old === undefined || !old.running) continue;
        const hostId = record.service.scale.kind === 'global' ? old.hostId : undefined;
        const result = planned(this.deps.store, (tx) => {
          const reason = this.deps.hands.ensureObjects(tx, this.stackAsKnown, release.spec, release.by);
          if (reason !== undefined) return { kind: 'refused' as const, reason };
          return this.tried(() => {
            const asked = this.asked(release, old.index, hostId);
            const made = this.deps.hands.makeInstead(tx, asked, step.id);
            // It stops for that host: on another one it might have to wait for the image.
            if (made.kind !== 'refused') this.choose(asked, made.hostId);
            return made;
          });
        });
        if (result.kind === 'made') continue;
        stay.add(step.id);
        this.say(record, result, release);
      }
    }
    return stay;
  }

  /** False where no record would be another one. */
  changesSomething(plans: readonly Planned[], refusals: ReadonlySet<string>): boolean {
    this.noteOverdue(plans);
    return plans.some(
      ({ picture, plan, gate }) =>
        picture.stopped.length > 0 ||
        picture.drained.length > 0 ||
        plan.steps.some((step) => step.step !== 'retire' || !refusals.has(step.id)) ||
        this.isGone(picture) ||
        this.deps.store.view((tx) => this.isNews(tx, this.statusOf(picture, gate))),
    );
  }

  act(tx: WriteTx, plans: readonly Planned[], refusals: ReadonlySet<string>): void {
    for (const { picture, plan } of plans) {
      for (const id of picture.stopped) drop(tx, id);
      for (const id of picture.drained) stop(tx, id);
      for (const step of plan.steps)
        if (step.step !== 'retire' || !refusals.has(step.id)) this.carryOut(tx, picture, step);
    }
    // What has found no host just now is known.
    this.noteOverdue(plans);
    for (const { picture, gate } of plans) {
      if (this.isGone(picture)) {
        forget(tx, picture.record);
        this.deps.hands.forgetLogins(tx, serviceKey(picture.record.stack, picture.record.name));
        continue;
      }
      const status = this.statusOf(picture, gate);
      if (this.isNews(tx, status)) tx.put('serviceStatus', status);
    }
  }

  outcome(plans: readonly Planned[]): Looked {
    for (const { from, asked } of this.lacking.values()) if (asked.length > 1) this.pullBeside(from, asked);
    for (const { picture, plan } of plans) {
      if (plan.nextAt !== undefined) this.times.push(plan.nextAt);
      if (picture.drainAt !== undefined) this.times.push(picture.drainAt);
      if (picture.lateAt !== undefined && picture.lateAt > this.deps.now) this.times.push(picture.lateAt);
      const stuckAt = this.noteStuck(picture);
      if (stuckAt !== undefined) this.times.push(stuckAt);
      const { record, rollout } = picture;
      this.deps.chosen.keep(
        serviceKey(record.stack, record.name),
        this.isGone(picture) ? [] : [rollout.release, rollout.fallback],
      );
    }
    const nextAt = this.times.length === 0 ? undefined : Math.min(...this.times);
    const drains = plans.some(({ picture }) => picture.drainAt !== undefined) || this.retired;
    return { made: this.made, nextAt, waits: this.waits, drains };
  }

  /** Brings the image to all hosts at once that would take one of them. */
  private pullBeside({ spec, stack, service }: ReleaseRecord, all: readonly AskedContainer[]): void {
    const { store, hands, pulls } = this.deps;
    const places = new Map(
      planned(store, (tx) => hands.places(tx, all)).map((place) => [place.name, place] as const),
    );
    for (const asked of all) {
      const { hostId, lacksImage } = places.get(asked.name) ?? {};
      if (hostId === undefined) continue;
      this.choose(asked, hostId);
      if (lacksImage === true && !pulls.hasFailed(hostId, spec.container.Image))
        pulls.want(hostId, this.hostName(hostId), spec, serviceKey(stack, service));
    }
  }

  private choose({ name, service: { stack, name: service, release } }: AskedContainer, hostId: string): void {
    this.deps.chosen.note(serviceKey(stack, service), name, { release, hostId });
  }

  private hostName(hostId: string): string {
    return this.deps.store.view((tx) => tx.get('hosts', hostId)?.name) ?? hostId;
  }

  private noteStuck({ record, rollout }: ServicePicture): number | undefined {
    const { stack, name } = record;
    const { release, members } = rollout;
    const ready = members.filter((one) => one.release === release && one.state === 'ready').length;
    const isStuck = this.stuck.has(name) && canBeStuck(record, rollout);
    const reason = isStuck ? this.reasons.get(name) : undefined;
    return this.deps.stuck.note(serviceKey(stack, name), { release, ready }, reason, this.deps.now);
  }

  private noteOverdue(plans: readonly Planned[]): void {
    const { overdue, now } = this.deps;
    const noRoom = new Map([...this.reasons].filter(([name]) => this.stuck.has(name)));
    const { reasons, times } = overdue.look(plans, this.stack.removing === true, noRoom, now);
    this.overdue = reasons;
    this.times.push(...times);
  }

  private carryOut(tx: WriteTx, picture: ServicePicture, step: Step): void {
    const { record, release } = picture;
    switch (step.step) {
      case 'create':
        this.create(tx, picture, step);
        return;
      case 'retire':
        if (retire(tx, step.id, this.deps.now) === 'draining') this.retired = true;
        return;
      case 'note-failed':
        this.change(tx, release, (now) => ({ failed: [...now.failed, ...step.indexes] }));
        return;
      case 'shift': {
        const { weight, at } = step;
        this.change(tx, release, () => ({ shift: { weight, step: at, since: this.deps.now } }));
        this.log(record, `has ${weight} %`, '');
        return;
      }
      case 'enter':
        this.change(tx, release, () => ({ state: step.state, reason: step.reason }));
        this.log(record, step.state, step.reason);
        return;
      case 'roll-back':
        this.rollBack(tx, picture, step.reason);
        return;
      case 'checked':
        this.checked(tx, record, step.at);
        return;
      case 'put-run':
        tx.put('jobRuns', { kind: 'job-run', stack: record.stack, service: record.name, ...step.run });
        return;
      case 'change-run':
        this.changeRun(tx, record, step.number, step.change);
        return;
      case 'forget-run':
        tx.delete('jobRuns', jobRunKey(record.stack, record.name, step.number));
        return;
      case 'make-run':
        this.makeRun(tx, record, step);
    }
  }

  private checked(tx: WriteTx, { stack, name }: ServiceRecord, at: number): void {
    const now = tx.get('services', serviceKey(stack, name));
    if (now !== undefined) tx.put('services', { ...now, checkedAt: at });
  }

  private changeRun(
    tx: WriteTx,
    { stack, name }: ServiceRecord,
    number: number,
    change: Partial<JobRun>,
  ): void {
    const run = tx.get('jobRuns', jobRunKey(stack, name, number));
    if (run !== undefined) tx.put('jobRuns', { ...run, ...change });
  }

  /** A run and its container are one transaction: it is claimed and made, or neither. */
  private makeRun(
    tx: WriteTx,
    record: ServiceRecord,
    { number, release }: Extract<CronStep, { step: 'make-run' }>,
  ): void {
    const { stack, name } = record;
    const from = tx.get('releases', releaseKey(stack, name, release));
    if (from === undefined) {
      const reason = say('services.run.release', { number: release });
      this.changeRun(tx, record, number, { state: 'failed', endedAt: this.deps.now, reason });
      return;
    }
    const dueAt = tx.get('jobRuns', jobRunKey(stack, name, number))?.dueAt;
    const asked = this.asked(from, number, undefined, dueAt);
    const result = this.makeOne(tx, from, asked);
    if (result.kind === 'image-missing') this.choose(asked, result.hostId);
    if (result.kind === 'made') {
      const { id: containerId, hostId } = result;
      this.made.push(containerId);
      const startedAt = this.deps.now;
      this.changeRun(tx, record, number, { state: 'running', startedAt, containerId, hostId, reason: '' });
      return;
    }
    this.say(record, result, from);
    const reason = this.reasons.get(name) ?? '';
    // Only where it is another one: a change wakes the next look.
    if (tx.get('jobRuns', jobRunKey(stack, name, number))?.reason !== reason)
      this.changeRun(tx, record, number, { reason });
  }

  private makeOne(tx: WriteTx, from: ReleaseRecord, asked: AskedContainer): Made {
    const reason = this.deps.hands.ensureObjects(tx, this.stackAsKnown, from.spec, from.by);
    if (reason !== undefined) return { kind: 'refused', reason };
    const result = this.tried(() => this.deps.hands.make(tx, asked));
    if (result.kind === 'made') this.deps.chosen.forget(serviceKey(from.stack, from.service), asked.name);
    return result;
  }

  private create(
    tx: WriteTx,
    { record, release }: ServicePicture,
    { index, release: number, hostId }: Extract<RolloutStep, { step: 'create' }>,
  ): void {
    const from =
      number === release.number ? release : tx.get('releases', releaseKey(record.stack, record.name, number));
    if (from === undefined) return;
    const asked = this.asked(from, index, hostId);
    const result = this.makeOne(tx, from, asked);
    if (result.kind === 'made') {
      this.made.push(result.id);
      return;
    }
    if (result.kind === 'image-missing') {
      const key = releaseKey(from.stack, from.service, from.number);
      const before = this.lacking.get(key);
      if (before !== undefined) {
        // Beside the first one it goes elsewhere: `pullBeside`.
        before.asked.push(asked);
        return;
      }
      this.choose(asked, result.hostId);
      this.lacking.set(key, { from, asked: [{ ...asked, chosen: result.hostId }] });
    }
    this.say(record, result, from);
  }

  private asked(release: ReleaseRecord, index: number, hostId?: string, dueAt?: number): AskedContainer {
    const { spec, stack, service, number } = release;
    const since = freshSince(release, dueAt);
    const asked = askedContainer(this.stack.stack, release, index);
    const chosen = this.deps.chosen.of(serviceKey(stack, service), number, asked.name);
    return {
      ...asked,
      ...(hostId === undefined ? {} : { hostId }),
      ...(since === undefined
        ? {}
        : { isFresh: (id: string) => this.deps.pulls.isFresh(id, spec.container.Image, since) }),
      ...(isPulled(spec)
        ? { pullFailed: (id: string) => this.deps.pulls.hasFailed(id, spec.container.Image) }
        : {}),
      ...(chosen === undefined ? {} : { chosen }),
    };
  }

  /** What cannot be made because of what the file says is a reason like any other. */
  private tried(make: () => Made): Made {
    try {
      return make();
    } catch (thrown) {
      if (thrown instanceof BerthError) return { kind: 'refused', reason: messageOf(thrown) };
      throw thrown;
    }
  }

  private say(record: ServiceRecord, result: Exclude<Made, { kind: 'made' }>, { spec }: ReleaseRecord): void {
    this.waits = true;
    let reason: string;
    if (result.kind === 'refused') {
      reason = result.reason;
      this.stuck.add(record.name);
    } else {
      const hostName = this.hostName(result.hostId);
      const { waiting, stuck, nextAt } = this.deps.pulls.want(
        result.hostId,
        hostName,
        spec,
        serviceKey(record.stack, record.name),
      );
      if (nextAt !== undefined) this.times.push(nextAt);
      reason = waiting;
      if (stuck) this.stuck.add(record.name);
    }
    if (!this.reasons.has(record.name)) this.reasons.set(record.name, reason);
  }

  private rollBack(tx: WriteTx, { record, release, rollout }: ServicePicture, reason: string): void {
    const back = tx.get('releases', releaseKey(record.stack, record.name, rollout.fallback ?? 0));
    if (back === undefined) {
      this.change(tx, release, () => ({ state: 'paused', reason }));
      return;
    }
    this.change(tx, release, () => ({ state: 'rolled-back', reason }));
    this.log(record, 'rolled-back', reason);
    const cause = { kind: 'rollback' as const, to: back.number, automatic: true };
    beginRelease(tx, record, wayBack(tx, record, back), { cause, by: release.by, at: this.deps.now });
  }

  private change(
    tx: WriteTx,
    { stack, service, number }: ReleaseRecord,
    change: (now: ReleaseRecord) => Partial<ReleaseRecord>,
  ): void {
    const now = tx.get('releases', releaseKey(stack, service, number));
    if (now !== undefined) tx.put('releases', { ...now, ...change(now) });
  }

  private log({ stack, name, release }: ServiceRecord, state: string, reason: string): void {
    this.deps.logger.info({ stack, service: name, release, reason }, `release ${state}`);
  }

  /** A release that is gone back to may have networks which the file has no more. */
  private get stackAsKnown(): Stack {
    return { ...this.stack.stack, networks: [...allNetworks(this.stack)] };
  }

  private isGone({ record, rollout }: ServicePicture): boolean {
    return (record.removing === true || this.stack.removing === true) && rollout.members.length === 0;
  }

  private statusOf({ record, rollout, release }: ServicePicture, gate: string | undefined): ServiceStatus {
    if (record.service.runs.kind === 'cron') return this.cronStatus(record, rollout.members, gate);
    const live = rollout.members.filter(({ leaving }) => !leaving);
    const isReady = (state: string) => state === 'ready' || state === 'ended';
    const reason = this.overdue.get(record.name);
    return {
      ...{ kind: 'service-status', stack: record.stack, name: record.name, wanted: rollout.wanted },
      running: live.filter(({ running }) => running).length,
      ready: live.filter(({ state }) => isReady(state)).length,
      current: live.filter((one) => isReady(one.state) && one.release === release.number).length,
      waiting: this.reasons.get(record.name) ?? gate ?? illnessOf(record, rollout) ?? '',
      ...(reason === undefined ? {} : { overdue: { generation: record.generation, reason } }),
    };
  }

  /** As many as run now are wanted: those that have ended are history. */
  private cronStatus(
    { stack, name }: ServiceRecord,
    members: readonly Member[],
    gate: string | undefined,
  ): ServiceStatus {
    const live = members.filter((one) => !one.leaving && one.state !== 'ended' && one.state !== 'failed');
    const running = live.filter((one) => one.running).length;
    const ready = live.filter(({ state }) => state === 'ready').length;
    const waiting = this.reasons.get(name) ?? gate ?? '';
    return {
      kind: 'service-status',
      stack,
      name,
      wanted: live.length,
      running,
      ready,
      current: ready,
      waiting,
    };
  }

  private isNews(tx: ReadTx, status: ServiceStatus): boolean {
    const before = tx.get('serviceStatus', serviceKey(status.stack, status.name));
    return JSON.stringify(before) !== JSON.stringify(status);
  }
}

/**
 * Since when a container's image must have been pulled; undefined where it takes what is there, as one that is made again.
 * @param dueAt time of a run of a job, each of which pulls with `pull: always`
 */
function freshSince(
  { spec, cause, state, at }: ReleaseRecord,
  dueAt: number | undefined,
): number | undefined {
  const isNew = state === 'releasing' || dueAt !== undefined;
  if (spec.pull === 'always') return isNew ? (dueAt ?? at) : undefined;
  // What a user builds or loads is in no registry.
  const isAnew = cause.kind === 'redeploy' && spec.pull === 'missing' && spec.build === undefined;
  return isAnew && isNew ? at : undefined;
}

function forget(tx: WriteTx, { stack, name }: ServiceRecord): void {
  for (const { number } of releasesOf(tx, stack, name))
    tx.delete('releases', releaseKey(stack, name, number));
  for (const { number } of jobRunsOf(tx, stack, name)) tx.delete('jobRuns', jobRunKey(stack, name, number));
  tx.delete('serviceStatus', serviceKey(stack, name));
  tx.delete('scaleHistory', serviceKey(stack, name));
  for (const { id } of [...tx.by('triggers', 'service', serviceKey(stack, name))]) tx.delete('triggers', id);
  tx.delete('services', serviceKey(stack, name));
}

/** Its services are gone: its own networks, then its record, and its configs, secrets and source with it. */
async function removeStack(stack: StackRecord, { store, hands, logger }: LookDeps): Promise<void> {
  const { name } = stack;
  for (const reason of await hands.dropNetworks(allNetworks(stack), 'drop'))
    logger.warn({ stack: name, reason }, 'network kept');
  await store.update((tx) => {
    const [service] = tx.by('services', 'stack', name);
    if (service !== undefined || tx.get('stacks', name)?.removing !== true) return;
    tx.delete('stacks', name);
    tx.delete('stackSources', name);
    hands.sweepFiles(tx);
  });
}
