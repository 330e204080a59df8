import type { ReadTx } from '../../../store/store.ts';
import type { DockerCall } from '../call.ts';
import { isNode } from '../images/image-list.ts';
import { sendShown } from '../json.ts';
import { type Filters, filtersOf, labelsMatch } from '../query.ts';
import { addWarnings, unreachableWarnings } from '../system/hosts.ts';
import { booleanFilter, exactTest, nameTest } from '../system/match.ts';
import { clusterNetworks, type FoundNetwork, foundOf, recordOf, seenOf } from './find-network.ts';
import { networkView } from './network-view.ts';

const FILTERS = ['driver', 'id', 'label', 'name', 'scope', 'type', 'dangling', 'node'] as const;

/** Networks that every engine has of its own. */
export const PREDEFINED: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'nat']);

/** `GET /networks`, from what the agents report. */
export async function networks(call: DockerCall): Promise<void> {
  const filters = filtersOf(call.query, FILTERS);
  const list = call.deps.store.view((tx) => listNetworks(tx, filters));
  addWarnings(call.res, unreachableWarnings(call));
  sendShown(call, list);
}

/**
 * The cluster's networks by their own name, others as `node/name`; sorted by name.
 * @throws BerthError `bad_request` for a filter's value that is not one
 */
export function listNetworks(tx: ReadTx, filters: Filters): Readonly<Record<string, unknown>>[] {
  const name = nameTest(filters.get('name'));
  const id = nameTest(filters.get('id'));
  const driver = exactTest(filters.get('driver'));
  const scope = exactTest(filters.get('scope'));
  const kind = exactTest(filters.get('type'));
  const labels = filters.get('label') ?? [];
  const nodes = filters.get('node') ?? [];
  const dangling = booleanFilter('dangling', filters.get('dangling'));
  const used = dangling === undefined ? undefined : usedNetworks(tx);
  return allNetworks(tx)
    .map((found) => ({ found, view: networkView(tx, found) }))
    .filter(({ found, view }) => {
      const own = found.kind === 'cluster' ? found.record.name : found.seen.name;
      const hostId = found.kind === 'cluster' ? found.record.hostId : found.hostId;
      const predefined = PREDEFINED.has(own);
      return (
        (name(String(view.Name)) || name(own)) &&
        id(String(view.Id)) &&
        driver(String(view.Driver)) &&
        scope(String(view.Scope)) &&
        kind(predefined ? 'builtin' : 'custom') &&
        labelsMatch(view.Labels as Record<string, string>, labels) &&
        (nodes.length === 0 || (hostId !== undefined && nodes.some((node) => isNode(tx, hostId, node)))) &&
        (dangling === undefined || (!predefined && dangling !== isUsed(found, used)))
      );
    })
    .map(({ view }) => view)
    .sort((a, b) => (String(a.Name) < String(b.Name) ? -1 : 1));
}

/** All networks: the cluster's, and the hosts' own. */
export function allNetworks(tx: ReadTx): FoundNetwork[] {
  const records = clusterNetworks(tx).map(
    (record): FoundNetwork => ({ kind: 'cluster', record, seen: seenOf(tx, record) }),
  );
  const others = [...tx.all('observedNetworks')].filter((seen) => recordOf(tx, seen) === undefined);
  return [...records, ...others.map((seen) => foundOf(tx, seen))];
}

function isUsed(found: FoundNetwork, used: ReadonlySet<string> | undefined): boolean {
  if (found.kind === 'cluster' && found.record.span !== undefined) return used?.has(found.record.id) === true;
  return found.seen !== undefined && used?.has(`${found.seen.hostId}/${found.seen.networkId}`) === true;
}

/** Networks that a container on their host is connected to, as `hostId/networkId`; of those that span hosts the ID. */
function usedNetworks(tx: ReadTx): Set<string> {
  const used = new Set<string>();
  for (const { networkId, holder } of tx.all('addresses'))
    if (holder.kind === 'container' || holder.kind === 'endpoint') used.add(networkId);
  for (const { hostId, networkSettings } of tx.all('observedContainers')) {
    const networks = (networkSettings as { Networks?: Record<string, { NetworkID?: string } | null> } | null)
      ?.Networks;
    for (const endpoint of Object.values(networks ?? {})) {
      if (endpoint?.NetworkID) used.add(`${hostId}/${endpoint.NetworkID}`);
    }
  }
  return used;
}
