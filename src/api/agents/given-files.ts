import { type Assignment, FILES_VERSION, type ManagerFrame } from '../../contract/link.ts';
import type { Vault } from '../../kit/vault.ts';
import { purposeOf } from '../../model/kept-file.ts';
import type { ReadTx } from '../../store/store.ts';

/** What a host is told of the files that it wants: only those which a container that it has, or keeps a copy of, needs. */
export function givenFiles(
  tx: ReadTx,
  vault: Vault,
  hostId: string,
  ids: readonly string[],
): readonly (ManagerFrame & { t: 'file' })[] {
  const due = new Set<string>();
  for (const index of ['host', 'copyHost'])
    for (const { files } of tx.by('containers', index, hostId)) for (const { id } of files ?? []) due.add(id);
  return ids.map((id) => {
    const file = due.has(id) ? tx.get('keptFiles', id) : undefined;
    if (file === undefined)
      return { t: 'file', id, error: 'the cluster does not have it for this host any more' };
    return { t: 'file', id, content: vault.open(file.sealed, purposeOf(file)).toString('base64') };
  });
}

/**
 * False where the host's agent would make the container without its files.
 * @param version of the link that the agent speaks
 */
export function canHold({ needs }: Assignment, version: number): boolean {
  return version >= FILES_VERSION || (needs.files ?? []).length === 0;
}
