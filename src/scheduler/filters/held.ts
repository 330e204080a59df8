import { HostSet } from '../host-set.ts';
import type { Filter } from './filter.ts';

/** A volume or network that exists on some hosts only holds its users to them. */
export const held: Filter = {
  name: 'held',
  prepare: ({ holds }, { view }) =>
    holds.map(({ what, hostIds }) => {
      const hosts = new Set(hostIds);
      const names = hostIds.map((id) => view.host(id)?.name ?? id);
      const where = names.length === 0 ? 'nowhere' : `on ${names.slice(0, 3).join(', ')}`;
      return {
        passes: (host) => hosts.has(host.id),
        passing: () =>
          HostSet.of(
            view.hosts.length,
            hostIds.flatMap((id) => view.host(id) ?? []),
          ),
        reason: () => `${what} is ${where}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`,
      };
    }),
};
