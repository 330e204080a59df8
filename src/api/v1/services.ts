import { BerthError } from '../../kit/errors.ts';
import { releaseKey, type ServiceRecord } from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import { leastAt } from '../../model/schedule.ts';
import { scalingOf } from '../../model/service-scale.ts';
import { beginRelease } from '../../store/releases.ts';
import { setScale } from '../../store/scaling.ts';
import { shownFields } from '../hidden-values.ts';
import { checkScale, refuseNumberless } from '../services/check-scale.ts';
import { restartDependents } from '../services/restart-dependents.ts';
import { refuseOtherNumber } from './as-seen.ts';
import { changeService } from './change-service.ts';
import { deployStack, planStack } from './deploy-stack.ts';
import type { Handlers } from './handler.ts';
import { findService, findStack, membersOf, serviceView, stackView } from './service-view.ts';
import { stackHistory } from './stack-history.ts';

type Names =
  | `stack.${'list' | 'get' | 'deploy' | 'remove' | 'ps' | 'logs' | 'history'}`
  | `service.${'get' | 'ps' | 'scale' | 'plan' | 'restart'}`;

export const serviceHandlers: Handlers<Names> = {
  'stack.list': ({ deps }) =>
    deps.store.view((tx) => ({
      stacks: [...tx.all('stacks')]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((record) => stackView(tx, record)),
    })),
  'stack.get': ({ deps, params, principal }) =>
    deps.store.view((tx) => {
      const record = findStack(tx, params.stack);
      return { ...stackView(tx, record), spec: shownFields(record.stack, principal.role) };
    }),
  'stack.deploy': async ({ deps, params, body, principal, about }) => {
    const { spec, dryRun, expect, source } = body;
    about(dryRun ? `${params.stack} (dry run)` : params.stack);
    if (spec.name !== params.stack)
      throw new BerthError('bad_request', `the stack calls itself ${spec.name}, not ${params.stack}`);
    if (dryRun) return planStack(deps, spec, expect);
    return deployStack(deps, spec, { by: principal.user, expect, source });
  },
  'stack.remove': async ({ deps, params }) => {
    await deps.store.update((tx) => {
      const record = findStack(tx, params.stack);
      if (record.removing !== true) tx.put('stacks', { ...record, removing: true });
    });
    return {};
  },
  'stack.ps': ({ deps, params }) =>
    deps.store.view((tx) => {
      findStack(tx, params.stack);
      return { containers: [...membersOf(tx, params.stack)] };
    }),
  'stack.logs': ({ deps, params: { stack }, query }) => {
    deps.store.view((tx) => {
      if (query.service === undefined) findStack(tx, stack);
      else findService(tx, stack, query.service);
    });
    return (signal) => deps.logs.read({ stack, ...query }, signal);
  },
  'stack.history': ({ deps, params: { stack } }) =>
    deps.store.view((tx) => {
      findStack(tx, stack);
      return { changes: [...stackHistory(tx, stack)] };
    }),
  'service.get': ({ deps, params, principal }) =>
    deps.store.view((tx) => {
      const record = findService(tx, params.stack, params.service);
      return { ...serviceView(tx, record), spec: shownFields(record.service, principal.role) };
    }),
  'service.ps': ({ deps, params }) =>
    deps.store.view((tx) => {
      findService(tx, params.stack, params.service);
      return { containers: [...membersOf(tx, params.stack, params.service)] };
    }),
  'service.scale': (call) =>
    changeService(call, (tx, record) => {
      const { replicas, was } = call.body;
      refuseNumberless(record);
      refuseOtherNumber(tx, record, was);
      checkScale(record.service, replicas);
      refuseBeyondLimits(record, replicas, call.deps.clock.now());
      setScale(tx, record, replicas, {
        at: call.deps.clock.now(),
        by: call.principal.user,
        why: say('scaling.why.hand'),
      });
    }),
  'service.plan': ({ deps, params: { stack, service }, query: { replicas } }) => {
    deps.store.view((tx) => findService(tx, stack, service));
    const { coming, leaving, refusal } = deps.services.scaledPlaces(stack, service, replicas);
    return deps.store.view((tx) => {
      const hostOf = (id: string) => tx.get('hosts', id)?.name ?? id;
      return {
        coming: coming.map(({ name, hostId }) =>
          hostId === undefined ? { name } : { name, host: hostOf(hostId) },
        ),
        leaving: leaving.map(({ id, name, hostId }) => ({ id, name, host: hostOf(hostId) })),
        refusal,
      };
    });
  },
  'service.restart': (call) =>
    changeService(call, (tx, record) => {
      const release = tx.get('releases', releaseKey(record.stack, record.name, record.release));
      if (release?.shift !== undefined && release.state !== 'done' && release.cause.kind !== 'rollback')
        throw new BerthError(
          'conflict',
          `two versions of service ${record.name} serve: which of them would be started again is not said`,
          { hint: 'confirm the release, or roll it back, and restart the service then' },
        );
      const start = {
        cause: { kind: 'restart' },
        by: call.principal.user,
        at: call.deps.clock.now(),
      } as const;
      beginRelease(tx, record, record.service, start);
      const stack = tx.get('stacks', record.stack)?.stack;
      if (stack !== undefined) restartDependents(tx, stack, [record.name], start);
    }),
};

/** 0 stops the service, and its scaling rests. @throws BerthError `conflict` for what the autoscaler would take back */
function refuseBeyondLimits(record: ServiceRecord, replicas: number, now: number): void {
  const scaling = scalingOf(record);
  if (scaling === undefined || replicas === 0) return;
  const least = leastAt(scaling, now);
  if (replicas >= least && replicas <= scaling.max) return;
  const bySchedule = least > scaling.min ? ', at this time by its schedule' : '';
  throw new BerthError(
    'conflict',
    `service ${record.name} scales by itself from ${least} to ${scaling.max} containers${bySchedule}: ${replicas} would not stay`,
    { hint: `"berth autoscale set ${record.stack}/${record.name}" sets other limits, or --off` },
  );
}
