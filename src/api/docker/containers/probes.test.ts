import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DockerEndpoint, newDockerEndpoint } from '../server.ts';
import { TestClient } from '../testing/client.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';

let cluster: FakeCluster;
let endpoint: DockerEndpoint;
let client: TestClient;

beforeEach(async () => {
  cluster = await FakeCluster.start('alpha');
  endpoint = newDockerEndpoint(cluster.deps);
  await endpoint.listenUnix(cluster.socket);
  client = new TestClient(cluster.socket);
});
afterEach(async () => {
  await endpoint.close();
  await cluster.close();
});

describe("a container's probes", () => {
  it('are those of its labels', async () => {
    const Labels = { 'aliyun.probe.url': 'tcp://container:6379', 'berth.liveness.cmd': 'true' };
    const body = { Image: 'busybox', Labels };
    const { Id } = await client.json<{ Id: string }>('POST', '/containers/create?name=web', body, 201);
    const record = cluster.store.view((tx) => tx.get('containers', Id));
    expect(record?.probes).toMatchObject({
      readiness: { check: { kind: 'tcp', port: 6379 } },
      liveness: { check: { kind: 'exec', argv: ['/bin/sh', '-c', 'true'] } },
    });
  });

  it('are refused where a label says nothing known', async () => {
    const body = { Image: 'busybox', Labels: { 'berth.probe.url': 'http://web/' } };
    const { status, text } = await client.send('POST', '/containers/create?name=web', body);
    expect(status).toBe(400);
    expect(JSON.parse(text).message).toContain('label berth.probe.url "http://web/" has the host "web"');
  });
});
