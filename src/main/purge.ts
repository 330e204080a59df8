import { existsSync } from 'node:fs';
import { dropPlacedFiles, HostNetworks } from '../agent/index.ts';
import { dialerFor, type Engine, newDockerEngine } from '../engine/index.ts';
import { systemClock } from '../kit/clock.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { newKeyedQueue } from '../kit/keyed-queue.ts';
import { silentLogger } from '../kit/logger.ts';
import { LABEL_CLUSTER } from '../model/labels.ts';
import { MEMORY, networksIn } from './run-host.ts';

type Purge = Readonly<{
  engine: string;
  clusterId: string;
  /** This host's ID in the cluster, and its agent's data directory; without them its networks and files stay as they are. */
  host: Readonly<{ id: string; folder: string }> | undefined;
  warn(line: string): void;
}>;

/**
 * Removes what a cluster has made on one engine: containers first, then networks and volumes. What has no label of this
 * cluster is not touched. Returns one line for each thing removed.
 */
export async function purgeEngine({ engine: url, clusterId, host, warn }: Purge): Promise<string[]> {
  const engine = newDockerEngine(dialerFor(url));
  // The engine asks its drivers before it lets a container or a network go, and the agent has ended.
  const networks = host === undefined ? undefined : await openNetworks(engine, url, clusterId, host);
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL_CLUSTER}=${clusterId}`] }));
  const removed: string[] = [];
  const remove = async (what: string, path: string) => {
    try {
      await drop(engine, path);
      removed.push(what);
    } catch (thrown) {
      warn(`${what} could not be removed: ${messageOf(thrown)}`);
    }
  };
  try {
    type Named = { Id: string; Name: string; Names: string[] };
    for (const { Id, Names } of await engine.json<Named[]>(
      'GET',
      `/containers/json?all=1&filters=${filters}`,
    )) {
      await remove(
        `container ${Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12)}`,
        `/containers/${Id}?force=1&v=1`,
      );
    }
    for (const { Id, Name } of await engine.json<Named[]>('GET', `/networks?filters=${filters}`)) {
      await remove(`network ${Name}`, `/networks/${Id}`);
    }
    const { Volumes } = await engine.json<{ Volumes: Named[] | null }>('GET', `/volumes?filters=${filters}`);
    for (const { Name } of Volumes ?? [])
      await remove(`volume ${Name}`, `/volumes/${encodeURIComponent(Name)}`);
    for (const left of (await networks?.removeAll()) ?? []) removed.push(`devices of network ${left}`);
    for (const folder of host === undefined ? [] : await dropPlacedFiles(MEMORY, host.id))
      removed.push(`configs and secrets of containers in ${folder}`);
  } catch (thrown) {
    throw new BerthError(
      'unavailable',
      `the Docker Engine at ${url} cannot be asked what Berth has made on it: ${messageOf(thrown)}`,
      {
        hint: 'start it, then purge again; nothing else was removed',
        cause: thrown,
      },
    );
  } finally {
    await networks?.close();
    engine.close();
  }
  return removed;
}

async function openNetworks(
  engine: Engine,
  url: string,
  clusterId: string,
  { id: hostId, folder }: NonNullable<Purge['host']>,
): Promise<HostNetworks | undefined> {
  const networks = networksIn(url, folder, silentLogger);
  if (networks === undefined || !existsSync(networks.dir)) return undefined;
  return HostNetworks.open({
    ...networks,
    identity: { clusterId, hostId },
    dataAddress: '',
    logger: silentLogger,
    clock: systemClock,
    engine,
    exclusive: newKeyedQueue(),
    holdings: () => [],
  });
}

/** How many containers an engine has left; undefined where it does not answer. */
export async function containersLeft(url: string): Promise<number | undefined> {
  const engine = newDockerEngine(dialerFor(url));
  try {
    return (await engine.json<unknown[]>('GET', '/containers/json?all=1')).length;
  } catch {
    return undefined;
  } finally {
    engine.close();
  }
}

async function drop(engine: Engine, path: string): Promise<void> {
  try {
    await engine.json('DELETE', path);
  } catch (thrown) {
    // Gone meanwhile: that is what was wanted.
    if (thrown instanceof BerthError && thrown.status === 404) return;
    throw thrown;
  }
}
