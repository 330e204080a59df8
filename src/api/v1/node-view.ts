import type { Node } from '../../contract/v1/nodes.ts';
import type { Host } from '../../model/host.ts';
import { resourcesOf } from '../../scheduler/resources.ts';
import type { ReadTx } from '../../store/store.ts';
import { brokenPaths, dataPaths } from '../broken-paths.ts';
import { isUnmanaged } from '../orphans.ts';

type Amount = Readonly<{ cpuMilli: number; memory: number }>;

/** A host as the API shows it. */
export function nodeView(tx: ReadTx, host: Host): Node {
  const status = tx.get('hostStatus', host.id);
  const load = loadOf(tx, host.id);
  return {
    id: host.id,
    name: host.name,
    labels: host.labels,
    cordoned: host.cordoned,
    state: status?.state ?? 'pending',
    reason: [
      status?.reason,
      tx.get('hostTrust', host.id)?.reason,
      tx.get('hostFailovers', host.id)?.reason,
      ...brokenPaths(tx, host.id),
    ]
      .filter(Boolean)
      .join('; '),
    address: status?.address ?? '',
    dataAddress: status?.dataAddress ?? '',
    agentVersion: status?.agentVersion ?? '',
    ...(status?.engine === undefined ? {} : { engine: status.engine }),
    ...networkingOf(tx, host.id),
    joinedAt: host.joinedAt,
    lastHeardAt: status?.lastHeardAt ?? 0,
    containers: load.containers,
    reserved: load.reserved,
  };
}

/** What networks that span hosts depend on. */
function networkingOf(tx: ReadTx, hostId: string): Pick<Node, 'networkDrivers' | 'wireMtu' | 'paths'> {
  const network = tx.get('hostStatus', hostId)?.network;
  const paths = dataPaths(tx, hostId).map(({ hostId: _, ...path }) => path);
  return {
    ...(network === undefined ? {} : { networkDrivers: network.drivers, wireMtu: network.wireMtu }),
    ...(paths.length === 0 ? {} : { paths }),
  };
}

/** What is on a host: containers that were seen there, and those that are on their way to it. */
export function loadOf(
  tx: ReadTx,
  hostId: string,
): Readonly<{ containers: Node['containers']; reserved: Amount }> {
  const containers = { managed: 0, unmanaged: 0, running: 0 };
  const reserved = { cpuMilli: 0, memory: 0 };
  const add = (amount: Amount) => {
    reserved.cpuMilli += amount.cpuMilli;
    reserved.memory += amount.memory;
  };
  const seenIds = new Set<string>();
  for (const seen of tx.by('observedContainers', 'host', hostId)) {
    if (isUnmanaged(tx, seen)) containers.unmanaged++;
    else if (seen.clusterId !== undefined) seenIds.add(seen.clusterId);
    if (seen.state.status === 'running') containers.running++;
    add(seen.reservation);
  }
  for (const container of tx.by('containers', 'host', hostId)) {
    containers.managed++;
    if (!seenIds.has(container.id)) add(resourcesOf(container.desired.spec.HostConfig ?? {}));
  }
  return { containers, reserved };
}
