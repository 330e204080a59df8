import type { ObservedContainer } from '../model/container.ts';
import { saidOfComeback } from './comeback.ts';
import type { Hold } from './holding.ts';
import { saidOfProbes } from './probes/probed.ts';

/** What of an observed container is the agent's word, and not its engine's. */
export type AgentsWord = Pick<ObservedContainer, 'restarts' | 'nextStartAt' | 'probes'>;

/** What the cluster is told of a container that looks like this, beside the engine's words. */
export function saidOf(hold: Hold, observed: ObservedContainer): AgentsWord {
  const comeback = saidOfComeback(hold, observed);
  const { probes, restarts: revivals } = saidOfProbes(hold, observed);
  const restarts = comeback.restarts + revivals;
  return {
    ...(restarts > 0 ? { restarts } : {}),
    ...(comeback.nextStartAt === undefined ? {} : { nextStartAt: comeback.nextStartAt }),
    ...(probes === undefined ? {} : { probes }),
  };
}
