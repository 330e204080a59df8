import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { program } from '../conformance/program.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { until } from '../lab/run.ts';
import { agentConnections, managerFiles, memoryOver } from './usage.ts';

/** Clients that send as slowly as they can, in as small pieces, that never read, and that leave half way. */
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-slow-'));
const MB = 1_000_000;
const sockets: Socket[] = [];

beforeAll(async () => {
  lab = openLab(inject('lab'));
  // 30 MB of output in long lines, and a file that takes a while to export.
  const pour = `head -c ${80 * MB} /dev/zero > /big; for i in 1 2 3; do head -c ${10 * MB} /dev/zero | tr '\\0' x | fold -w 8000; done; echo; echo poured; trap "exit 0" TERM; while :; do sleep 0.1; done`;
  const host = ['-e', 'constraint:node==h1'];
  await docker('run', '-d', '--name', 'beside', ...host, 'busybox', 'sleep', '1000');
  await docker('run', '-d', '--name', 'pours', ...host, 'busybox', 'sh', '-c', pour);
  const poured = async () => ((await docker('logs', '--tail', '1', 'pours')) === 'poured' ? true : undefined);
  await until('the end of the output', poured, { timeoutMs: 60_000 });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await docker('rm', '-f', 'pours', 'beside');
  rmSync(folder, { recursive: true, force: true });
});

const docker = (...args: string[]) => program(['docker', '-H', lab.endpoint, ...args], { timeoutMs: 60_000 });

/** A connection to the Docker endpoint or, over TLS, the API, that has sent `say` and reads nothing by itself. */
async function open(to: 'docker' | 'api', say: string): Promise<Socket> {
  const api = { host: lab.plan.manager.address, port: 8443, rejectUnauthorized: false };
  const socket = to === 'docker' ? connect({ path: lab.endpoint.replace('unix://', '') }) : connectTls(api);
  sockets.push(socket);
  await once(socket, to === 'docker' ? 'connect' : 'secureConnect');
  socket.on('error', () => undefined);
  socket.write(say);
  return socket;
}

/** What the other end says until it closes. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  for await (const part of socket) text += part;
  return text;
}

const head = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}\r\n`;
const CREATE = '/containers/create?name=never';
const LOGIN = '/v1/login';

async function othersAreServed(): Promise<void> {
  expect(await docker('exec', 'beside', 'echo', 'served')).toBe('served');
  expect(await lab.berth(['node', 'ls', '--json'])).toContain('"ready"');
}

it('a body that comes a byte at a time is given up after a minute', async () => {
  const slow = await Promise.all([
    open('docker', head(CREATE, 'Content-Length: 100000\r\n')),
    open('docker', head(CREATE, 'Transfer-Encoding: chunked\r\n')),
    open('api', head(LOGIN, 'Content-Length: 100000\r\n')),
  ]);
  const bytes = ['{', '1\r\n{\r\n', '{'];
  const sending = setInterval(() => {
    for (const [i, socket] of slow.entries()) if (socket.writable) socket.write(bytes[i] ?? '');
  }, 500);
  const answers = Promise.all(slow.map(heard));
  await othersAreServed();
  const late = sleep(90_000, 'no answer within 90 s', { ref: false });
  const got = await Promise.race([answers, late]).finally(() => clearInterval(sending));
  for (const answer of got) expect(answer).toMatch(/^HTTP\/1\.1 40[08] /);
  expect(got).toHaveLength(3);
});

it('bodies in chunks of one byte take no more memory than others', async () => {
  const chunks = '1\r\n \r\n'.repeat(1_000_000);
  const send = async (to: 'docker' | 'api', path: string) => {
    const socket = await open(to, head(path, 'Transfer-Encoding: chunked\r\n'));
    const answer = once(socket, 'data');
    socket.write(chunks);
    // Not at its end: all of it is held.
    await sleep(8_000);
    socket.write('0\r\n\r\n');
    return String((await answer)[0]);
  };
  const all = Promise.all([
    ...Array.from({ length: 4 }, () => send('docker', CREATE)),
    ...Array.from({ length: 4 }, () => send('api', LOGIN)),
  ]);
  expect(await memoryOver(lab, all)).toBeLessThan(200 * MB);
  for (const answer of await all) expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  await othersAreServed();
});

it('readers that never read: memory is bounded, others are served, and all is freed when they go', async () => {
  const idle = { agent: agentConnections(lab, 'h1'), files: managerFiles(lab) };
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const upgrade =
    'POST /containers/pours/attach?logs=1&stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
  const asked = [
    get('/containers/pours/logs?follow=1&stdout=1'),
    get('/containers/pours/export'),
    get('/containers/pours/archive?path=/big'),
    get('/containers/pours/stats?stream=1'),
    get('/events'),
    upgrade,
  ];
  const readers: Socket[] = [];
  const work = (async () => {
    for (const say of [...asked, ...asked, ...asked, ...asked])
      readers.push((await open('docker', say)).pause());
    await sleep(8_000);
    await othersAreServed();
  })();
  expect(await memoryOver(lab, work)).toBeLessThan(150 * MB);
  expect(agentConnections(lab, 'h1')).toBeGreaterThanOrEqual(idle.agent + 16);
  for (const reader of readers) reader.destroy();
  // The agent keeps up to four for its next requests.
  await expect
    .poll(() => agentConnections(lab, 'h1'), { timeout: 20_000 })
    .toBeLessThanOrEqual(idle.agent + 4);
  await expect.poll(() => managerFiles(lab), { timeout: 20_000 }).toBeLessThanOrEqual(idle.files + 4);
});

it('clients that leave half way leave nothing behind', async () => {
  const idle = { agent: agentConnections(lab, 'h1'), files: managerFiles(lab) };
  const half = [
    `${head(CREATE, 'Content-Length: 1000\r\n')}{"Image":`,
    `${head(CREATE, 'Transfer-Encoding: chunked\r\n')}20\r\n{"Image":`,
    `PUT /containers/pours/archive?path=/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: 100000\r\n\r\n${'\0'.repeat(512)}`,
    `POST /build?t=never HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n200\r\n${'\0'.repeat(400)}`,
    `POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: 100000\r\n\r\n${'\0'.repeat(512)}`,
    `${head('/exec/0123/start', 'Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 100\r\n')}{"Tty"`,
  ];
  const left = await Promise.all([...half, ...half, ...half].map((say) => open('docker', say)));
  await sleep(1_000);
  for (const socket of left) socket.destroy();
  await expect.poll(() => managerFiles(lab), { timeout: 20_000 }).toBeLessThanOrEqual(idle.files + 4);
  await expect
    .poll(() => agentConnections(lab, 'h1'), { timeout: 20_000 })
    .toBeLessThanOrEqual(idle.agent + 4);
  expect(await docker('ps', '-aq', '--filter', 'name=never')).toBe('');
  await othersAreServed();
});
