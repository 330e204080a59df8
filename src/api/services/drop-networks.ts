import { BerthError, messageOf } from '../../kit/errors.ts';
import type { StackNetwork } from '../../model/stack.ts';
import type { ReadTx } from '../../store/store.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { seenOf } from '../docker/networks/find-network.ts';
import { ask } from '../docker/passthrough.ts';
import { observe } from '../docker/system/observe.ts';
import { servedVersions } from '../docker/version.ts';
import { removeSpanning } from '../networks/make-network.ts';
import { hasReserved, isOfProject, networkUser } from './network-user.ts';

/**
 * Takes those of a stack's networks away that it has made, and that nobody uses.
 * @param reserved `keep`: one with reserved addresses stays, as nobody has said that these go
 * @returns why one of them stays, in one line each
 */
export async function dropNetworks(
  deps: DockerDeps,
  networks: readonly StackNetwork[],
  reserved: 'keep' | 'drop',
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const network of networks) {
    if (network.external) continue;
    const reason = await drop(deps, network, reserved).catch(messageOf);
    if (reason !== undefined) kept.push(`network ${network.spec.Name}: ${reason}`);
  }
  return kept;
}

async function drop(
  deps: DockerDeps,
  { spec }: StackNetwork,
  reserved: 'keep' | 'drop',
): Promise<string | undefined> {
  const { store } = deps;
  const [network] = store.view((tx) => [...tx.by('networks', 'name', spec.Name)]);
  if (network === undefined) return undefined;
  if (!isOfProject(network, spec)) return 'was not made by the stack';
  const userNow = (tx: ReadTx) => networkUser(tx, network, (hostId) => deps.engines.connected(hostId));
  // Before its host is asked: an engine gives a network up that only stopped containers have.
  const used = store.view(userNow);
  if (used !== undefined) return `is used by container ${used}`;
  if (reserved === 'keep' && store.view((tx) => hasReserved(tx, network)))
    return 'has addresses that are reserved';
  const seen = store.view((tx) => seenOf(tx, network));
  if (network.span === undefined && seen !== undefined) await dropOnHost(deps, seen);
  return store.update((tx) => {
    const user = userNow(tx);
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
