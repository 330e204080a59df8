import { COMPOSE_LABELS } from '../../model/labels.ts';
import { networkNames } from '../../model/network-names.ts';
import type { Network } from '../../model/objects.ts';
import type { ReadTx } from '../../store/store.ts';
import { isWanted } from '../docker/networks/remove-spanning.ts';

/**
 * Name of a container that asks for the network; undefined where there is none.
 * @param connected hosts of which the others' removed containers do not count: they wait for their lost host alone
 */
export function networkUser(
  tx: ReadTx,
  { id, name }: Network,
  connected: (hostId: string) => boolean,
): string | undefined {
  for (const container of tx.all('containers')) {
    const { desired, assigned } = container;
    if (desired.state === 'removed' && !connected(assigned.hostId)) continue;
    const names = networkNames(desired.spec);
    if (names.includes(id) || names.includes(name)) return container.name;
  }
  for (const { holder } of tx.by('addresses', 'network', id)) {
    if (holder.kind === 'endpoint') return holder.name ?? holder.endpointId.slice(0, 12);
    if (holder.kind !== 'container') continue;
    const container = tx.get('containers', holder.id);
    if (container !== undefined && container.desired.state !== 'removed') return container.name;
  }
  return undefined;
}

/** Addresses of it outlive their holders: somebody has reserved them, or may have them on a host that was taken out. */
export function hasReserved(tx: ReadTx, { id }: Network): boolean {
  return [...tx.by('addresses', 'network', id)].some(isWanted);
}

type Labelled = Readonly<Record<string, unknown>>;

/** Whether a network was made for the compose project that `spec` is of: another one only has the name. */
export function isOfProject({ spec }: Readonly<{ spec: Labelled }>, wanted: Labelled): boolean {
  return projectOf(spec) === projectOf(wanted);
}

function projectOf({ Labels: labels }: Labelled): unknown {
  return typeof labels === 'object' && labels !== null
    ? (labels as Labelled)[COMPOSE_LABELS.project]
    : undefined;
}
