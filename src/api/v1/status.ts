import type { Status, Warning } from '../../contract/v1/cluster.ts';
import type { HostState } from '../../model/host.ts';
import type { ReadTx } from '../../store/store.ts';
import { SETTINGS_KEY } from '../../store/tables.ts';
import { tallyContainers } from './container-tally.ts';
import type { ApiDeps } from './deps.ts';
import { loadOf } from './node-view.ts';
import { containerWarnings, hostWarnings, otherWarnings, serviceWarnings } from './status-warnings.ts';

/** More of them are counted rather than listed, unless more are asked for. */
const MOST_WARNINGS = 20;

/** The cluster in short. @param most so many warnings are listed */
export function clusterStatus(
  tx: ReadTx,
  deps: Pick<ApiDeps, 'version' | 'ca' | 'clock'>,
  most = MOST_WARNINGS,
): Status {
  const hosts = [...tx.all('hosts')].sort((a, b) => a.name.localeCompare(b.name));
  const byState: Record<HostState, number> = { pending: 0, ready: 0, suspect: 0, down: 0 };
  const capacity = { cpuMilli: 0, memory: 0 };
  const reserved = { cpuMilli: 0, memory: 0 };
  for (const host of hosts) {
    const status = tx.get('hostStatus', host.id);
    const state = status?.state ?? 'pending';
    byState[state]++;
    if (state !== 'ready' || status?.engine === undefined) continue;
    const load = loadOf(tx, host.id);
    capacity.cpuMilli += status.engine.cpus * 1000;
    capacity.memory += status.engine.memory;
    reserved.cpuMilli += load.reserved.cpuMilli;
    reserved.memory += load.reserved.memory;
  }
  const services = serviceWarnings(tx);
  const containers = tallyContainers(tx, hosts, services.covered);
  const warnings = worstFirst([
    ...hostWarnings(tx, hosts),
    ...otherWarnings(tx, deps.clock.now()),
    ...services.warnings,
    ...containerWarnings(containers),
  ]);
  const listed = warnings.slice(0, most);
  const total = sum(warnings);
  const more = total - sum(listed);
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
    warnings: [...listed.map(({ text }) => text), ...(more > 0 ? [`and ${more} more`] : [])],
    warningDetails: { total, listed },
  };
}

function worstFirst(all: readonly Warning[]): readonly Warning[] {
  return [
    ...all.filter(({ severity }) => severity === 'bad'),
    ...all.filter(({ severity }) => severity !== 'bad'),
  ];
}

function sum(all: readonly Warning[]): number {
  return all.reduce((total, { count }) => total + count, 0);
}
