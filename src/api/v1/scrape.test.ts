import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packRows } from '../../contract/figure-rows.ts';
import { ProcessFigures } from '../../kit/process-figures.ts';
import type { HostStatus } from '../../model/host.ts';
import { ApiFigures } from '../metrics/api-figures.ts';
import { clusterFamilies } from '../metrics/manager-families.ts';
import { type ApiFixture, containerRecord, hostRecord, startApi } from './api.fixture.ts';

const GRAFANA = 'docs/grafana/berth.json';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
  await api.store.update((tx) => {
    tx.put('hosts', hostRecord('id-1', 'h1'));
    tx.put('hosts', hostRecord('id-2', 'h2'));
    tx.put('hostStatus', { kind: 'host-status', id: 'id-1', state: 'ready', reason: '' } as HostStatus);
    const service = { stack: 'shop', name: 'web', index: 1, release: 1 };
    tx.put('containers', { ...containerRecord('c1'.padEnd(64, '0'), 'shop_web_1', 'id-1'), service });
    tx.put('serviceStatus', {
      ...{ kind: 'service-status', stack: 'shop', name: 'web', wanted: 3, running: 2, ready: 1, current: 1 },
      waiting: '',
    });
  });
  api.deps.metrics.take('id-1', {
    ...{ t: 'figures', containers: ['c1'.padEnd(64, '0')] },
    host: packRows([[1, 2, 0, 0.5, 500, 0, 1.5, 1, 1, 1, 1, 1, 4, 1000, 2000]]),
    rows: packRows([[0, 0.5, 100, 1, 2, Number.NaN, 0, 3, 2, 0]]),
  });
});
afterEach(() => api.close());

async function scrape(
  token: string | undefined,
  query = '',
): Promise<Readonly<{ status: number; text: string; type: string }>> {
  const dispatcher = new Agent({ connect: { ca: api.caPem } });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await request(`${api.url}/metrics${query}`, { dispatcher, headers });
  const text = await answer.body.text();
  await dispatcher.close();
  return { status: answer.statusCode, text, type: String(answer.headers['content-type']) };
}

it('tells Prometheus of the cluster, its hosts, services and containers', async () => {
  await api.root.call('node.list');
  const { status, text, type } = await scrape(api.tokens.viewer);
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const container = 'host="h1",container="shop_web_1",id="c10000000000",stack="shop",service="web"';
  for (const line of [
    'berth_hosts{state="ready"} 1',
    'berth_host_up{host="h2"} 0',
    'berth_host_cpu_cores{host="h1",mode="wait"} 0.5',
    'berth_service_wanted{stack="shop",service="web"} 3',
    `berth_container_cpu_cores{${container}} 0.5`,
    `berth_container_cpu_limit_cores{${container}} 2`,
    'berth_api_requests_total{route="node.list",status="200"} 1',
    'berth_api_request_seconds_count{route="node.list"} 1',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).not.toContain('berth_container_memory_limit_bytes');
  expect(text).not.toContain('berth_host_cores{host="h2"}');
  expect(text).not.toContain('NaN');
});

it('leaves containers out where it is asked to, and tells strangers nothing', async () => {
  const { text } = await scrape(api.tokens.viewer, '?containers=false');
  expect(text).toContain('berth_host_cores{host="h1"} 4');
  expect(text).not.toContain('berth_container_cpu_cores');
  const stranger = await scrape(undefined);
  expect(stranger.status).toBe(401);
  expect(stranger.text).not.toContain('berth_hosts');
});

it('has all that the dashboard for Grafana asks for, and the guide tells of', () => {
  const own = new ProcessFigures();
  const families = [
    ...api.store.view((tx) => clusterFamilies(tx, api.deps, true)),
    ...new ApiFigures().families(),
    ...own.families(),
  ];
  own.close();
  const names = new Set(families.map(({ name }) => name));
  const inDashboard = readFileSync(GRAFANA, 'utf8').match(/\b(berth|process|nodejs)_\w+/g) ?? [];
  const asked = [...new Set(inDashboard)].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((name) => !names.has(name))).toEqual([]);
  const guide = readFileSync('docs/guide/metrics.md', 'utf8');
  expect([...names].filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});
