import type { Coming, Release } from '../../contract/v1/releases.ts';
import type { ServiceMember, ServiceView, StackView } from '../../contract/v1/services.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Role } from '../../model/access.ts';
import type { Container } from '../../model/container.ts';
import {
  type ReleaseRecord,
  releaseKey,
  type ServiceRecord,
  type StackRecord,
  serviceKey,
} from '../../model/deployment.ts';
import { healthOf } from '../../model/readiness.ts';
import { scalingOf } from '../../model/service-scale.ts';
import { seenOn } from '../../store/seen.ts';
import type { ReadTx } from '../../store/store.ts';
import { shownChanges } from '../hidden-values.ts';

/** @throws BerthError `not_found` */
export function findStack(tx: ReadTx, name: string): StackRecord {
  const stack = tx.get('stacks', name);
  if (stack !== undefined) return stack;
  throw new BerthError('not_found', `there is no stack "${name}"`, { hint: '"berth stack ls" lists them' });
}

/** @throws BerthError `not_found` */
export function findService(tx: ReadTx, stack: string, name: string): ServiceRecord {
  findStack(tx, stack);
  const record = tx.get('services', serviceKey(stack, name));
  if (record !== undefined) return record;
  throw new BerthError('not_found', `stack ${stack} has no service "${name.slice(0, 80)}"`, {
    hint: `"berth service ls ${stack}" lists them`,
  });
}

export function stackView(tx: ReadTx, record: StackRecord): StackView {
  const { name, generation, at, by, removing = false } = record;
  const services = [...tx.by('services', 'stack', name)].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, generation, at, by, removing, services: services.map((one) => serviceView(tx, one)) };
}

export function serviceView(tx: ReadTx, record: ServiceRecord): ServiceView {
  const { stack, name, service, scale, release: number } = record;
  const status = tx.get('serviceStatus', serviceKey(stack, name));
  const release = tx.get('releases', releaseKey(stack, name, number));
  const { kind } = service.scale;
  const next = release?.state === 'releasing' ? nextOf(release) : '';
  const { running = 0, ready = 0, current = 0, waiting = '' } = status ?? {};
  // Of what it was before it was changed it says nothing.
  const overdue = status?.overdue?.generation === record.generation ? status.overdue.reason : undefined;
  // What was asked for in this moment has not been looked at by the controller.
  const wanted =
    service.scale.kind === 'replicated' && service.runs.kind !== 'cron'
      ? (scale ?? service.scale.replicas)
      : (status?.wanted ?? 0);
  return {
    ...{ stack, name, image: service.container.Image, scale, wanted, running, ready, current, waiting },
    ...(overdue === undefined ? {} : { overdue }),
    ...(next === '' ? {} : { next }),
    ...scalingView(record),
    mode: service.runs.kind === 'service' ? kind : service.runs.kind,
    release: { number, state: release?.state ?? 'releasing', reason: release?.reason ?? '' },
    removing: record.removing === true || tx.get('stacks', stack)?.removing === true,
  };
}

/** What comes next by itself, or by whom; undefined where nothing does. */
export function comingOf({ shift, state, spec, cause }: ReleaseRecord): Coming | undefined {
  if (shift === undefined || cause.kind === 'rollback') return undefined;
  if (state === 'waiting') return { kind: 'confirmation' };
  if (state !== 'releasing') return undefined;
  const { steps = [], confirm = 'by-hand' } = spec.update.shift ?? {};
  const step = steps[shift.step];
  const following = steps[shift.step + 1];
  const next =
    following !== undefined
      ? ({ kind: 'weight', weight: following.weight } as const)
      : ({ kind: confirm === 'by-hand' ? 'confirm' : 'all' } as const);
  if (step === undefined) return { kind: 'ready', next };
  return { kind: 'step', step: shift.step + 1, of: steps.length, until: shift.since + step.holdMs, next };
}

/** The same in words; empty where nothing does. */
export function nextOf(release: ReleaseRecord): string {
  const coming = comingOf(release);
  const of = `${release.stack}/${release.service}`;
  switch (coming?.kind) {
    case undefined:
      return '';
    case 'confirmation':
      return `"berth release confirm ${of}" takes the old version away, "berth release rollback ${of}" the new one`;
    case 'ready':
      return `once its containers are ready: ${followingText(coming.next)}`;
    case 'step':
      return `step ${coming.step} of ${coming.of}, until ${new Date(coming.until).toISOString()}; then: ${followingText(coming.next)}`;
  }
}

function followingText(next: Extract<Coming, { kind: 'ready' }>['next']): string {
  if (next.kind === 'weight') return `${next.weight} %`;
  return next.kind === 'confirm' ? 'confirmation' : 'all requests, and the old version goes';
}

function scalingView(record: ServiceRecord): Pick<ServiceView, 'scaling'> {
  const scaling = scalingOf(record);
  return { scaling: scaling === undefined ? null : { min: scaling.min, max: scaling.max } };
}

/** As they are written in JSON: what is undefined is not there; as the role may see them. */
export function changesView(changes: ReleaseRecord['changes'], role: Role): Release['changes'] {
  return shownChanges(changes, role).map(({ field, before, after }) => ({ field, before, after }));
}

export function releaseView(release: ReleaseRecord, role: Role): Release {
  const { number, at, by, cause, changes, state, reason, failed, shift, spec } = release;
  return {
    number,
    at,
    by,
    cause,
    changes: changesView(changes, role),
    state,
    reason,
    failed: [...failed],
    ...(shift === undefined ? {} : { shift }),
    image: spec.container.Image,
  };
}

/** Containers of a stack, or of one of its services, by service and index. */
export function membersOf(tx: ReadTx, stack: string, service?: string): readonly ServiceMember[] {
  const names =
    service === undefined ? [...tx.by('services', 'stack', stack)].map(({ name }) => name).sort() : [service];
  return names.flatMap((name) =>
    [...tx.by('containers', 'stackService', serviceKey(stack, name))]
      .map((container) => memberView(tx, container))
      .sort((a, b) => a.index - b.index),
  );
}

function memberView(tx: ReadTx, { id, name, desired, assigned, service }: Container): ServiceMember {
  const { hostId } = assigned;
  const seen = seenOn(tx, id, hostId);
  return {
    ...{ id, name, service: service?.name ?? '', index: service?.index ?? 0, release: service?.release ?? 0 },
    ...{ hostId, hostName: tx.get('hosts', hostId)?.name ?? hostId, image: desired.spec.Image },
    state: service?.leaving === true ? 'leaving' : (seen?.state.status ?? 'pending'),
    health: seen === undefined ? 'none' : healthOf(seen),
    startedAt: seen?.state.startedAt ?? 0,
    refusal: service?.refusal ?? '',
  };
}
