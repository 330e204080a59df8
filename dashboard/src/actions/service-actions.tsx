import { Suspense } from 'react';
import type { ServiceView, StackView } from '../../../src/contract/v1/services.ts';
import { type There, thereBy } from '../cluster/there.ts';
import { shellWord } from '../parts/format.ts';
import { part } from '../parts/part.ts';
import { Waiting } from '../parts/waiting.tsx';
import type { Action, Chosen } from './action.ts';
import type { ServiceText } from './service-words.ts';

// What is shown in questions comes with the first one that is asked.
const RollbackPlan = part(async () => (await import('./service-plans.tsx')).RollbackPlan);
const StackVolumes = part(async () => (await import('./service-plans.tsx')).StackVolumes);

/** `shop/web`. */
export function nameOf({ stack, name }: Pick<ServiceView, 'stack' | 'name'>): string {
  return `${stack}/${name}`;
}

/** The releases of another one of its name are counted from 1 again. */
export function serviceThere({ stack, name, release }: ServiceView): There {
  return thereBy('service.get', { stack, service: name }, (found) => found.release.number >= release.number);
}

/** What may be done to a stack. */
export function stackActions(
  { name, generation, services, removing }: StackView,
  w: ServiceText,
): readonly Action[] {
  if (removing) return [];
  return [
    {
      ...{ id: 'remove', label: w('remove'), target: name, needs: 'operator', isDangerous: true },
      way: { cli: `berth stack rm ${name}`, route: 'stack.remove', input: { stack: name } },
      // As of services: another one of its name is counted from 1 again.
      there: thereBy('stack.get', { stack: name }, (found) => found.generation >= generation),
      confirm: {
        title: w('remove.title', { name }),
        texts: [w('remove.text', { n: services.length })],
        body: (choose) => (
          <Suspense fallback={<Waiting />}>
            <StackVolumes stack={name} onChoose={(volumes) => choose(removalWith(name, volumes))} />
          </Suspense>
        ),
        typed: { label: w('remove.type', { name }), word: name },
      },
    },
  ];
}

/** How a stack goes with volumes of it; as it goes without where there are none. */
export function removalWith(stack: string, volumes: readonly string[]): Chosen {
  if (volumes.length === 0) return {};
  return {
    way: {
      cli: `berth stack rm ${stack} --volumes ${shellWord(volumes.join(','))}`,
      ...{ route: 'stack.remove', input: { stack } },
      after: volumes.map((volume) => ({ route: 'volume.remove', input: { volume } })),
    },
    run: async () => (await import('./remove-stack.ts')).removeStack(stack, volumes),
  };
}

/** What may be done to a service and its release now. */
export function serviceActions(service: ServiceView, w: ServiceText): readonly Action[] {
  const { mode, release, next, removing } = service;
  if (removing) return [];
  const target = nameOf(service);
  const word = shellWord(target);
  const own = { target, needs: 'operator', there: serviceThere(service) } as const;
  const input = { stack: service.stack, service: service.name };
  // Who acts on a release that is not the one any more is told so.
  const seen = { ...input, release: release.number };
  if (mode === 'cron')
    return [
      {
        ...own,
        id: 'run',
        label: w('run'),
        isLong: true,
        way: { cli: `berth job run ${word}`, route: 'job.run', input },
      },
    ];
  const actions: Action[] = [];
  if (release.state === 'waiting' || next !== undefined)
    actions.push({
      ...{ ...own, id: 'confirm', label: w('confirm') },
      way: { cli: `berth release confirm ${word}`, route: 'release.confirm', input: seen },
      confirm: {
        title: w('confirm.title', { name: target, n: release.number }),
        texts: [w('confirm.text')],
      },
    });
  if (release.state === 'releasing')
    actions.push({
      ...{ ...own, id: 'pause', label: w('pause') },
      way: { cli: `berth release pause ${word}`, route: 'release.pause', input: seen },
    });
  if (release.state === 'paused')
    actions.push({
      ...{ ...own, id: 'resume', label: w('resume') },
      way: { cli: `berth release resume ${word}`, route: 'release.resume', input: seen },
    });
  actions.push({
    ...{ ...own, id: 'restart', label: w('restart'), isLong: true },
    way: { cli: `berth service restart ${word}`, route: 'service.restart', input },
    confirm: { title: w('restart.title', { name: target }), texts: [w('restart.text')] },
  });
  if (release.number > 1) actions.push(rollbackAction(service, w));
  return actions;
}

/** @param to number of the release; the last one before this that was done, if left out */
export function rollbackAction(service: ServiceView, w: ServiceText, to?: number): Action {
  const { stack, name, release } = service;
  const target = nameOf(service);
  const which = to === undefined ? {} : { to };
  return {
    ...{ id: 'rollback', label: w('rollback'), target, needs: 'operator', isDangerous: true },
    isLong: true,
    there: serviceThere(service),
    way: {
      cli: `berth release rollback ${shellWord(target)}${to === undefined ? '' : ` --to ${to}`}`,
      route: 'release.rollback',
      input: { stack, service: name, ...which, release: release.number },
    },
    confirm: {
      title: w('rollback.title', { name: target }),
      texts: [w('rollback.text')],
      body: (
        <Suspense fallback={<Waiting />}>
          <RollbackPlan stack={stack} service={name} {...which} />
        </Suspense>
      ),
    },
  };
}

/** Sets the number of containers. Who has seen another number than there is is told so. */
export function scaleAction(service: ServiceView, w: ServiceText, replicas: number, was: number): Action {
  const { stack, name } = service;
  const target = nameOf(service);
  return {
    ...{ id: 'scale', label: w('scale', { n: replicas }), target, needs: 'operator', isLong: true },
    way: {
      cli: `berth service scale ${shellWord(target)} ${replicas}`,
      route: 'service.scale',
      input: { stack, service: name, replicas, was },
    },
    there: serviceThere(service),
    ...(replicas > 0
      ? {}
      : {
          isDangerous: true,
          confirm: {
            title: w('scale.title', { name: target }),
            texts: [w('scale.text')],
            typed: { label: w('scale.type', { name: target }), word: target },
          },
        }),
  };
}

/** Services whose number of containers somebody may set. */
export function isScalable({ mode, removing }: ServiceView): boolean {
  return mode !== 'global' && mode !== 'cron' && !removing;
}
