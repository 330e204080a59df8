import { BerthError } from '../../kit/errors.ts';
import {
  type ReleaseRecord,
  releaseKey,
  type ServiceRecord,
  type Shift,
  serviceKey,
} from '../../model/deployment.ts';
import { isReady } from '../../model/readiness.ts';
import { say } from '../../model/said/index.ts';
import { scaled } from '../../model/service-scale.ts';
import { fieldChanges } from '../../model/stack-diff.ts';
import { beginRelease, releaseBefore, releasesOf, splitOf } from '../../store/releases.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { wayBack } from '../../store/way-back.ts';
import { TRAFFIC_MS } from '../routing/route-view.ts';
import { trafficView } from '../routing/traffic-view.ts';
import { refuseOtherRelease, refuseOtherWeight } from './as-seen.ts';
import { changeService } from './change-service.ts';
import type { Call, Handlers } from './handler.ts';
import { changesView, comingOf, findService, nextOf, releaseView, serviceView } from './service-view.ts';

type Names =
  `release.${'history' | 'status' | 'rollback' | 'preview' | 'pause' | 'resume' | 'weight' | 'confirm'}`;

export const releaseHandlers: Handlers<Names> = {
  'release.history': ({ deps, params: { stack, service }, principal: { role } }) =>
    deps.store.view((tx) => {
      findService(tx, stack, service);
      return { releases: releasesOf(tx, stack, service).map((one) => releaseView(one, role)) };
    }),
  'release.status': (call) => call.deps.store.view((tx) => statusOf(tx, call)),
  'release.rollback': (call) =>
    changeService(call, (tx, record) => {
      refuseOtherRelease(tx, record, call.body.release);
      const target = targetOf(tx, record, call.body.to);
      const cause = { kind: 'rollback', to: target.number, automatic: false } as const;
      const start = { cause, by: call.principal.user, at: call.deps.clock.now() };
      beginRelease(tx, record, wayBack(tx, record, target), start);
    }),
  'release.preview': ({ deps, params: { stack, service }, query, principal: { role } }) =>
    deps.store.view((tx) => {
      const record = findService(tx, stack, service);
      const target = targetOf(tx, record, query.to);
      return {
        release: releaseView(target, role),
        changes: changesView(
          fieldChanges(scaled(record), scaled({ ...record, service: wayBack(tx, record, target) })),
          role,
        ),
      };
    }),
  'release.pause': (call) =>
    changeService(call, (tx, record) => {
      refuseOtherRelease(tx, record, call.body.release);
      const release = current(tx, record, ['releasing']);
      tx.put('releases', {
        ...release,
        state: 'paused',
        reason: say('services.by', { user: call.principal.user }),
      });
    }),
  'release.resume': (call) =>
    changeService(call, (tx, record) => {
      refuseOtherRelease(tx, record, call.body.release);
      const release = current(tx, record, ['paused']);
      const shift = release.shift && begunAgain(release.shift, call.deps.clock.now());
      const more = shift === undefined ? {} : { shift };
      tx.put('releases', { ...release, ...more, state: 'releasing', reason: '', failed: [] });
    }),
  'release.weight': (call) =>
    changeService(call, (tx, record) => {
      const { weight, was } = call.body;
      refuseOtherRelease(tx, record, call.body.release);
      const release = sharing(tx, record, ['releasing', 'waiting', 'paused']);
      refuseOtherWeight(release, was);
      if (weight > 0) refuseUnready(tx, record);
      const shift = { weight, step: -1, since: call.deps.clock.now() };
      const reason = say('services.weight', { weight, user: call.principal.user });
      tx.put('releases', { ...release, shift, state: 'waiting', reason, failed: [] });
    }),
  'release.confirm': (call) =>
    changeService(call, (tx, record) => {
      refuseOtherRelease(tx, record, call.body.release);
      const release = sharing(tx, record, ['releasing', 'waiting', 'paused']);
      refuseUnready(tx, record);
      const reason = say('services.by', { user: call.principal.user });
      tx.put('releases', { ...release, state: 'confirmed', reason, failed: [] });
    }),
};

/**
 * The release that a rollback brings back.
 * @throws BerthError `not_found`; `conflict` for the one that is wanted already
 */
function targetOf(tx: ReadTx, record: ServiceRecord, to: number | undefined): ReleaseRecord {
  const { stack, name, release } = record;
  const target =
    to === undefined ? releaseBefore(tx, record, release) : tx.get('releases', releaseKey(stack, name, to));
  if (target === undefined)
    throw new BerthError(
      'not_found',
      to === undefined
        ? `service ${name} has no release before ${release} that was done`
        : to > release
          ? `service ${name} has no release ${to}: its newest is ${release}`
          : `service ${name} has no release ${to} any more`,
      { hint: `"berth release history ${stack}/${name}" lists them` },
    );
  if (target.number === release)
    throw new BerthError('conflict', `service ${name} has release ${release} already`, {
      hint: `"berth release history ${stack}/${name}" lists those before it`,
    });
  return target;
}

/** One that stopped with nothing begins with its first step; one that was held goes on with the step that it was at. */
function begunAgain({ weight, step }: Shift, now: number): Shift {
  return { weight, step: weight === 0 ? -1 : step, since: now };
}

/** @throws BerthError `conflict` where the release is in another state */
function current(
  tx: WriteTx,
  record: ServiceRecord,
  states: readonly ReleaseRecord['state'][],
): ReleaseRecord {
  const { stack, name, release: number } = record;
  const release = tx.get('releases', releaseKey(stack, name, number));
  if (release !== undefined && states.includes(release.state)) return release;
  throw new BerthError(
    'conflict',
    `release ${number} of service ${name} is ${release?.state ?? 'gone'}, not ${states.join(' or ')}`,
    { hint: `"berth release status ${stack}/${name}" shows it; a deployment begins the next one` },
  );
}

/** @throws BerthError `conflict` where there are no two versions that serve */
function sharing(
  tx: WriteTx,
  record: ServiceRecord,
  states: readonly ReleaseRecord['state'][],
): ReleaseRecord {
  const release = current(tx, record, states);
  if (release.shift !== undefined && release.cause.kind !== 'rollback') return release;
  throw new BerthError(
    'conflict',
    `release ${release.number} of service ${record.name} has no share of the requests to set: its containers take the place of the old ones`,
    { hint: 'label the service berth.release: blue-green or canary, and deploy a new version' },
  );
}

/** @throws BerthError `conflict` */
function refuseUnready(tx: ReadTx, { stack, name, release }: ServiceRecord): void {
  if ((tx.get('serviceStatus', serviceKey(stack, name))?.current ?? 0) > 0) return;
  throw new BerthError(
    'conflict',
    `release ${release} of service ${name} has no container that is ready yet`,
    {
      hint: `"berth service ps ${stack}/${name}" shows them`,
    },
  );
}

function statusOf(tx: ReadTx, { deps, params, principal }: Call<'release.status'>) {
  const record = findService(tx, params.stack, params.service);
  const { stack, name, release: number, service } = record;
  const release = tx.get('releases', releaseKey(stack, name, number));
  if (release === undefined)
    throw new BerthError('not_found', `release ${number} of service ${name} is gone`);
  const key = serviceKey(stack, name);
  const { shift, cause, spec } = release;
  const split = splitOf(tx, record);
  const counts = new Map<number, { containers: number; ready: number }>();
  for (const container of tx.by('containers', 'stackService', key)) {
    if (container.service === undefined || container.service.leaving === true) continue;
    const { release: made } = container.service;
    const count = counts.get(made) ?? { containers: 0, ready: 0 };
    counts.set(made, count);
    count.containers++;
    const seen = seenOf(tx, container);
    if (seen !== undefined && isReady(seen, container)) count.ready++;
  }
  const shares = { new: shift?.weight ?? 0, old: 100 - (shift?.weight ?? 0), none: 0 };
  const policy =
    cause.kind === 'rollback' ? service.rollback : shift === undefined ? service.update : spec.update;
  return {
    release: releaseView(release, principal.role),
    kind: policy.kind,
    waiting: serviceView(tx, record).waiting,
    next: nextOf(release),
    coming: comingOf(release),
    versions: [...counts]
      .sort(([a], [b]) => b - a)
      .map(([made, count]) => ({
        ...{ release: made, ...count },
        image: tx.get('releases', releaseKey(stack, name, made))?.spec.container.Image ?? '',
        weight: split === undefined ? null : shares[split.sideOf(made)],
        traffic: trafficView(deps.access.of(key, made, TRAFFIC_MS)),
      })),
    missing: [...deps.access.missing(TRAFFIC_MS)],
  };
}
