import { say } from '../../model/said/index.ts';
import type { HostView } from '../host-view.ts';
import type { Filter } from './filter.ts';

/** Only hosts that can take part in the container's networks: whose agent has their driver, and what that needs. */
export const network: Filter = {
  name: 'network',
  prepare: ({ drivers }) =>
    drivers.map((name) => ({
      passes: ({ networkDrivers }: HostView) => networkDrivers?.[name]?.usable === true,
      kept: { key: `network driver ${name}`, changesWith: 'host' as const },
      reason: ({ networkDrivers }: HostView) => {
        if (networkDrivers === undefined) return say('placement.driver.old', { name });
        const whys = networkDrivers[name]?.reason ?? '';
        return whys === ''
          ? say('placement.driver.missing', { name })
          : say('placement.driver', { name, whys });
      },
    })),
};
