import type { AgentFrame } from '../../contract/link.ts';
import type { HostPath } from '../../model/host.ts';
import type { WriteTx } from '../../store/store.ts';

/** Takes in what a host says of its data paths: each stays as it was told last, with the time since when it works or not. */
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
    return [other, { ms, reason, since: same ? known.since : now }];
  });
  tx.put('hostPaths', { kind: 'host-paths', id: hostId, paths: { ...before, ...Object.fromEntries(told) } });
}
