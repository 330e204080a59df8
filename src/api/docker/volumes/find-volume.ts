import { BerthError } from '../../../kit/errors.ts';
import type { ObservedVolume, Volume } from '../../../model/objects.ts';
import type { ReadTx } from '../../../store/store.ts';
import { hostName, splitNode } from '../networks/find-network.ts';

/**
 * A volume that a reference stands for. `cluster`: made through the cluster; without `record.hostId` it is nowhere yet.
 * `host`: made on one host, not through the cluster.
 */
export type FoundVolume =
  | Readonly<{ kind: 'cluster'; record: Volume; seen: ObservedVolume | undefined }>
  | Readonly<{ kind: 'host'; hostId: string; seen: ObservedVolume }>;

/**
 * Finds a volume by name or `node/name`.
 * @throws BerthError `not_found` in Docker's words; `conflict` where several hosts have one of that name
 */
export function findVolume(tx: ReadTx, reference: string): FoundVolume {
  const record = tx.get('volumes', reference);
  if (record !== undefined) return ofRecord(tx, record);
  const named = [...tx.by('observedVolumes', 'name', reference)];
  const [only] = named;
  if (only !== undefined && named.length === 1) return { kind: 'host', hostId: only.hostId, seen: only };
  if (named.length > 1) throw ambiguous(tx, reference, named);
  const split = splitNode(tx, reference);
  if (split !== undefined) {
    const own = tx.get('volumes', split.name);
    if (own?.hostId === split.hostId) return ofRecord(tx, own);
    const seen = tx.get('observedVolumes', `${split.hostId}/${split.name}`);
    if (seen !== undefined) return { kind: 'host', hostId: split.hostId, seen };
  }
  throw noSuchVolume(reference);
}

export function noSuchVolume(name: string): BerthError {
  return new BerthError('not_found', `get ${name}: no such volume`);
}

/** Where the volume is; undefined while it is nowhere. */
export function hostOf(found: FoundVolume): string | undefined {
  return found.kind === 'cluster' ? found.record.hostId : found.hostId;
}

/** The name that an engine has for it. */
export function engineName(found: FoundVolume): string {
  return found.kind === 'cluster' ? found.record.name : found.seen.name;
}

/** The name that clients see: a cluster's volume by its own, another with its host's in front. */
export function shownName(tx: ReadTx, found: FoundVolume): string {
  return found.kind === 'cluster' ? found.record.name : `${hostName(tx, found.hostId)}/${found.seen.name}`;
}

/** All volumes: the cluster's, and the hosts' own. */
export function allVolumes(tx: ReadTx): FoundVolume[] {
  const records = [...tx.all('volumes')].map((record) => ofRecord(tx, record));
  const others = [...tx.all('observedVolumes')].filter(
    (seen) => tx.get('volumes', seen.name)?.hostId !== seen.hostId,
  );
  return [...records, ...others.map((seen): FoundVolume => ({ kind: 'host', hostId: seen.hostId, seen }))];
}

function ofRecord(tx: ReadTx, record: Volume): FoundVolume {
  const key = `${record.hostId}/${record.name}`;
  return {
    kind: 'cluster',
    record,
    seen: record.hostId === undefined ? undefined : tx.get('observedVolumes', key),
  };
}

function ambiguous(tx: ReadTx, name: string, seen: readonly ObservedVolume[]): BerthError {
  const names = seen.map(({ hostId }) => `${hostName(tx, hostId)}/${name}`).sort();
  return new BerthError(
    'conflict',
    `${names.length} hosts have a volume ${name}: ${names.slice(0, 6).join(', ')}`,
    {
      hint: 'name one of them with its host',
    },
  );
}
