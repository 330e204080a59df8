import { dialerFor, type Engine, newDockerEngine } from '../engine/index.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { LABEL_CLUSTER } from '../model/labels.ts';

type Purge = Readonly<{ engine: string; clusterId: string; warn(line: string): void }>;

/**
 * Removes what a cluster has made on one engine: containers first, then networks and volumes. What has no label of this
 * cluster is not touched. Returns one line for each thing removed.
 */
export async function purgeEngine({ engine: url, clusterId, warn }: Purge): Promise<string[]> {
  const engine = newDockerEngine(dialerFor(url));
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
    engine.close();
  }
  return removed;
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
