import type { Assignment } from '../../contract/link.ts';
import type { Container, Desired } from '../../model/container.ts';
import { networkNames } from '../../model/network-names.ts';
import { volumeNames } from '../../model/volume-names.ts';
import { spansHosts } from '../../model/volume-span.ts';
import type { ReadTx } from '../../store/store.ts';
import { endpointIn, spanningNetwork } from '../networks/spanning.ts';

/** The hosts that hold something of a container: the one that it is assigned to and, in a move, the one that it leaves. */
export function holdersOf({ assigned }: Container): readonly string[] {
  const { hostId, moving } = assigned;
  return moving?.phase === 'start' ? [hostId, moving.hostId] : [hostId];
}

/**
 * What a host must hold for `container`: the container and the cluster's networks and volumes that it uses. A host that it
 * is moving away from keeps it stopped.
 * @param hostId the host that it is assigned to, if left out
 */
export function assignmentOf(
  tx: ReadTx,
  container: Container,
  hostId: string = container.assigned.hostId,
): Assignment {
  const { id, name, apiVersion, probes, files, assigned } = container;
  const { moving } = assigned;
  const leaves = moving !== undefined && (moving.phase === 'stop' || moving.hostId === hostId);
  const desired = leaves ? stoppedForMove(container.desired) : container.desired;
  const networks = networkNames(desired.spec).flatMap((reference) => {
    const spanning = spanningNetwork(tx, reference);
    if (spanning !== undefined) {
      const { id: networkId, spec, span } = spanning;
      return [{ id: networkId, spec, span, endpoint: endpointIn(tx, id, networkId) }];
    }
    for (const network of [tx.get('networks', reference), ...tx.by('networks', 'name', reference)]) {
      if (network !== undefined && network.hostId === hostId) return [{ id: network.id, spec: network.spec }];
    }
    return [];
  });
  const volumes = volumeNames(desired.spec).flatMap((reference) => {
    const volume = tx.get('volumes', reference);
    const here = volume !== undefined && (volume.hostId === hostId || spansHosts(volume));
    return here ? [{ spec: { ...volume.spec, Name: volume.name } }] : [];
  });
  return {
    ...{ id, name, apiVersion, desired },
    ...(probes === undefined ? {} : { probes }),
    needs: { networks, volumes, ...(files === undefined ? {} : { files }) },
  };
}

/** With the container's own stop signal and grace. What the user has stopped or removed is so on every host. */
function stoppedForMove(desired: Desired): Desired {
  if (desired.state === 'stopped' || desired.state === 'removed') return desired;
  return { ...desired, state: 'stopped', stop: undefined };
}
