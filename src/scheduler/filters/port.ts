import { portText } from '../ports.ts';
import type { Filter } from './filter.ts';

/**
 * A host port is held by running, stopped and pending containers alike, per address and protocol. Compared with classic
 * Swarm, protocols are kept apart, and a container in the host's network also keeps others from publishing its ports.
 */
export const port: Filter = {
  name: 'port',
  prepare: ({ ports }) => {
    if (ports.length === 0) return [];
    return [
      {
        passes: (host) => host.ports.missing(ports) === undefined,
        reason: (host) => {
          const missing = host.ports.missing(ports);
          return missing === undefined ? '' : `port ${portText(missing)} is taken`;
        },
      },
    ];
  },
};
