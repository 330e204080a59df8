import type { Node } from '../../contract/v1/nodes.ts';
import type { Host } from '../../model/host.ts';
import { resourcesOf } from '../../scheduler/resources.ts';
import type { ReadTx } from '../../store/store.ts';
import { brokenPaths, brokenTexts, type DataPath, dataPaths, hostNetworks } from '../broken-paths.ts';
import { isUnmanaged } from '../orphans.ts';
import { smallWires } from '../small-wires.ts';

type Amount = Readonly<{ cpuMilli: number; memory: number }>;

/** A host as the API shows it. */
export function nodeView(tx: ReadTx, host: Host): Node {
  const paths = dataPaths(tx, host.id);
  const failover = tx.get('hostFailovers', host.id);
  const router = tx.get('hostRouters', host.id);
  // An agent without a router says so, too.
  const hasRouter = router !== undefined && (router.serving || router.error !== '');
  return {
    ...viewOf(tx, host, paths, smallWires(tx)(host.id)),
    ...(paths.length === 0 ? {} : { paths: paths.map(({ hostId: _, ...path }) => path) }),
    ...(failover === undefined ? {} : { failover: { held: failover.held, waiting: [...failover.waiting] } }),
    ...(hasRouter ? { router: { serving: router.serving, error: router.error } } : {}),
  };
}

/** All hosts by name, without their paths: there may be as many as pairs of hosts. */
export function nodeList(tx: ReadTx): Node[] {
  const networksOf = hostNetworks(tx);
  const smallWiresOf = smallWires(tx);
  return [...tx.all('hosts')]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((host) => viewOf(tx, host, dataPaths(tx, host.id, networksOf), smallWiresOf(host.id)));
}

function viewOf(tx: ReadTx, host: Host, paths: readonly DataPath[], small: readonly string[]): Node {
  const broken = brokenPaths(tx, host.id, paths);
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
      ...brokenTexts(broken),
      ...small,
    ]
      .filter(Boolean)
      .join('; '),
    address: status?.address ?? '',
    dataAddress: status?.dataAddress ?? '',
    agentVersion: status?.agentVersion ?? '',
    ...(status?.engine === undefined ? {} : { engine: status.engine }),
    ...networkingOf(tx, host.id),
    ...(broken.length === 0 ? {} : { brokenPaths: broken.length }),
    joinedAt: host.joinedAt,
    lastHeardAt: status?.lastHeardAt ?? 0,
    containers: load.containers,
    reserved: load.reserved,
  };
}

/** What networks that span hosts depend on. */
function networkingOf(tx: ReadTx, hostId: string): Pick<Node, 'networkDrivers' | 'wireMtu'> {
  const network = tx.get('hostStatus', hostId)?.network;
  return network === undefined ? {} : { networkDrivers: network.drivers, wireMtu: network.wireMtu };
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
