import { LABEL_ID } from '../../../model/labels.ts';
import type { ReadTx } from '../../../store/store.ts';
import { aliasesOf } from '../../agents/member-of.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * A host's `NetworkSettings` with the networks that span hosts under their names and IDs of the cluster: each host's engine
 * has IDs of its own for its parts of them. The alias that is the beginning of the engine's ID becomes that of the cluster's:
 * docker-compose looks for it, and connects anew where it is missing.
 * @param ids of the container
 */
export function clusterNetworkSettings(
  tx: ReadTx,
  hostId: string,
  settings: unknown,
  ids: Readonly<{ engine: string | undefined; cluster: string }>,
): unknown {
  const networks = (settings as { Networks?: unknown } | null | undefined)?.Networks;
  if (typeof networks !== 'object' || networks === null) return settings;
  let changed = false;
  const shown = Object.entries(networks as Json).map(([name, endpoint]) => {
    const engineId = (endpoint as { NetworkID?: unknown } | null)?.NetworkID;
    const seen = tx.get('observedNetworks', `${hostId}/${String(engineId)}`);
    const record = tx.get('networks', seen?.labels[LABEL_ID] ?? '');
    if (record?.span === undefined) return [name, endpoint];
    changed = true;
    const spec = tx.get('containers', ids.cluster)?.desired.spec;
    const own = spec === undefined ? [] : aliasesOf(spec, record.id);
    return [record.name, { ...withAliases(endpoint as Json, ids, own), NetworkID: record.id }];
  });
  return changed ? { ...(settings as Json), Networks: Object.fromEntries(shown) } : settings;
}

/** With those that the cluster's name service answers, which the engine is not told of. */
function withAliases(
  endpoint: Json,
  { engine, cluster }: Readonly<{ engine: string | undefined; cluster: string }>,
  own: readonly string[],
): Json {
  const given: readonly unknown[] = Array.isArray(endpoint.Aliases) ? endpoint.Aliases : [];
  const short = engine?.slice(0, 12);
  const shown = given.map((one) => (one === short ? cluster.slice(0, 12) : one));
  const all = [...new Set([...own, ...shown])];
  return all.length === 0 ? endpoint : { ...endpoint, Aliases: all };
}

/** `HostConfig.NetworkMode` as its user wrote it: the spec has the ID of a network that spans hosts. */
export function shownMode(tx: ReadTx, mode: unknown): string {
  if (typeof mode !== 'string' || mode === '') return 'default';
  const record = tx.get('networks', mode);
  return record?.span === undefined ? mode : record.name;
}
