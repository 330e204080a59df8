import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { Action } from '../../actions/action.ts';
import { containerActions } from '../../actions/container-actions.ts';
import type { Text } from '../../i18n/text.tsx';
import type { Way } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';

/** What is done to several at once. */
export const BULK = ['start', 'stop', 'restart', 'remove'] as const;
export type BulkId = (typeof BULK)[number];

export type Step = Readonly<{ container: ContainerView; action: Action }>;
type Steps = Readonly<{
  steps: readonly Step[] /** To which it cannot be done as they are now. */;
  skipped: number;
}>;

/** What is done to each that is selected. */
export function stepsOf(id: BulkId, containers: readonly ContainerView[], t: Text): Steps {
  const steps = containers.flatMap((container) => {
    const action = containerActions(container, t).find((one) => one.id === id);
    return action === undefined ? [] : [{ container, action }];
  });
  return { steps, skipped: containers.length - steps.length };
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
