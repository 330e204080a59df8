import type { Lab } from '../../../test/lab/lab.ts';
import type { Run } from '../../benchmark.ts';
import { timed } from '../../stats.ts';
import { dockerAt } from '../start.ts';

/**
 * Milliseconds that an engine takes to connect a running container to a network, of a network of the cluster and of a bridge
 * of the engine's own, in turns: the same request to the same engine.
 */
export async function attachTimes(
  run: Run,
  lab: Lab,
  clusterNetwork: string,
  count: number,
): Promise<Readonly<{ cluster: readonly number[]; bridge: readonly number[] }>> {
  const [host] = lab.hosts;
  if (host === undefined) throw new Error('the lab has no host');
  await lab.docker(['network', 'create', '-d', 'bridge', 'bench-bridge'], host.name);
  const sleeper = ['--name', 'bench-attach', 'busybox', 'sleep', '100000'];
  await lab.docker(['run', '-d', ...sleeper], host.name);
  const engine = dockerAt(run, host.engine, 1);
  const once = async (network: string) => {
    const body = { Container: 'bench-attach', Force: true };
    const took = await timed(() => engine.call('POST', `/v1.41/networks/${network}/connect`, body));
    await engine.call('POST', `/v1.41/networks/${network}/disconnect`, body);
    return took;
  };
  const times = { cluster: [] as number[], bridge: [] as number[] };
  for (let i = 0; i < count + 2; i++) {
    const [cluster, bridge] = [await once(clusterNetwork), await once('bench-bridge')];
    // The first ones pay for what all later ones find there.
    if (i < 2) continue;
    times.cluster.push(cluster);
    times.bridge.push(bridge);
  }
  await lab.docker(['rm', '-f', 'bench-attach'], host.name);
  return times;
}
