import { beforeEach, describe, expect, it } from 'vitest';
import type { ObservedProbes } from '../../../model/container.ts';
import type { TestClient } from '../testing/client.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import type { FakeCluster } from '../testing/fake-cluster.ts';

let cluster: FakeCluster;
let client: TestClient;

beforeEach(async () => {
  const started = await startEndpoint('alpha');
  ({ cluster, client } = started);
  return started.close;
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

  it('are shown as Docker shows health, where the engine has no check of its own', async () => {
    const body = { Image: 'busybox', Labels: { 'berth.probe.url': 'tcp://container:80' } };
    await client.json('POST', '/containers/create?name=web', body, 201);
    await client.json('POST', '/containers/web/start', undefined, 204);
    const told = (change: Partial<ObservedProbes>, health: 'none' | 'healthy' = 'none') =>
      cluster.store.update((tx) => {
        for (const seen of tx.all('observedContainers')) {
          const base = { ready: true, live: true, starting: false, since: 0, said: '', results: [] };
          const state = { ...seen.state, health };
          tx.put('observedContainers', { ...seen, state, probes: { ...base, ...change } });
        }
      });
    type Entry = { Status: string };
    const status = async (filter = '') => {
      const filters = encodeURIComponent(JSON.stringify(filter === '' ? {} : { health: [filter] }));
      return (await client.json<Entry[]>('GET', `/containers/json?filters=${filters}`)).map(
        (one) => one.Status,
      );
    };
    type Inspect = { State: { Health?: unknown } };
    const inspected = async () => (await client.json<Inspect>('GET', '/containers/web/json')).State.Health;
    expect(await inspected()).toBeUndefined();
    await told({ ready: false, starting: true });
    expect(await status()).toEqual([expect.stringMatching(/^Up .* \(health: starting\)$/)]);
    const results = [true, false, false].map((ok, i) => ({
      at: 1_000 * i,
      ms: 5,
      ok,
      said: ok ? 'fine' : 'no',
    }));
    await told({ ready: false, results });
    expect(await status()).toEqual([expect.stringMatching(/^Up .* \(unhealthy\)$/)]);
    expect(await status('unhealthy')).toHaveLength(1);
    expect(await status('healthy')).toHaveLength(0);
    expect(await inspected()).toEqual({
      Status: 'unhealthy',
      FailingStreak: 2,
      Log: results.map(({ ok, said }, i) => ({
        Start: `1970-01-01T00:00:0${i}.000Z`,
        End: `1970-01-01T00:00:0${i}.005Z`,
        ExitCode: ok ? 0 : 1,
        Output: said,
      })),
    });
    await told({});
    expect(await status()).toEqual([expect.stringMatching(/^Up .* \(healthy\)$/)]);
    // Its engine's own check goes before.
    await told({ ready: false }, 'healthy');
    expect(await status('healthy')).toHaveLength(1);
  });
});
