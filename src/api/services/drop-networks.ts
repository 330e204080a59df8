import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Network } from '../../model/objects.ts';
import type { Stack } from '../../model/stack.ts';
import type { ReadTx } from '../../store/store.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { seenOf } from '../docker/networks/find-network.ts';
import { ask } from '../docker/passthrough.ts';
import { observe } from '../docker/system/observe.ts';
import { servedVersions } from '../docker/version.ts';
import { removeSpanning } from '../networks/make-network.ts';
import { networkNames } from '../networks/network-names.ts';

/**
 * Takes the stack's own networks away, those that nobody else uses.
 * @returns why one of them stays, in one line each
 */
export async function dropNetworks(deps: DockerDeps, { networks }: Stack): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const { external, spec } of networks) {
    if (external) continue;
    const reason = await drop(deps, spec.Name).catch(messageOf);
    if (reason !== undefined) kept.push(`network ${spec.Name}: ${reason}`);
  }
  return kept;
}

async function drop(deps: DockerDeps, name: string): Promise<string | undefined> {
  const { store } = deps;
  const [network] = store.view((tx) => [...tx.by('networks', 'name', name)]);
  if (network === undefined) return undefined;
  const seen = store.view((tx) => seenOf(tx, network));
  if (network.span === undefined && seen !== undefined) await dropOnHost(deps, seen);
  return store.update((tx) => {
    const user = userOf(tx, network, (hostId) => deps.engines.connected(hostId));
    if (user !== undefined) return `is used by container ${user}`;
    if (network.span === undefined) tx.delete('networks', network.id);
    else removeSpanning(tx, network.id);
    return undefined;
  });
}

async function dropOnHost(
  deps: DockerDeps,
  { hostId, networkId }: Readonly<{ hostId: string; networkId: string }>,
): Promise<void> {
  const path = `/v${servedVersions(deps.store).api}/networks/${encodeURIComponent(networkId)}`;
  try {
    const answer = await ask({ deps }, hostId, { method: 'DELETE', path });
    answer.body.resume();
  } catch (thrown) {
    // Gone by other hands: then the record has to go as well.
    if (!(thrown instanceof BerthError) || thrown.status !== 404) throw thrown;
  }
  await observe({ deps }, [hostId], 'observedNetworks');
}

/** Name of a container that asks for the network, one that only waits for its lost host left out. */
function userOf(
  tx: ReadTx,
  { id, name }: Network,
  connected: (hostId: string) => boolean,
): string | undefined {
  for (const container of tx.all('containers')) {
    const { desired, assigned } = container;
    if (desired.state === 'removed' && !connected(assigned.hostId)) continue;
    const names = networkNames(desired.spec);
    if (names.includes(id) || names.includes(name)) return container.name;
  }
  for (const { holder } of tx.by('addresses', 'network', id)) {
    if (holder.kind === 'endpoint') return holder.name ?? holder.endpointId.slice(0, 12);
    if (holder.kind !== 'container') continue;
    const container = tx.get('containers', holder.id);
    if (container !== undefined && container.desired.state !== 'removed') return container.name;
  }
  return undefined;
}
