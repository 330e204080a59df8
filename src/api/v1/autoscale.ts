import type { ScaledView } from '../../contract/v1/autoscale.ts';
import { BerthError } from '../../kit/errors.ts';
import { type ServiceRecord, serviceKey } from '../../model/deployment.ts';
import { scalingOf } from '../../model/service-scale.ts';
import { checkScale } from '../services/check-scale.ts';
import { refuseOtherRules } from './as-seen.ts';
import type { ApiDeps } from './deps.ts';
import type { Handlers } from './handler.ts';
import { findService } from './service-view.ts';

type Names = `autoscale.${'list' | 'explain' | 'history' | 'set' | 'remove'}`;

export const autoscaleHandlers: Handlers<Names> = {
  'autoscale.list': ({ deps }) => {
    const records = deps.store.view((tx) =>
      [...tx.all('services')].filter((one) => scalingOf(one) !== undefined),
    );
    const views = records.map((record) => {
      const { sentences: _, ...view } = explained(deps, record);
      return view;
    });
    return { services: views.sort((a, b) => (`${a.stack}/${a.name}` < `${b.stack}/${b.name}` ? -1 : 1)) };
  },
  'autoscale.explain': ({ deps, params }) =>
    explained(
      deps,
      deps.store.view((tx) => findService(tx, params.stack, params.service)),
    ),
  'autoscale.history': ({ deps, params: { stack, service } }) =>
    deps.store.view((tx) => {
      findService(tx, stack, service);
      return { changes: [...(tx.get('scaleHistory', serviceKey(stack, service))?.changes ?? [])].reverse() };
    }),
  'autoscale.set': async ({ deps, params, body: { scaling, was }, about }) => {
    about(`${params.stack}/${params.service}`);
    await deps.store.update((tx) => {
      const record = findService(tx, params.stack, params.service);
      refuseOthers(record);
      refuseOtherRules(record, was);
      if (scaling.kind === 'scaling') checkScale(record.service, scaling.max);
      tx.put('services', { ...record, scaling, generation: record.generation + 1 });
    });
    return { scaling };
  },
  'autoscale.remove': async ({ deps, params, body, about }) => {
    about(`${params.stack}/${params.service}`);
    return deps.store.update((tx) => {
      const record = findService(tx, params.stack, params.service);
      refuseOtherRules(record, body.was);
      const { scaling, ...rest } = record;
      if (scaling === undefined)
        throw new BerthError('conflict', `service ${record.name} has no rules that were set by hand`, {
          hint:
            record.service.scaling === undefined
              ? 'it does not scale by itself'
              : `its compose file has some: take them out there, or "berth autoscale set --off ${params.stack}/${record.name}"`,
        });
      const after = { ...rest, generation: record.generation + 1 };
      tx.put('services', after);
      return { scaling: scalingOf(after) ?? null };
    });
  },
};

function explained(deps: ApiDeps, record: ServiceRecord): ScaledView & { sentences: string[] } {
  const { stack, name } = record;
  const { scaling, sentences, ...view } = deps.autoscaler.explain(stack, name);
  return { ...view, stack, name, scaling, byHand: record.scaling !== undefined, sentences: [...sentences] };
}

/** @throws BerthError `conflict` for services whose number is not theirs to change */
function refuseOthers({ name, service }: ServiceRecord): void {
  if (service.scale.kind === 'global')
    throw new BerthError('conflict', `service ${name} is on each host: it has no number of containers`);
  if (service.runs.kind !== 'service')
    throw new BerthError('conflict', `service ${name} runs to its end: it does not scale by its load`);
}
