import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import type { Text } from '../i18n/text.tsx';
import { shellWord } from '../parts/format.ts';
import type { Action } from './action.ts';

const UP: ReadonlySet<string> = new Set(['running', 'restarting', 'paused']);

/** The host that a container is on; undefined where it is not known. */
export type Host = Pick<Node, 'state'> | undefined;

/** Nobody hears of it, and nothing is done there. One that is only suspect may answer. */
export function isAway(host: Host): boolean {
  return host?.state === 'down';
}

/** Why nothing that its host has to do can be done to a container now; undefined where it can. */
export function whyAway({ hostName }: ContainerView, host: Host, t: Text): string | undefined {
  return isAway(host) ? t('action.away', { host: hostName }) : undefined;
}

/** What may be done to a container now. What its host cannot do, as it is down, says so. */
export function containerActions(container: ContainerView, t: Text, host?: Host): readonly Action[] {
  const { id, name, hostName, managed, service, state } = container;
  const whyNot = whyAway(container, host, t);
  const own = { target: name, needs: 'operator', whyNot } as const;
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
  // The manager gives up what is its own of a host that is down, where it is forced; the rest is in that host's hands alone.
  const isForced = isUp || whyNot !== undefined;
  const remove: Action = {
    ...own,
    whyNot: managed ? undefined : whyNot,
    id: 'remove',
    label: t('action.remove'),
    isDangerous: true,
    way: {
      cli: `docker rm ${isForced ? '-f ' : ''}${word}`,
      route: 'container.remove',
      input: isForced ? { ...input, force: true } : input,
    },
    confirm: {
      title: t('action.remove.title', { name }),
      texts: [
        ...(whyNot !== undefined
          ? [t('action.remove.away', { host: hostName })]
          : isUp
            ? [t('action.remove.running')]
            : []),
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
export function rareContainerActions(container: ContainerView, t: Text, host?: Host): readonly Action[] {
  const { id, name, state } = container;
  const whyNot = whyAway(container, host, t);
  const own = { target: name, needs: 'operator', whyNot } as const;
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
  return [pause, ...SIGNALS.map((signal) => killAction(container, signal, t, whyNot))];
}

function killAction(
  { id, name }: ContainerView,
  signal: (typeof SIGNALS)[number],
  t: Text,
  whyNot: string | undefined,
): Action {
  const isKill = signal === 'KILL';
  return {
    ...{ target: name, needs: 'operator', isDangerous: isKill, whyNot },
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
