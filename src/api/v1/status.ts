import type { Status } from '../../contract/v1/cluster.ts';
import type { Host, HostState } from '../../model/host.ts';
import { LABEL_ROUTER } from '../../model/labels.ts';
import { saidByHosts } from '../../model/said-by-hosts.ts';
import { seenOf } from '../../store/seen.ts';
import type { ReadTx } from '../../store/store.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import { brokenPaths, brokenTexts, dataPaths, hostNetworks } from '../broken-paths.ts';
import { unmanaged as unmanagedOf } from '../orphans.ts';
import { deadRoutes } from '../routing/route-view.ts';
import { smallWires } from '../small-wires.ts';
import type { ApiDeps } from './deps.ts';
import { loadOf } from './node-view.ts';
import { serviceView } from './service-view.ts';

/** More of one kind are counted rather than listed. */
const MAX_WARNINGS = 20;

/** The cluster in short. */
export function clusterStatus(tx: ReadTx, deps: ApiDeps): Status {
  const hosts = [...tx.all('hosts')].sort((a, b) => a.name.localeCompare(b.name));
  const byState: Record<HostState, number> = { pending: 0, ready: 0, suspect: 0, down: 0 };
  const capacity = { cpuMilli: 0, memory: 0 };
  const reserved = { cpuMilli: 0, memory: 0 };
  const warnings: string[] = [];
  const networksOf = hostNetworks(tx);
  const smallWiresOf = smallWires(tx);
  for (const host of hosts) {
    const status = tx.get('hostStatus', host.id);
    const state = status?.state ?? 'pending';
    byState[state]++;
    if (state === 'suspect' || state === 'down') {
      warnings.push(`host ${host.name} is ${state}${status?.reason ? `: ${status.reason}` : ''}`);
    }
    const failover = tx.get('hostFailovers', host.id);
    if (failover !== undefined) warnings.push(`host ${host.name}: ${failover.reason}`);
    const rests = tx.get('hostTrust', host.id)?.reason;
    if (rests) warnings.push(`host ${host.name} ${rests}`);
    const broken = brokenPaths(tx, host.id, dataPaths(tx, host.id, networksOf));
    for (const text of brokenTexts(broken)) warnings.push(`host ${host.name} ${text}`);
    for (const text of smallWiresOf(host.id)) warnings.push(`host ${host.name} ${text}`);
    const [refused, ...others] = tx.get('plainRefusals', host.id)?.refused ?? [];
    if (refused !== undefined) {
      const more = others.length === 0 ? '' : `, and ${others.length} more`;
      warnings.push(`host ${host.name} has by plain docker what is another's: ${refused.reason}${more}`);
    }
    if (state !== 'ready' || status?.engine === undefined) continue;
    const load = loadOf(tx, host.id);
    capacity.cpuMilli += status.engine.cpus * 1000;
    capacity.memory += status.engine.memory;
    reserved.cpuMilli += load.reserved.cpuMilli;
    reserved.memory += load.reserved.memory;
  }
  const routers = hosts.map(({ id, name }) => [name, tx.get('hostRouters', id)?.error ?? ''] as const);
  for (const { who, text } of saidByHosts(routers.filter(([, error]) => error !== '')))
    warnings.push(`${who}: ${text}`);
  if (hosts.length === 0) warnings.push('no host has joined: "berth token create" prints how to add one');
  else if (byState.ready === 0) warnings.push('no host is ready: nothing can be placed');
  warnings.push(...deadRoutes(tx));
  for (const { worry } of tx.all('certificateStatus')) if (worry !== '') warnings.push(worry);
  const orphans = tx.count('orphans');
  if (orphans > 0) {
    warnings.push(
      `${orphans} container${orphans === 1 ? ' runs' : 's run'} on that this database does not know (a backup was put back): "berth orphan ls" lists ${orphans === 1 ? 'it' : 'them'}`,
    );
  }
  for (const service of tx.all('services')) {
    const { stack, name, release, waiting } = serviceView(tx, service);
    const stopped = release.state === 'paused' || release.state === 'failed';
    const reason = stopped ? `release ${release.number} is ${release.state}: ${release.reason}` : waiting;
    if (reason !== '') warnings.push(`service ${stack}/${name}: ${reason}`);
  }
  const containers = countContainers(tx, hosts);
  if (containers.missing > 0) {
    warnings.push(
      containers.missing === 1
        ? '1 container is not on the host where it should be'
        : `${containers.missing} containers are not on the hosts where they should be`,
    );
  }
  return {
    clusterId: tx.get('settings', SETTINGS_KEY)?.clusterId ?? '',
    version: deps.version,
    caFingerprint: deps.ca.fingerprint,
    hosts: { total: hosts.length, byState, cordoned: hosts.filter((host) => host.cordoned).length },
    containers: {
      managed: containers.managed,
      unmanaged: containers.unmanaged,
      byState: containers.byState,
    },
    capacity,
    reserved,
    warnings:
      warnings.length > MAX_WARNINGS
        ? [...warnings.slice(0, MAX_WARNINGS), `and ${warnings.length - MAX_WARNINGS} more`]
        : warnings,
  };
}

/** `byState` is of the cluster's own. `missing`: those that a ready host does not have, though its agent has had the time to make them. */
function countContainers(tx: ReadTx, hosts: readonly Host[]) {
  const byState: Record<string, number> = {};
  const count = (state: string) => {
    byState[state] = (byState[state] ?? 0) + 1;
  };
  let unmanaged = 0;
  let missing = 0;
  const states = new Map(hosts.map((host) => [host.id, tx.get('hostStatus', host.id)?.state ?? 'pending']));
  const stateOf = (hostId: string, seen: string) =>
    states.get(hostId) === 'down' || states.get(hostId) === undefined ? 'unreachable' : seen;
  for (const seen of unmanagedOf(tx)) if (seen.labels[LABEL_ROUTER] === undefined) unmanaged++;
  for (const container of tx.all('containers')) {
    const { hostId } = container.assigned;
    const seen = seenOf(tx, container);
    const state = stateOf(hostId, seen?.state.status ?? 'pending');
    count(state);
    if (seen === undefined && container.desired.state === 'running' && states.get(hostId) === 'ready') {
      missing++;
    }
  }
  return { managed: tx.count('containers'), unmanaged, missing, byState };
}
