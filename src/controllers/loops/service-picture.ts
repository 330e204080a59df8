import type { Container, ObservedContainer } from '../../model/container.ts';
import { type ReleaseRecord, releaseKey, type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import type { Service, UpdatePolicy } from '../../model/service.ts';
import type { AccessFigures } from '../../model/traffic.ts';
import { releaseBefore, servesAs } from '../../store/releases.ts';
import { seenOf } from '../../store/seen.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { containerName, containerSpec, policyFor } from '../plan/services/container-spec.ts';
import type { Waited } from '../plan/services/dependencies.ts';
import { conditionOf, isBetweenHosts, type Member, readyWithin } from '../plan/services/member.ts';
import type { Rollout, ShiftFigures } from '../plan/services/rollout.ts';
import { ROUTERS_MS } from './leaving.ts';
import type { ServiceHands } from './service-hands.ts';

/** Figures are told every two seconds, in slots of two: a window that is shorter would have what was before. */
const SHORTEST_MS = 4_000;

const STARTED_AGAIN = say('services.said.between');
/** So long a container that was started again is said to be ill at least, milliseconds. */
const AGAIN_MS = 1_000;

/** A service with all that its planner looks at. */
export type ServicePicture = Readonly<{
  record: ServiceRecord;
  release: ReleaseRecord;
  rollout: Rollout;
  /** Leaving ones that have stopped, or whose host is away: their records can go. */
  stopped: readonly string[];
  /** Leaving ones to which no router leads any more, or that have been waited for long enough: they can stop. */
  drained: readonly string[];
  /** When leaving ones have been waited for long enough; undefined where none is waited for. */
  drainAt: number | undefined;
  /** When a container that is made or starts will have taken too long, or one that was started again counts as well. */
  lateAt: number | undefined;
}>;

/** How a container was when it was looked at last. */
type Noted = Readonly<{
  state: string;
  running: boolean;
  hostId: string;
  startedAt: number;
  since: number;
}>;

/** Remembers since when each container is as it is. A manager that starts begins anew: nothing is proven too early. */
export class MemberWatch {
  private readonly known = new Map<string, Noted>();

  /**
   * @param startedAt 0 where nothing that runs now counts
   * @returns since when it is in that state, with or without its process, and whether it was started again on its host meanwhile
   */
  note(
    id: string,
    { state, running, hostId, startedAt }: Omit<Noted, 'since'>,
    now: number,
  ): { since: number; again: boolean } {
    const before = this.known.get(id);
    const stays = before?.hostId === hostId;
    const again = stays && before.startedAt > 0 && startedAt > before.startedAt;
    const same = stays && before.state === state && before.running === running && !again;
    const since = same ? before.since : now;
    if (!same || before.startedAt !== startedAt)
      this.known.set(id, { state, running, hostId, startedAt, since });
    return { since, again };
  }

  /** Of containers that are gone. */
  forget(id: string): void {
    this.known.delete(id);
  }
}

export type PictureDeps = Readonly<{
  hands: ServiceHands;
  watch: MemberWatch;
  access: AccessFigures;
  now: number;
}>;

/** Undefined where its release's record is gone: nobody knows what its containers are to be. */
export function pictureOf(tx: ReadTx, record: ServiceRecord, deps: PictureDeps): ServicePicture | undefined {
  const { hands, watch, now } = deps;
  const { stack, name, service } = record;
  const release = tx.get('releases', releaseKey(stack, name, record.release));
  if (release === undefined) return undefined;
  const before = releaseBefore(tx, record, release.number);
  const made = { fresh: [] as number[], old: [] as number[] };
  const members: Member[] = [];
  const stopped: string[] = [];
  const drained: string[] = [];
  let drainAt: number | undefined;
  let lateAt: number | undefined;
  for (const container of tx.by('containers', 'stackService', serviceKey(stack, name))) {
    const { id, assigned, desired } = container;
    // It waits for its host to come back to be removed: nobody counts it any more.
    if (desired.state === 'removed' && !hands.connected(assigned.hostId)) continue;
    const seen = seenOf(tx, container);
    const heardAt = hands.connected(assigned.hostId)
      ? undefined
      : (tx.get('hostStatus', assigned.hostId)?.lastHeardAt ?? 0);
    const own = memberOf(container, seen, { watch, now, runs: service.runs.kind, heardAt });
    const member = { ...own, release: sideOf(tx, release, before, own.release) };
    if (member.release === release.number) made.fresh.push(own.release);
    else if (member.release === before?.number) made.old.push(own.release);
    const late = member.since + readyWithin(service, member);
    const waits =
      member.state === 'starting' && desired.state === 'running' && hands.connected(assigned.hostId);
    if (waits) lateAt = Math.min(lateAt ?? late, late);
    // What is seen of it is as it was: nothing else wakes whoever looks.
    if (own.said === STARTED_AGAIN) lateAt = Math.min(lateAt ?? now + AGAIN_MS, now + AGAIN_MS);
    members.push(waits && now >= late && service.runs.kind === 'service' ? tooLate(member) : member);
    if (member.leaving && desired.state !== 'removed' && hasStopped(container, seen, hands)) stopped.push(id);
    else if (member.leaving && desired.state === 'running') {
      const end = (container.service?.leavingAt ?? 0) + settingsOf(tx).drainMs + ROUTERS_MS;
      if (now >= end || hands.isOut(id)) drained.push(id);
      else drainAt = Math.min(drainAt ?? end, end);
    }
  }
  // Of a job with times its runs say how many there are.
  const replicas =
    service.scale.kind === 'replicated' && service.runs.kind !== 'cron' ? service.scale.replicas : 0;
  const wanted = record.scale ?? replicas;
  const { uncovered, misplaced } =
    service.scale.kind === 'global'
      ? coverageOf(tx, record, members, hands)
      : { uncovered: undefined, misplaced: [] };
  const { cause, shift } = release;
  const figures = figuresOf(release, made, deps);
  const rollout: Rollout = {
    now,
    members,
    wanted:
      uncovered === undefined
        ? wanted
        : uncovered.length + members.filter((one) => !one.leaving && !misplaced.includes(one.id)).length,
    release: release.number,
    state: release.state,
    policy: policyFor(service, policyOf(release, service)),
    fallback: before?.number,
    ...(before !== undefined && servesAs(tx, release, before.number) ? { sameBefore: true } : {}),
    mayRollBack: cause.kind !== 'rollback' && before !== undefined,
    failed: release.failed,
    ...(shift === undefined ? {} : { shift }),
    ...(figures === undefined ? {} : { figures }),
    ...(uncovered === undefined ? {} : { uncovered }),
    ...(misplaced.length === 0 ? {} : { misplaced }),
  };
  return { record, release, rollout, stopped, drained, drainAt, lateAt };
}

/** Those that are as the wanted release, or the one before it, would make them count as theirs. */
function sideOf(tx: ReadTx, release: ReleaseRecord, before: ReleaseRecord | undefined, made: number): number {
  if (servesAs(tx, release, made)) return release.number;
  return before !== undefined && servesAs(tx, before, made) ? before.number : made;
}

/** What routers have counted since the shares are as they are; undefined while that is too short to be told apart. */
function figuresOf(
  { stack, service, shift, state, spec }: ReleaseRecord,
  made: Readonly<{ fresh: readonly number[]; old: readonly number[] }>,
  { access, now }: PictureDeps,
): ShiftFigures | undefined {
  if (shift === undefined || state !== 'releasing' || spec.update.shift?.analysis === undefined)
    return undefined;
  const windowMs = now - shift.since;
  const [fresh, old] = [mostOf(made.fresh), mostOf(made.old)];
  if (windowMs < SHORTEST_MS || fresh === undefined || old === undefined) return undefined;
  const of = (release: number) => access.of(serviceKey(stack, service), release, windowMs, shift.since);
  return { fresh: of(fresh), old: of(old) };
}

/** The one that is there most often: the pool of most of a version's containers. */
function mostOf(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const one of numbers) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** What goes out in two versions at once ends as it has begun, whatever a later file says. */
function policyOf({ cause, shift, spec }: ReleaseRecord, { update, rollback }: Service): UpdatePolicy {
  if (cause.kind === 'rollback') return rollback;
  return shift === undefined ? update : { ...update, kind: spec.update.kind, shift: spec.update.shift };
}

/** What is wrong with one of its containers, in one line: the catalogue has each `services.said` behind a name, too. */
export function illnessOf({ service }: ServiceRecord, { members }: Rollout): string | undefined {
  const ill = members.find(({ leaving, state }) => !leaving && state === 'failed');
  return ill === undefined ? undefined : `${containerName(service, ill.index)} ${ill.said}`;
}

/** What others wait for. */
export function waitedOf({ rollout: { wanted, release, state, members } }: ServicePicture): Waited {
  return { wanted, release, state, members };
}

function memberOf(
  container: Container,
  seen: ObservedContainer | undefined,
  {
    watch,
    now,
    runs,
    heardAt,
  }: Readonly<{
    watch: MemberWatch;
    now: number;
    runs: Service['runs']['kind'];
    /** When its host was heard last, where that has no connection; 0: never by this manager. */
    heardAt: number | undefined;
  }>,
): Member {
  const { id, assigned, service } = container;
  const { index = 0, release = 0, leaving = false, refusal } = service ?? {};
  const condition = conditionOf(container, seen, runs);
  const { hostId } = assigned;
  const startedAt = isBetweenHosts(container) ? 0 : (seen?.state.startedAt ?? 0);
  const { state, running } = condition;
  const { since, again } = watch.note(id, { state, running, hostId, startedAt }, now);
  const base = {
    id,
    index,
    release,
    hostId,
    leaving,
    refused: refusal !== undefined,
    since,
    ...(seen?.state.status === 'exited'
      ? { exitCode: seen.state.exitCode, endedAt: seen.state.finishedAt }
      : {}),
    ...(heardAt === undefined ? {} : { awaySince: heardAt || since }),
  };
  // Its process has ended between two looks: it is not as well as it seems.
  if (again && condition.state === 'ready' && runs === 'service')
    return { ...base, ...condition, state: 'failed', said: STARTED_AGAIN };
  return { ...base, ...condition };
}

/** It is not made anew for that: its host works on it, and one that is slow would have twice the work. See `late` in the catalogue. */
function tooLate(member: Member): Member {
  return { ...member, state: 'failed', said: `${member.said}, though there was time enough` };
}

function hasStopped(
  { assigned }: Container,
  seen: ObservedContainer | undefined,
  hands: ServiceHands,
): boolean {
  if (seen === undefined || !hands.connected(assigned.hostId)) return true;
  const { status } = seen.state;
  return status === 'exited' || status === 'created' || status === 'dead';
}

/** Hosts that have none yet, and members on hosts that are to have none: drained ones, and those that are let through no more. */
function coverageOf(
  tx: ReadTx,
  { service, name }: ServiceRecord,
  members: readonly Member[],
  hands: ServiceHands,
): Readonly<{ uncovered: readonly string[]; misplaced: readonly string[] }> {
  const covered = new Set(members.map(({ hostId }) => hostId));
  const spec = containerSpec({ networks: [] }, { ...service, identity: { hostnames: false, ips: {} } }, 1);
  const { hosts, outside } = hands.matching(tx, name, spec);
  const isEmptied = (hostId: string) => outside.includes(hostId) || tx.get('hosts', hostId)?.drained === true;
  return {
    uncovered: hosts.filter((hostId) => !covered.has(hostId)),
    misplaced: members.filter(({ hostId }) => isEmptied(hostId)).map(({ id }) => id),
  };
}
