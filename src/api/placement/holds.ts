import { spansHosts } from '../../model/volume-span.ts';
import type { Hold, PlacementRequest } from '../../scheduler/request.ts';
import type { ReadTx } from '../../store/store.ts';
import { spanningNetwork } from '../networks/spanning.ts';

/**
 * The hosts to which the networks and volumes of a request tie it. A record of the cluster's says so itself, and ties to
 * nothing while it has no host; what is only seen on hosts ties to those that have it.
 */
export function holdsOf(tx: ReadTx, request: PlacementRequest): readonly Hold[] {
  const holds: Hold[] = [];
  for (const name of request.volumes) {
    const hostIds = volumeHosts(tx, name);
    if (hostIds !== undefined) holds.push({ what: 'volume', name, hostIds });
  }
  for (const ref of request.networks) {
    const hostIds = networkHosts(tx, ref);
    if (hostIds !== undefined) holds.push({ what: 'network', name: ref, hostIds });
  }
  return holds;
}

/** Drivers of those of a request's networks that span hosts. */
export function driversOf(tx: ReadTx, { networks }: PlacementRequest): readonly string[] {
  return [...new Set(networks.flatMap((ref) => spanningNetwork(tx, ref)?.span.driver ?? []))].sort();
}

/** Undefined where any host will do. One that spans hosts may have been tied to one by an earlier version. */
function volumeHosts(tx: ReadTx, name: string): readonly string[] | undefined {
  const record = tx.get('volumes', name);
  if (record !== undefined)
    return record.hostId === undefined || spansHosts(record) ? undefined : [record.hostId];
  return hostsOf(tx.by('observedVolumes', 'name', name));
}

function networkHosts(tx: ReadTx, ref: string): readonly string[] | undefined {
  if (spanningNetwork(tx, ref) !== undefined) return undefined;
  const byId = tx.get('networks', ref);
  const records = byId === undefined ? [...tx.by('networks', 'name', ref)] : [byId];
  if (records.length > 0) {
    const hostIds = records.flatMap((record) => record.hostId ?? []);
    return hostIds.length < records.length ? undefined : [...new Set(hostIds)];
  }
  const seen = [...tx.by('observedNetworks', 'name', ref), ...tx.by('observedNetworks', 'networkId', ref)];
  return hostsOf(seen.filter(({ scope }) => scope === 'local' || scope === ''));
}

function hostsOf(seen: Iterable<Readonly<{ hostId: string }>>): readonly string[] | undefined {
  const hostIds = [...new Set([...seen].map(({ hostId }) => hostId))].sort();
  return hostIds.length === 0 ? undefined : hostIds;
}
