import { BerthError } from '../../../kit/errors.ts';
import { LABEL_ID } from '../../../model/labels.ts';
import type { Network, ObservedNetwork } from '../../../model/objects.ts';
import { spanDriver } from '../../../model/spanning/registry.ts';
import type { ReadTx } from '../../../store/store.ts';

/**
 * A network that a reference stands for. `cluster`: made through the cluster; without `record.hostId` it is nowhere yet,
 * and without `seen` its host does not have it (yet). `host`: made on one host, not by Berth.
 */
export type FoundNetwork =
  // One that spans hosts has neither, and is known from its record.
  | Readonly<{ kind: 'cluster'; record: Network; seen: ObservedNetwork | undefined }>
  | Readonly<{ kind: 'host'; hostId: string; seen: ObservedNetwork }>;

/**
 * Finds a network by whole ID, name, `node/name`, or the unique beginning of an ID, in this order.
 * @param preferHost where several hosts have a network of that name ("bridge"), this one's is meant
 * @throws BerthError `not_found` in Docker's words; `bad_request` where several fit
 */
export function findNetwork(tx: ReadTx, reference: string, preferHost?: string): FoundNetwork {
  const found =
    byId(tx, reference) ??
    byName(tx, reference, preferHost) ??
    onNode(tx, reference) ??
    byPrefix(tx, reference);
  if (found === undefined) throw new BerthError('not_found', `network ${reference} not found`);
  return found;
}

/** The record that a host's network belongs to; undefined where Berth did not make it. */
export function recordOf(tx: ReadTx, seen: ObservedNetwork): Network | undefined {
  const id = seen.labels[LABEL_ID];
  const record = id === undefined ? undefined : tx.get('networks', id);
  // One that spans hosts is on each of them.
  return record?.span !== undefined || record?.hostId === seen.hostId ? record : undefined;
}

/** A host's part of a network that spanned hosts and is gone: its agent takes it away, at once or when it is back. */
export function isLeftOver(tx: ReadTx, { labels, driver }: ObservedNetwork): boolean {
  const id = labels[LABEL_ID];
  return id !== undefined && spanDriver(driver) !== undefined && tx.get('networks', id) === undefined;
}

/** The records of networks that were made through the cluster. */
export function clusterNetworks(tx: ReadTx): Network[] {
  return [...tx.all('networks')].filter(({ plainOn }) => plainOn === undefined);
}

/** What is seen of a record's network on its host. */
export function seenOf(tx: ReadTx, record: Network): ObservedNetwork | undefined {
  if (record.hostId === undefined) return undefined;
  for (const seen of tx.by('observedNetworks', 'host', record.hostId)) {
    if (seen.labels[LABEL_ID] === record.id) return seen;
  }
  return undefined;
}

/** The name that clients see: a cluster's network by its own, another with its host's in front. */
export function shownName(tx: ReadTx, found: FoundNetwork): string {
  if (found.kind === 'cluster') return found.record.name;
  return `${hostName(tx, found.hostId)}/${found.seen.name}`;
}

export function hostName(tx: ReadTx, hostId: string): string {
  return tx.get('hosts', hostId)?.name ?? hostId;
}

/** Splits `node/name` where the first part is a host's name or ID. */
export function splitNode(tx: ReadTx, reference: string): { hostId: string; name: string } | undefined {
  const slash = reference.indexOf('/');
  if (slash <= 0 || slash === reference.length - 1) return undefined;
  const node = reference.slice(0, slash);
  const [named] = tx.by('hosts', 'name', node.toLowerCase());
  const host = named ?? tx.get('hosts', node);
  return host === undefined ? undefined : { hostId: host.id, name: reference.slice(slash + 1) };
}

export function foundOf(tx: ReadTx, seen: ObservedNetwork): FoundNetwork {
  const record = recordOf(tx, seen);
  if (record === undefined) return { kind: 'host', hostId: seen.hostId, seen };
  return record.span === undefined ? { kind: 'cluster', record, seen } : foundRecord(tx, record);
}

function foundRecord(tx: ReadTx, record: Network): FoundNetwork {
  return { kind: 'cluster', record, seen: seenOf(tx, record) };
}

function byId(tx: ReadTx, reference: string): FoundNetwork | undefined {
  const record = tx.get('networks', reference);
  if (record !== undefined && record.plainOn === undefined) return foundRecord(tx, record);
  const [seen] = tx.by('observedNetworks', 'networkId', reference);
  return seen === undefined ? undefined : foundOf(tx, seen);
}

function byName(tx: ReadTx, name: string, preferHost: string | undefined): FoundNetwork | undefined {
  const [record] = tx.by('networks', 'name', name);
  if (record !== undefined) return foundRecord(tx, record);
  const seen = [...tx.by('observedNetworks', 'name', name)];
  const preferred = seen.find(({ hostId }) => hostId === preferHost);
  if (preferred !== undefined) return foundOf(tx, preferred);
  return onlyOne(
    tx,
    name,
    seen.map((one) => foundOf(tx, one)),
  );
}

function onNode(tx: ReadTx, reference: string): FoundNetwork | undefined {
  const split = splitNode(tx, reference);
  if (split === undefined) return undefined;
  const here = [...tx.by('observedNetworks', 'host', split.hostId)];
  const named = here.filter(({ name }) => name === split.name);
  const found = named.length > 0 ? named : here.filter(({ networkId }) => networkId.startsWith(split.name));
  const one = onlyOne(
    tx,
    reference,
    found.map((seen) => foundOf(tx, seen)),
  );
  if (one !== undefined) return one;
  // Placed there, and not made yet.
  const [record] = tx.by('networks', 'name', split.name);
  return record?.hostId === split.hostId ? foundRecord(tx, record) : undefined;
}

function byPrefix(tx: ReadTx, reference: string): FoundNetwork | undefined {
  if (!/^[0-9a-f]{1,64}$/.test(reference)) return undefined;
  const records = clusterNetworks(tx).filter(({ id }) => id.startsWith(reference));
  const seen = [...tx.all('observedNetworks')].filter(({ networkId }) => networkId.startsWith(reference));
  return onlyOne(tx, reference, [
    ...records.map((record) => foundRecord(tx, record)),
    ...seen.map((one) => foundOf(tx, one)),
  ]);
}

function onlyOne(tx: ReadTx, reference: string, found: readonly FoundNetwork[]): FoundNetwork | undefined {
  if (found.length < 2) return found[0];
  const names = found.map((one) => shownName(tx, one)).sort();
  const shown = names.length > 6 ? [...names.slice(0, 6), '…'] : names;
  throw new BerthError(
    'bad_request',
    `network ${reference} is ambiguous (${found.length} matches: ${shown.join(', ')})`,
    {
      hint: 'name one of them with its host',
    },
  );
}
