import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Text } from '../i18n/text.tsx';
import { shellWord } from '../parts/format.ts';
import type { Action } from './action.ts';

const UP: ReadonlySet<string> = new Set(['running', 'restarting', 'paused']);

/** What may be done to a container now. */
export function containerActions(container: ContainerView, t: Text): readonly Action[] {
  const { id, name, service, state } = container;
  const own = { target: name, needs: 'operator' } as const;
  const input = { container: id };
  const isUp = UP.has(state);
  const word = shellWord(name);
  const start: Action = {
    ...own,
    id: 'start',
    label: t('action.start'),
    way: { cli: `docker start ${word}`, route: 'container.start', input },
  };
  const stop: Action = {
    ...own,
    id: 'stop',
    label: t('action.stop'),
    way: { cli: `docker stop ${word}`, route: 'container.stop', input },
    confirm: { title: t('action.stop.title', { name }), texts: [t('action.stop.text')] },
  };
  const restart: Action = {
    ...own,
    id: 'restart',
    label: t('action.restart'),
    way: { cli: `docker restart ${word}`, route: 'container.restart', input },
    confirm: { title: t('action.restart.title', { name }), texts: [t('action.restart.text')] },
  };
  const remove: Action = {
    ...own,
    id: 'remove',
    label: t('action.remove'),
    isDangerous: true,
    way: {
      cli: `docker rm ${isUp ? '-f ' : ''}${word}`,
      route: 'container.remove',
      input: isUp ? { ...input, force: true } : input,
    },
    confirm: {
      title: t('action.remove.title', { name }),
      texts: [
        ...(isUp ? [t('action.remove.running')] : []),
        t('action.remove.text'),
        ...(service === undefined
          ? []
          : [t('action.remove.service', { service: `${service.stack}/${service.name}` })]),
      ],
      typed: { label: t('action.type', { name }), word: name },
    },
  };
  if (isUp) return [restart, stop, remove];
  // Its host has not reported it: it may run.
  return state === 'pending' ? [remove] : [start, remove];
}

/** Signals that programs have a use for, the most forceful first. */
export const SIGNALS = ['KILL', 'TERM', 'INT', 'HUP', 'QUIT', 'USR1', 'USR2'] as const;

/** What is done more seldom: the palette and the page's menu have these. */
export function rareContainerActions(container: ContainerView, t: Text): readonly Action[] {
  const { id, name, state } = container;
  const own = { target: name, needs: 'operator' } as const;
  const input = { container: id };
  const word = shellWord(name);
  if (state === 'paused') {
    const way = { cli: `docker unpause ${word}`, route: 'container.unpause', input } as const;
    return [{ ...own, id: 'unpause', label: t('action.unpause'), way }];
  }
  if (state !== 'running') return [];
  const pause: Action = {
    ...own,
    id: 'pause',
    label: t('action.pause'),
    way: { cli: `docker pause ${word}`, route: 'container.pause', input },
    confirm: { title: t('action.pause.title', { name }), texts: [t('action.pause.text')] },
  };
  return [pause, ...SIGNALS.map((signal) => killAction(container, signal, t))];
}

function killAction({ id, name }: ContainerView, signal: (typeof SIGNALS)[number], t: Text): Action {
  const isKill = signal === 'KILL';
  return {
    ...{ target: name, needs: 'operator', isDangerous: isKill },
    id: isKill ? 'kill' : `kill-${signal}`,
    label: isKill ? t('action.kill') : t('action.signal', { signal }),
    way: {
      cli: `docker kill ${isKill ? '' : `-s ${signal} `}${shellWord(name)}`,
      route: 'container.kill',
      input: isKill ? { container: id } : { container: id, signal },
    },
    confirm: {
      title: isKill ? t('action.kill.title', { name }) : t('action.signal.title', { signal, name }),
      texts: [isKill ? t('action.kill.text') : t('action.signal.text')],
    },
  };
}
