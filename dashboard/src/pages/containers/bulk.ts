import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { Action } from '../../actions/action.ts';
import { containerActions, type Host, isAway } from '../../actions/container-actions.ts';
import type { Text } from '../../i18n/text.tsx';
import type { Way } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';

/** What is done to several at once. */
export const BULK = ['start', 'stop', 'restart', 'remove'] as const;
export type BulkId = (typeof BULK)[number];

export type Step = Readonly<{
  container: ContainerView;
  action: Action;
  /** Its host is down. */
  isAway: boolean;
}>;
type Steps = Readonly<{
  steps: readonly Step[];
  /** To which it cannot be done as they are now. */
  skipped: number;
  /** To which it cannot be done as long as their hosts are down. */
  away: number;
}>;

/** What is done to each that is selected. */
export function stepsOf(
  id: BulkId,
  containers: readonly ContainerView[],
  t: Text,
  hostOf: (container: ContainerView) => Host,
): Steps {
  const all = containers.flatMap((container) => {
    const host = hostOf(container);
    const action = containerActions(container, t, host).find((one) => one.id === id);
    return action === undefined ? [] : [{ container, action, isAway: isAway(host) }];
  });
  const steps = all.filter(({ action }) => action.whyNot === undefined);
  return { steps, skipped: containers.length - all.length, away: all.length - steps.length };
}

/** The same on one command line, and as calls of the API; undefined where there is nothing to do. */
export function wayOf(id: BulkId, steps: readonly Step[]): Way | undefined {
  const [first, ...others] = steps;
  if (first === undefined) return undefined;
  const isForced = steps.some(({ action }) => action.way.input?.force === true);
  const command = id === 'remove' ? `rm${isForced ? ' -f' : ''}` : id;
  const { route, input } = first.action.way;
  return {
    cli: ['docker', command, ...steps.map(({ container }) => shellWord(container.name))].join(' '),
    route,
    ...(input === undefined ? {} : { input }),
    also: others.map(({ action }) => action.way.input ?? {}),
  };
}
