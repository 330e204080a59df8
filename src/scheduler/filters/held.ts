import { say } from '../../model/said/index.ts';
import { HostSet } from '../host-set.ts';
import type { Hold } from '../request.ts';
import { type Filter, sameForAll } from './filter.ts';

/** So many hosts are named; more are counted. */
const NAMED = 3;

/** A volume or network that exists on some hosts only holds its users to them. */
export const held: Filter = {
  name: 'held',
  prepare: ({ holds }, { view }) =>
    holds.map((hold) => {
      const { hostIds } = hold;
      const hosts = new Set(hostIds);
      const names = hostIds.map((id) => view.host(id)?.name ?? id);
      return {
        passes: (host) => hosts.has(host.id),
        passing: () =>
          HostSet.of(
            view.hosts.length,
            hostIds.flatMap((id) => view.host(id) ?? []),
          ),
        reason: sameForAll(() => whereText(hold, names)),
      };
    }),
};

function whereText({ what, name }: Hold, all: readonly string[]): string {
  if (all.length === 0) return say(`placement.${what}.nowhere`, { name });
  const hosts = all.slice(0, NAMED).join(', ');
  const n = all.length - NAMED;
  return n > 0
    ? say(`placement.${what}.more`, { name, hosts, n })
    : say(`placement.${what}`, { name, hosts });
}
