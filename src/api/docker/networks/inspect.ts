import { BerthError } from '../../../kit/errors.ts';
import { isSpanning } from '../../networks/spanning.ts';
import type { DockerCall } from '../call.ts';
import { sendShown } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { addWarnings, unreachableWarnings } from '../system/hosts.ts';
import { findNetwork } from './find-network.ts';
import { networkView } from './network-view.ts';
import { spanningContainers, spanningView } from './spanning-view.ts';

type Raw = Readonly<Record<string, unknown>>;

/**
 * `GET /networks/<id>`: from the network's host, which alone knows its containers' addresses; last seen where it is away. One
 * that spans hosts is known from the store.
 */
export async function inspectNetwork(call: DockerCall): Promise<void> {
  const { store, engines } = call.deps;
  const reference = call.params.id ?? '';
  const found = store.view((tx) => findNetwork(tx, reference));
  const { seen } = found;
  const scope = call.query.get('scope');
  const spans = found.kind === 'cluster' && isSpanning(found.record) ? found.record : undefined;
  // Services of Docker look for networks of swarm mode, which span hosts as these do.
  const scopes = spans === undefined ? [seen?.scope ?? 'local'] : ['global', 'swarm'];
  if (scope && !scopes.includes(scope)) throw new BerthError('not_found', `network ${reference} not found`);
  if (spans !== undefined) {
    const Containers = store.view((tx) => spanningContainers(tx, spans));
    sendShown(call, {
      ...spanningView(spans),
      Containers,
      ...(scope === 'swarm' ? { Scope: scope } : {}),
    });
    return;
  }
  let raw: Raw | undefined;
  if (seen !== undefined && engines.connected(seen.hostId)) {
    const path = enginePath(call, `/networks/${encodeURIComponent(seen.networkId)}`, call.query);
    raw = await askJson<Raw>(call, seen.hostId, { method: 'GET', path, signal: call.signal });
  } else if (seen !== undefined) {
    addWarnings(call.res, unreachableWarnings(call));
  }
  sendShown(
    call,
    store.view((tx) => networkView(tx, found, raw)),
  );
}
