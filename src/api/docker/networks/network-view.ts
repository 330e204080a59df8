import { userLabels } from '../../../model/labels.ts';
import type { Network } from '../../../model/objects.ts';
import type { ReadTx } from '../../../store/store.ts';
import { isSpanning } from '../../networks/spanning.ts';
import { type FoundNetwork, shownName } from './find-network.ts';
import { spanningView } from './spanning-view.ts';

type Raw = Readonly<Record<string, unknown>>;

/**
 * A network as clients see it: the engine's own words with the cluster's ID and name, or, where no host has it yet, the
 * words in which it was ordered.
 * @param raw the engine's `GET /networks/<id>`; without it, what the agent has last reported
 */
export function networkView(tx: ReadTx, found: FoundNetwork, raw?: Raw): Raw {
  if (found.kind === 'cluster' && isSpanning(found.record)) return spanningView(found.record);
  const seen = raw ?? (found.seen?.raw as Raw | undefined);
  const entry = seen ?? (found.kind === 'cluster' ? ordered(found.record) : {});
  const hostId = found.kind === 'cluster' ? found.record.hostId : found.hostId;
  return {
    ...entry,
    Name: shownName(tx, found),
    Id: found.kind === 'cluster' ? found.record.id : found.seen.networkId,
    Labels: userLabels(record(entry.Labels) as Record<string, string>),
    Containers: hostId === undefined ? {} : clusterContainers(tx, hostId, record(entry.Containers)),
  };
}

/** `GET /networks/<id>` of a network that no host has made yet, from the body of its `POST /networks/create`. */
function ordered({ name, id, createdAt, spec }: Network): Raw {
  const ipam = record(spec.IPAM);
  return {
    Name: name,
    Id: id,
    Created: new Date(createdAt).toISOString(),
    Scope: 'local',
    Driver: spec.Driver || 'bridge',
    EnableIPv6: spec.EnableIPv6 === true,
    IPAM: {
      Driver: ipam.Driver || 'default',
      Options: ipam.Options ?? null,
      Config: ipam.Config ?? [],
    },
    Internal: spec.Internal === true,
    Attachable: spec.Attachable === true,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: spec.Options ?? {},
    Labels: spec.Labels ?? {},
  };
}

/** The engine's `Containers`, keyed by cluster IDs. */
function clusterContainers(tx: ReadTx, hostId: string, containers: Raw): Raw {
  return Object.fromEntries(
    Object.entries(containers).map(([engineId, endpoint]) => [
      tx.get('observedContainers', `${hostId}/${engineId}`)?.clusterId ?? engineId,
      endpoint,
    ]),
  );
}

function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {};
}
