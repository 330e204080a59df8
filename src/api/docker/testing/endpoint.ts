import { type DockerEndpoint, newDockerEndpoint } from '../server.ts';
import { TestClient } from './client.ts';
import { FakeCluster } from './fake-cluster.ts';

export type TestEndpoint = Readonly<{
  cluster: FakeCluster;
  endpoint: DockerEndpoint;
  client: TestClient;
  /** For the hook that has started it to return. */
  close: () => Promise<void>;
}>;

/** The Docker endpoint over a fake cluster with hosts of these names, on its socket. */
export async function startEndpoint(...names: string[]): Promise<TestEndpoint> {
  const cluster = await FakeCluster.start(...names);
  const endpoint = newDockerEndpoint(cluster.deps);
  await endpoint.listenUnix(cluster.socket);
  const close = async () => {
    await endpoint.close();
    await cluster.close();
  };
  return { cluster, endpoint, client: new TestClient(cluster.socket), close };
}
