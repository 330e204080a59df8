import { BerthError } from '../../../kit/errors.ts';
import { networkNames } from '../../../model/network-names.ts';
import type { Network } from '../../../model/objects.ts';
import type { ReadTx } from '../../../store/store.ts';
import { removeSpanning } from '../../networks/make-network.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { readJson, sendJson, sendNothing } from '../json.ts';
import { ask, askJson, enginePath } from '../passthrough.ts';
import { filtersOf, labelsMatch } from '../query.ts';
import { askAll, LONG_MS } from '../system/add-up.ts';
import { rewriteContainerIds } from '../system/engine-text.ts';
import { observe } from '../system/observe.ts';
import { untilMs } from '../system/until-filter.ts';
import { clusterNetworks, findNetwork, hostName, recordOf } from './find-network.ts';
import { isWanted, removeSpanningNetwork } from './remove-spanning.ts';

/** `DELETE /networks/<id>`. */
export async function removeNetwork(call: DockerCall): Promise<void> {
  await dropNetwork(call, call.params.id ?? '');
  sendNothing(call.res, 204);
}

/** Removes a network on its host, then its record. @throws BerthError `not_found`, `host_down`, and what its engine says */
export async function dropNetwork(call: EngineCall, reference: string): Promise<void> {
  const { store, engines } = call.deps;
  const found = store.view((tx) => findNetwork(tx, reference));
  if (found.kind === 'cluster' && found.record.span !== undefined) {
    await removeSpanningNetwork(call, found.record.id);
    return;
  }
  const hostId = found.kind === 'cluster' ? found.record.hostId : found.hostId;
  if (hostId !== undefined && !engines.connected(hostId)) {
    const host = store.view((tx) => hostName(tx, hostId));
    throw new BerthError('host_down', `network ${reference} is on host ${host}, which is not connected`, {
      hint: 'bring the host back, or take it out of the cluster with "berth node rm"',
    });
  }
  if (found.seen !== undefined) {
    const path = enginePath(call, `/networks/${encodeURIComponent(found.seen.networkId)}`);
    const rewrite = rewriteContainerIds(store, found.seen.hostId);
    try {
      const answer = await ask(
        call,
        found.seen.hostId,
        { method: 'DELETE', path, signal: call.signal },
        rewrite,
      );
      answer.body.resume();
    } catch (thrown) {
      // Gone by other hands: then the record has to go as well.
      const gone = thrown instanceof BerthError && thrown.status === 404;
      if (!gone || found.kind === 'host') throw thrown;
    }
    await observe(call, [found.seen.hostId], 'observedNetworks');
  }
  if (found.kind === 'cluster') await store.update((tx) => tx.delete('networks', found.record.id));
}

type Pruned = Readonly<{ NetworksDeleted?: readonly string[] | null }>;

/** `POST /networks/prune`: on every host, and the cluster's networks that are nowhere and that no container asks for. */
export async function pruneNetworks(call: DockerCall): Promise<void> {
  await readJson(call.req);
  const { store, clock } = call.deps;
  const filters = filtersOf(call.query, ['label', 'label!', 'until']);
  const before = untilMs(filters.get('until'), clock.now());
  const path = enginePath(call, '/networks/prune', call.query);
  const { answers } = await askAll(
    call,
    (host, signal) => askJson<Pruned>(call, host.id, { method: 'POST', path, signal }),
    LONG_MS,
  );
  const deleted = await store.update((tx) => {
    const names: string[] = [];
    for (const { host, value } of answers) {
      for (const name of value.NetworksDeleted ?? []) {
        const record = recordOn(tx, host.id, name);
        // Of one that spans hosts only the part of this host went, which comes back when it is needed there.
        if (record?.span !== undefined) continue;
        if (record !== undefined) tx.delete('networks', record.id);
        names.push(record === undefined ? `${host.name}/${name}` : name);
      }
    }
    const used = networksInUse(tx);
    for (const record of clusterNetworks(tx)) {
      const labels = labelsOf(record);
      if (record.hostId !== undefined || used.has(record.name) || used.has(record.id)) continue;
      // A reservation is made to last.
      if ([...tx.by('addresses', 'network', record.id)].some(isWanted)) continue;
      if (record.createdAt >= before || !labelsMatch(labels, filters.get('label') ?? [])) continue;
      if ((filters.get('label!') ?? []).some((one) => labelsMatch(labels, [one]))) continue;
      removeSpanning(tx, record.id);
      names.push(record.name);
    }
    return names;
  });
  await observe(
    call,
    answers.map(({ host }) => host.id),
    'observedNetworks',
  );
  sendJson(call.res, 200, { NetworksDeleted: deleted.length === 0 ? null : deleted.sort() });
}

/** The record of a network on a host, by the name that the engine gave. */
function recordOn(tx: ReadTx, hostId: string, name: string): Network | undefined {
  for (const seen of tx.by('observedNetworks', 'name', name)) {
    const record = seen.hostId === hostId ? recordOf(tx, seen) : undefined;
    if (record !== undefined) return record;
  }
  const [named] = tx.by('networks', 'name', name);
  return named?.hostId === hostId ? named : undefined;
}

function networksInUse(tx: ReadTx): Set<string> {
  const used = new Set<string>();
  for (const { desired } of tx.all('containers'))
    for (const name of networkNames(desired.spec)) used.add(name);
  return used;
}

function labelsOf({ spec }: Network): Record<string, string> {
  return typeof spec.Labels === 'object' && spec.Labels !== null
    ? (spec.Labels as Record<string, string>)
    : {};
}
