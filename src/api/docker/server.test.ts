import { stat } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DockerRoute } from './call.ts';
import { DOCKER_ROUTES } from './routes.ts';
import { newDockerEndpoint } from './server.ts';
import { readAll, type TestClient } from './testing/client.ts';
import { startEndpoint } from './testing/endpoint.ts';
import type { FakeCluster } from './testing/fake-cluster.ts';

let cluster: FakeCluster;
let client: TestClient;

beforeAll(async () => {
  const started = await startEndpoint('alpha', 'beta');
  ({ cluster, client } = started);
  return started.close;
});

describe('the Docker endpoint', () => {
  it('lets in by the socket file only its owner and group', async () => {
    expect((await stat(cluster.socket)).mode & 0o777).toBe(0o660);
  });

  it('does not take a socket that another process serves, and replaces one that is dead', async () => {
    await expect(newDockerEndpoint(cluster.deps).listenUnix(cluster.socket)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await client.send('GET', '/containers/json')).status).toBe(200);
  });

  it('says which API it serves: what the connected engines all speak', async () => {
    const { status, headers } = await client.send('GET', '/containers/json');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'api-version': '1.41', ostype: 'linux', 'docker-experimental': 'false' });
    expect(headers.server).toContain('Berth/');
  });

  it('is not held down by an engine that says it speaks nothing', async () => {
    const set = (apiVersion: string) =>
      cluster.store.update((tx) => {
        const status = tx.get('hostStatus', 'h-beta');
        if (status?.engine !== undefined)
          tx.put('hostStatus', { ...status, engine: { ...status.engine, apiVersion } });
      });
    for (const version of ['0.1', 'x', '']) {
      await set(version);
      expect((await client.send('GET', '/v1.41/containers/json')).headers['api-version']).toBe('1.41');
    }
    await set('1.40');
    expect((await client.send('GET', '/containers/json')).headers['api-version']).toBe('1.40');
    await set('1.41');
  });

  it.each([
    ['/v1.41/containers/json', 200, ''],
    ['/v1.24/containers/json', 200, ''],
    ['/v1.50/containers/json', 400, 'client version 1.50 is too new. Maximum supported API version is 1.41'],
    ['/v1.9/containers/json', 400, 'client version 1.9 is too old. Minimum supported API version is 1.24'],
    ['/v1.41', 404, 'page not found'],
    ['/nothing', 404, 'page not found'],
    ['/v1.41/swarm/nothing', 501, 'does not serve that part'],
    ['/containers/%zz/json', 400, 'percent-encoding'],
    ['/images/../json', 400, 'names nothing'],
    ['/images/%2e%2e%2fcontainers%2fx/json', 400, 'names nothing'],
    ['/distribution/a%2f%2fb/json', 400, 'names nothing'],
    ['/containers/nobody/json', 404, 'No such container: nobody'],
  ])('%s: %i %s', async (path, status, message) => {
    const reply = await client.send('GET', path);
    expect(reply.status).toBe(status);
    if (message !== '') expect(JSON.parse(reply.text).message).toContain(message);
  });

  it('answers what is no HTTP, and a head without end, with 4xx', async () => {
    expect(await readAll(await client.raw('nonsense\r\n\r\n'))).toMatch(/^HTTP\/1.1 400 /);
    const long = await client.raw(`GET /${'x'.repeat(300_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await readAll(long)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('refuses a change that a page of another site asks for', async () => {
    const site = { 'sec-fetch-site': 'cross-site' };
    expect((await client.send('POST', '/containers/x/start', undefined, site)).status).toBe(403);
    expect((await client.send('GET', '/containers/json', undefined, site)).status).toBe(200);
  });

  it('serves a route that does not upgrade in plain, where a client offers to (h2c)', async () => {
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const socket = await client.raw(`GET /containers/json HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    const text = await readAll(socket);
    expect(text).toMatch(/^HTTP\/1.1 200 OK/);
    expect(text).toContain('[]');
  });

  it('writes every change into the audit log with its outcome, and no read', async () => {
    await client.send('POST', '/containers/ghost/start');
    await client.send('GET', '/containers/ghost/json');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const entries = cluster.store.view((tx) =>
      [...tx.all('audit')].filter(({ target }) => target === 'ghost'),
    );
    expect(entries).toMatchObject([
      { action: 'container.start', user: 'root', via: 'socket', outcome: 'No such container: ghost' },
    ]);
  });
});

describe('refusals', () => {
  it('of one user fill no more of the audit log than they may', async () => {
    const count = () => cluster.store.view((tx) => tx.count('audit'));
    const before = count();
    for (let i = 0; i < 11; i++)
      await Promise.all(Array.from({ length: 100 }, () => client.send('POST', '/containers/ghost/stop')));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(count() - before).toBeLessThanOrEqual(1000);
    await client.send('POST', '/networks/create', { Name: 'written' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const entries = cluster.store.view((tx) => [...tx.all('audit')].map(({ target }) => target));
    expect(entries).toContain('written');
  });
});

/** Bodies and queries that no route may take for its own fault. */
const BAD_BODIES: readonly (readonly [string, string, Record<string, string>])[] = [
  ['malformed JSON', '{"Image":', {}],
  ['half a value', '"', {}],
  ['a list', '[1, 2]', {}],
  ['a number', '7', {}],
  ['null', 'null', {}],
  ['wrong types', '{"Image": 5, "Env": {"a": 1}, "Labels": [], "HostConfig": "x", "Cmd": 7, "Name": 4}', {}],
  ['nesting', '['.repeat(20_000) + ']'.repeat(20_000), {}],
  ['another type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['no UTF-8', '\u0000\ufffd', {}],
];
const BAD_QUERY =
  'filters=%7Bbad&limit=x&t=x&h=x&w=x&all=maybe&until=never&since=never&name=%00&fromImage=%20&repo=&tag=%2F&remote=x&buildargs=x&labels=x&path=&format=x';
const BAD_FILTERS = ['[]', '"x"', '{"label":5}', '{"nobody":["x"]}', '{"label":[1]}', '7'];

function pathOf(route: DockerRoute): string {
  return route.pattern.replace(/:[a-zA-Z]+\*?/g, 'nobody');
}

/** Takes bytes of any kind and length: archives, not JSON. */
const STREAMS = ['/build', '/images/load', '/containers/:id*/archive', '/session', '/grpc', '/images/create'];
const takesJson = ({ method, pattern }: DockerRoute) =>
  method !== 'GET' && method !== 'HEAD' && !STREAMS.includes(pattern);

describe.each(DOCKER_ROUTES.map((route) => [`${route.method} ${route.pattern}`, route] as const))(
  'bad input: %s',
  (_, route) => {
    // Streams that answer for as long as they are read.
    const endless = route.pattern === '/events';
    const ask = async (path: string, body?: string, headers: Record<string, string> = {}) => {
      const res = await client.open(route.method, path, body, headers);
      if (endless && res.statusCode === 200) {
        res.destroy();
        return 200;
      }
      const text = await readAll(res);
      const status = res.statusCode ?? 0;
      // Known to Docker, refused in so many words.
      if (status !== 501) expect(status, text).toBeLessThan(500);
      if (status >= 400 && route.method !== 'HEAD') {
        expect(JSON.parse(text)).toMatchObject({ message: expect.stringMatching(/^[^\n]+$/) });
      }
      return status;
    };

    it.each(BAD_BODIES)('%s', async (name, body, headers) => {
      if (!takesJson(route)) return expect(await ask(pathOf(route))).toBeGreaterThan(0);
      const status = await ask(pathOf(route), body, headers);
      if (name === 'malformed JSON' || name === 'half a value') expect(status).toBeGreaterThanOrEqual(400);
    });

    it('a body over the limit', async () => {
      if (!takesJson(route)) return expect(await ask(pathOf(route))).toBeGreaterThan(0);
      const body = `"${'x'.repeat(5 * 1024 * 1024)}"`;
      const status = await ask(pathOf(route), body);
      expect([413, 404]).toContain(status);
    });

    it('a query that makes no sense', async () => {
      await ask(`${pathOf(route)}?${BAD_QUERY}`);
      for (const filters of BAD_FILTERS) await ask(`${pathOf(route)}?filters=${encodeURIComponent(filters)}`);
    });
  },
);
