import type { AgentFrame } from '../../contract/link.ts';
import type { HostPath } from '../../model/host.ts';
import type { WriteTx } from '../../store/store.ts';

/** Characters of a reason that are kept. */
const MAX_REASON = 200;

/**
 * Takes in what a host says of its data paths: each stays as it was told last, with the time since when it works or not, for
 * as long as the other host is one of the cluster.
 */
export function notePaths(
  tx: WriteTx,
  hostId: string,
  { paths }: AgentFrame & { t: 'paths' },
  now: number,
): void {
  const before = tx.get('hostPaths', hostId)?.paths ?? {};
  const told = Object.entries(paths).map(([other, { ms, reason }]): [string, HostPath] => {
    const known = before[other];
    const same = known !== undefined && (known.ms === null) === (ms === null);
    return [other, { ms, reason: reason.slice(0, MAX_REASON), since: same ? known.since : now }];
  });
  const all = [...Object.entries(before).filter(([other]) => !Object.hasOwn(paths, other)), ...told];
  const known = all.filter(([other]) => tx.get('hosts', other) !== undefined);
  tx.put('hostPaths', { kind: 'host-paths', id: hostId, paths: Object.fromEntries(known) });
}
