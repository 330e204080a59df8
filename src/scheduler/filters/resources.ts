import { say } from '../../model/said/index.ts';
import type { Figure } from '../host-figures.ts';
import type { HostView } from '../host-view.ts';
import { bytesText, cpuText } from '../resources.ts';
import type { Check, Filter } from './filter.ts';

/**
 * What is set aside must fit beside what others set aside, within the overcommit ratio and the reserve for the system; a
 * limit must fit into the host as a whole. Who asks for nothing fits everywhere, as in classic Swarm.
 */
export const resources: Filter = {
  name: 'resources',
  prepare: ({ resources: asked }) => [
    ...amount(
      'memory',
      asked.memory,
      bytesText,
      'memoryFree',
      (host) => host.memoryCapacity - host.memoryUsed,
    ),
    ...amount('cpu', asked.cpuMilli, cpuText, 'cpuFree', (host) => host.cpuCapacity - host.cpuUsed),
    ...limit('memory', asked.memoryLimit, asked.memory, bytesText, 'memoryCapacity'),
    ...limit('cpu', asked.cpuLimitMilli, asked.cpuMilli, cpuText, 'cpuCapacity'),
  ],
};

function amount(
  what: 'memory' | 'cpu',
  asked: number,
  text: (amount: number) => string,
  figure: Figure,
  free: (host: HostView) => number,
): Check[] {
  if (asked <= 0) return [];
  return [
    {
      passes: (host) => asked <= free(host),
      atLeast: { figure, amount: asked },
      reason: (host) => say(`placement.${what}`, { asked: text(asked), free: text(Math.max(0, free(host))) }),
      summary: (refused) =>
        say(`placement.${what}.most`, {
          asked: text(asked),
          free: text(Math.max(0, ...refused.map(free))),
        }),
    },
  ];
}

function limit(
  what: 'memory' | 'cpu',
  most: number,
  asked: number,
  text: (amount: number) => string,
  figure: 'memoryCapacity' | 'cpuCapacity',
): Check[] {
  // Where the limit is what is set aside, the check above says it better.
  if (most <= asked) return [];
  const capacity = (host: HostView) => host[figure];
  return [
    {
      passes: (host) => most <= capacity(host),
      atLeast: { figure, amount: most },
      reason: (host) => say(`placement.${what}.limit`, { limit: text(most), size: text(capacity(host)) }),
      summary: (refused) =>
        say(`placement.${what}.limit.most`, {
          limit: text(most),
          size: text(Math.max(...refused.map(capacity))),
        }),
    },
  ];
}
