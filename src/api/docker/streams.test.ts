import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createCa,
  issueHostCertificate,
  issueServerCertificate,
  issueUserCertificate,
  newCsr,
  openCa,
} from '../../link/index.ts';
import { type DockerEndpoint, newDockerEndpoint } from './server.ts';
import { readAll, TestClient } from './testing/client.ts';
import { startEndpoint } from './testing/endpoint.ts';
import type { FakeCluster } from './testing/fake-cluster.ts';

let cluster: FakeCluster;
let endpoint: DockerEndpoint;
let client: TestClient;

beforeAll(async () => {
  const started = await startEndpoint('alpha', 'beta');
  ({ cluster, client, endpoint } = started);
  const web = { Image: 'busybox', Env: ['PASSWORD=secret=\n1', 'EMPTY'] };
  await client.json('POST', '/containers/create?name=web', web, 201);
  await client.json('POST', '/containers/web/start', undefined, 204);
  return started.close;
});

const UPGRADE = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n';
const engine = () => cluster.host('alpha').engine;
const settle = async (met: () => boolean) => {
  for (let i = 0; i < 200 && !met(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(met()).toBe(true);
};

describe('raw connections', () => {
  it('attach: both ways at once, and the end of input reaches the container', async () => {
    const socket = await client.raw(
      `POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`,
    );
    socket.write('hello ');
    setTimeout(() => socket.end('world'), 20);
    const text = await readAll(socket);
    const [head, body] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 101 UPGRADED\r\n/);
    expect(head).toContain('Content-Type: application/vnd.docker.raw-stream');
    expect(head).toContain('Upgrade: tcp');
    expect(body).toBe('hello world[11 bytes]');
    await settle(() => engine().open === 0);
  });

  it('attach: a body of the request is no input of the container', async () => {
    const options = '{"stream":true}';
    const head = `${UPGRADE}Content-Type: application/json\r\nContent-Length: ${options.length}\r\n`;
    const socket = await client.raw(
      `POST /v1.41/containers/web/attach?stream=1&stdin=1 HTTP/1.1\r\n${head}\r\n${options}typed`,
    );
    socket.end(' more');
    const [, body] = (await readAll(socket)).split('\r\n\r\n');
    expect(body).toBe('typed more[10 bytes]');
  });

  it('stands in the audit log while it lasts, once', async () => {
    const attaches = () =>
      cluster.store.view((tx) => [...tx.all('audit')].filter(({ action }) => action === 'container.attach'));
    const before = attaches().length;
    const socket = await client.raw(
      `POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\n${UPGRADE}\r\n`,
    );
    await settle(() => attaches().length === before + 1);
    expect(attaches().at(-1)).toMatchObject({ user: 'root', target: 'web', outcome: 'ok' });
    socket.end();
    await readAll(socket);
    await settle(() => engine().open === 0);
    expect(attaches()).toHaveLength(before + 1);
  });

  it('takes options in some chunks, and does not try endless ones', async () => {
    const chunked = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    const socket = await client.raw(
      `POST /exec/${'0'.repeat(64)}/start HTTP/1.1\r\n${UPGRADE}${chunked}\r\n`,
    );
    socket.write(`7\r\n{"Tty":\r\n${'1\r\n \r\n'.repeat(100_000)}`);
    socket.on('error', () => undefined);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 413 .*in more than 64 chunks/s);
  });

  it('carries 20 MB through attach, whole', async () => {
    const socket = await client.raw(`POST /containers/web/attach?stream=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
    const part = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 20; i++) socket.write(part);
    socket.end();
    const text = await readAll(socket);
    expect(text.length).toBeGreaterThan(20 * part.length);
    expect(text.endsWith(`[${20 * part.length} bytes]`)).toBe(true);
  });

  it('an engine that refuses answers in HTTP', async () => {
    const gone = [...engine().containers.values()].find(({ name }) => name === 'web');
    if (gone === undefined) throw new Error('no container');
    engine().containers.delete(gone.id);
    const socket = await client.raw(`POST /containers/web/attach?stream=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
    const text = await readAll(socket);
    engine().containers.set(gone.id, gone);
    expect(text).toMatch(/^HTTP\/1.1 404 Not Found/);
    expect(text).toContain('No such container');
    expect(text).not.toContain(gone.id);
  });

  it('a container that is not there is 404, on a connection that asks to upgrade too', async () => {
    const socket = await client.raw(`POST /containers/nobody/attach HTTP/1.1\r\n${UPGRADE}\r\n`);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 404 [\s\S]*No such container: nobody/);
  });

  it('passes a websocket on, handshake and all', async () => {
    const socket = await client.raw(
      'GET /containers/web/attach/ws?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    socket.end('frame');
    const text = await readAll(socket);
    expect(text).toMatch(/^HTTP\/1.1 101 /);
    expect(text.toLowerCase()).toContain('sec-websocket-accept: for abc');
    expect(text).toContain('frame');
  });

  it('attach without an upgrade: the output as the body, the body as the input', async () => {
    const reply = await client.send('POST', '/containers/web/attach?stream=1&stdin=1', 'typed');
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/vnd.docker.raw-stream');
    expect(reply.text).toBe('typed[5 bytes]');
  });

  it('a client that vanishes frees what is behind it', async () => {
    const attach = await client.raw(`POST /containers/web/attach?stream=1 HTTP/1.1\r\n${UPGRADE}\r\n`);
    const logs = await client.open('GET', '/containers/web/logs?follow=1');
    const wait = await client.open('POST', '/containers/web/wait');
    await settle(() => engine().open === 3);
    attach.destroy();
    logs.destroy();
    wait.destroy();
    await settle(() => engine().open === 0);
  });

  it('a client that does not read holds up nobody else', async () => {
    const slow = await client.open('GET', '/containers/web/export');
    slow.pause();
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => client.send('GET', '/containers/json')),
    );
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // The 64 MB stay where they are, but for what is on its way.
    expect(engine().exported).toBeLessThan(40 * 1024 * 1024);
    slow.destroy();
    await settle(() => engine().open === 0);
  });

  it('takes an archive of any size, and gives one', async () => {
    const body = 'x'.repeat(9 * 1024 * 1024);
    const put = await client.send('PUT', '/containers/web/archive?path=/', body, {
      'content-type': 'application/x-tar',
    });
    expect(JSON.parse(put.text)).toEqual({ size: body.length });
    expect((await client.send('GET', '/containers/web/archive?path=/etc')).text).toHaveLength(1024 * 1024);
    const head = await client.send('HEAD', '/containers/web/archive?path=/etc');
    expect(head.headers['x-docker-container-path-stat']).toBe('e30=');
  });
});

describe('exec', () => {
  const create = async () =>
    (await client.json<{ Id: string }>('POST', '/containers/web/exec', { Cmd: ['cat'] }, 201)).Id;
  const start = (id: string, body: string) =>
    client.raw(
      `POST /exec/${id}/start HTTP/1.1\r\n${UPGRADE}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );

  it('start upgrades after its options, which may come late and in pieces', async () => {
    const id = await create();
    const body = '{"Detach":false,"Tty":false}';
    const socket = await client.raw(
      `POST /exec/${id}/start HTTP/1.1\r\n${UPGRADE}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    setTimeout(() => socket.end(`${body.slice(5)}input`), 20);
    expect((await readAll(socket)).split('\r\n\r\n')[1]).toBe('input[5 bytes]');
  });

  it('start takes options in a chunk of a body that stays open', async () => {
    const id = await create();
    const body = '{"Detach":false}';
    const socket = await client.raw(
      `POST /exec/${id}/start HTTP/1.1\r\n${UPGRADE}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
    );
    socket.end('input');
    expect((await readAll(socket)).split('\r\n\r\n')[1]).toBe('input[5 bytes]');
  });

  it.each([
    ['malformed JSON', '{"Detach":', /^HTTP\/1.1 400 /],
    ['a wrong type', '{"Tty":"yes"}', /^HTTP\/1.1 400 [\s\S]*invalid Tty/],
  ])('refuses %s before it upgrades', async (_, body, expected) => {
    expect(await readAll(await start(await create(), body))).toMatch(expected);
  });

  it('is found on its host after a restart of the manager, by asking', async () => {
    const id = await create();
    const other = newDockerEndpoint({
      ...cluster.deps,
      engines: {
        request: cluster.request.bind(cluster),
        upgrade: cluster.upgrade.bind(cluster),
        connected: cluster.connected.bind(cluster),
      },
    });
    await other.listenUnix(`${cluster.socket}.2`);
    const second = new TestClient(`${cluster.socket}.2`);
    const web = await client.json<{ Id: string }>('GET', '/containers/web/json');
    expect(await second.json('GET', `/exec/${id}/json`)).toMatchObject({ ID: id, ContainerID: web.Id });
    expect((await second.send('GET', `/exec/${'0'.repeat(64)}/json`)).status).toBe(404);
    await other.close();
  });
});

describe('TLS', () => {
  it('lets in users of the cluster by their certificate, each with the lower of its two roles', async () => {
    const now = Date.now();
    const made = await createCa('test', now);
    const ca = await openCa(made);
    const pem = made.certificate;
    const server = await issueServerCertificate(ca, ['localhost'], now);
    const port = await endpoint.listenTls({
      host: '127.0.0.1',
      port: 0,
      key: server.key,
      cert: server.certificate,
      ca: pem,
    });
    await cluster.store.update((tx) => {
      const user = { kind: 'user' as const, passwordHash: '', createdAt: 0 };
      tx.put('users', { ...user, name: 'vera', role: 'viewer' });
      tx.put('users', { ...user, name: 'olga', role: 'operator' });
    });
    const ask = async (method: string, path: string, pair: { key: string; certificate: string }) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const req = httpsRequest(
          {
            host: '127.0.0.1',
            port,
            method,
            path,
            ca: pem,
            key: pair.key,
            cert: pair.certificate,
            agent: false,
          },
          (res) => readAll(res).then((text) => resolve({ status: res.statusCode ?? 0, text }), reject),
        );
        req.on('error', reject);
        req.end();
      });
    const vera = await issueUserCertificate(ca, { name: 'vera', role: 'admin' }, now);
    expect((await ask('GET', '/containers/json', vera)).status).toBe(200);
    // What makes a host's engine call out, or shows what may be a password, is not for viewers.
    for (const path of ['/images/search?term=10.0.0.1:5000/x', '/distribution/10.0.0.1:5000%2Fx/json'])
      expect((await ask('GET', path, vera)).status).toBe(403);
    await cluster.store.update(() => undefined);
    const seen = JSON.parse((await ask('GET', '/containers/web/json', vera)).text);
    expect(seen.Config.Env).toEqual(['PASSWORD=(hidden)', 'EMPTY']);
    const spec = { TaskTemplate: { ContainerSpec: { Image: 'web', Env: ['PASSWORD=x'] } } };
    await client.json('POST', '/services/create', { Name: 'site', ...spec }, 201);
    for (const path of ['/services/site', '/services', '/tasks']) {
      const { text } = await ask('GET', path, vera);
      expect([path, text]).toEqual([path, expect.stringContaining('"Env":["PASSWORD=(hidden)"]')]);
    }
    expect(await client.json('GET', '/services/site')).toMatchObject({ Spec: spec });
    // As well as whatever else a password may stand in.
    const secrets = {
      DriverOpts: { o: 's3cret' },
      Labels: { key: 's3cret', 'com.docker.compose.project': 'p' },
    };
    await client.json('POST', '/volumes/create', { Name: 'files', ...secrets }, 201);
    for (const path of ['/volumes', '/volumes/files']) {
      const { text } = await ask('GET', path, vera);
      expect([path, text]).toEqual([path, expect.stringContaining('"com.docker.compose.project":"p"')]);
      expect([path, text]).toEqual([path, expect.stringContaining('"o":"(hidden)"')]);
      expect(text).not.toContain('s3cret');
      expect(JSON.stringify(await client.json('GET', path))).toContain('s3cret');
    }
    expect((await ask('POST', '/nodes/alpha/update?version=1', vera)).status).toBe(403);
    const refused = await ask('POST', '/containers/web/stop', vera);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('user \\"vera\\" has the role \\"viewer\\"');
    const olga = await issueUserCertificate(ca, { name: 'olga', role: 'operator' }, now);
    expect((await ask('POST', '/containers/web/stop', olga)).status).toBe(204);
    expect((await ask('POST', '/containers/web/start', olga)).status).toBe(204);
    // Hosts are an admin's.
    expect((await ask('POST', '/nodes/alpha/update?version=1', olga)).status).toBe(403);
    const gone = await issueUserCertificate(ca, { name: 'gone', role: 'admin' }, now);
    expect(await ask('GET', '/containers/json', gone)).toMatchObject({ status: 401 });
    const { csr, key } = await newCsr('alpha');
    const host = { key, certificate: await issueHostCertificate(ca, csr, 'h-alpha', now) };
    expect(await ask('GET', '/containers/json', host)).toMatchObject({ status: 401 });
    await expect(ask('GET', '/containers/json', { key: '', certificate: '' })).rejects.toThrow();
    // Found out by TCP where it is cut off: a timer of the kind "keepalive" runs on the server's end (proc_net_tcp.txt).
    const kept = tlsConnect({ host: '127.0.0.1', port, ca: pem, key: olga.key, cert: olga.certificate });
    await once(kept, 'secureConnect');
    const own = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const timers = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(own) && state === '01')
      .map((fields) => fields[5]?.slice(0, 2));
    expect(timers).toContain('02');
    kept.destroy();
    // Half-close through TLS: what is sent after the client's last input still arrives.
    const options = { host: '127.0.0.1', port, ca: pem, key: olga.key, cert: olga.certificate };
    // A TLS connection takes net.Socket's options too, which its types do not say.
    const socket = tlsConnect(Object.assign(options, { allowHalfOpen: true }));
    socket.end(`POST /containers/web/attach?stream=1 HTTP/1.1\r\n${UPGRADE}\r\nsecret`);
    expect(await readAll(socket)).toContain('secret[6 bytes]');
  });
});
