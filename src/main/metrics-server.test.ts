import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import type { LastFigures } from '../agent/index.ts';
import { silentLogger } from '../kit/logger.ts';
import { serveMetrics } from './metrics-server.ts';

const figures = {
  machine: { cpuUser: 1.5, cores: 4, dockerDisk: Number.NaN },
  containers: [
    {
      observed: { name: 'web', clusterId: 'c'.repeat(64), engineId: 'e' },
      figures: { cpu: 0.25, memory: 10, coreLimit: 0, memoryLimit: 64, pids: 2 },
    },
  ],
} as unknown as LastFigures;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('answers with what was measured, and with nothing else', async () => {
  const listen = { host: '127.0.0.1', port: await freePort() };
  const end = await serveMetrics({ listen, hostName: 'h1', figures: () => figures, logger: silentLogger });
  const url = `http://127.0.0.1:${listen.port}`;
  try {
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    const text = await response.text();
    expect(text).toContain('berth_host_cpu_cores{host="h1",mode="user"} 1.5\n');
    expect(text).toContain('berth_container_cpu_cores{host="h1",container="web",id="cccccccccccc"} 0.25\n');
    expect(text).toContain(
      'berth_container_memory_limit_bytes{host="h1",container="web",id="cccccccccccc"} 64\n',
    );
    expect(text).not.toContain('berth_container_cpu_limit_cores');
    expect(text).not.toContain('NaN');
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
  } finally {
    await end();
  }
  await expect(fetch(`${url}/metrics`)).rejects.toThrow();
});

it('keeps no place for those who do not read', async () => {
  const listen = { host: '127.0.0.1', port: await freePort() };
  const [one] = figures.containers ?? [];
  // More than the kernel keeps for who does not read.
  const observed = { ...one?.observed, name: 'x'.repeat(40_000) };
  const many = { ...figures, containers: Array(40).fill({ ...one, observed }) } as unknown as LastFigures;
  let left = 16;
  const end = await serveMetrics({
    ...{ listen, hostName: 'h1', figures: () => (left-- > 0 ? many : figures) },
    ...{ logger: silentLogger, readMs: 300 },
  });
  const sockets = Array.from({ length: left }, () => {
    const ask = () => socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    const socket = connect(listen.port, '127.0.0.1', ask);
    return socket.pause().on('error', () => undefined);
  });
  try {
    await expect.poll(() => left, { timeout: 20_000 }).toBeLessThanOrEqual(0);
    const status = () =>
      fetch(`http://127.0.0.1:${listen.port}/metrics`).then(
        (answer) => answer.status,
        () => 0,
      );
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    await end();
  }
}, 60_000);

it('where the port is taken is in the log, and keeps nothing from going on', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const listen = { host: '127.0.0.1', port: (other.address() as AddressInfo).port };
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (about: object) => lines.push(JSON.stringify(about)) };
  const end = await serveMetrics({ listen, hostName: 'h1', figures: () => undefined, logger });
  expect(lines.join()).toContain('cannot listen on');
  await end();
  other.close();
});
