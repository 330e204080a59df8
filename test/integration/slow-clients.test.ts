import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../conformance/program.ts';
import type { Lab } from '../lab/lab.ts';
import { until } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';
import { agentConnections, managerFiles, memoryOver } from './usage.ts';

/** Clients that send as slowly as they can, in as small pieces, that never read, and that leave half way. */
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-slow-'));
const MB = 1_000_000;
const sockets: Socket[] = [];

beforeAll(async () => {
  lab = await sharedLab();
  answers = sendByBytes();
  answers.catch(() => undefined); // its test looks at it, late
  // 30 MB of output in long lines, and a file that takes a while to export.
  const pour = `head -c ${80 * MB} /dev/zero > /big; for i in 1 2 3; do head -c ${10 * MB} /dev/zero | tr '\\0' x | fold -w 8000; done; echo; echo poured; trap "exit 0" TERM; while :; do sleep 0.1; done`;
  const host = ['-e', 'constraint:node==h1'];
  await docker('run', '-d', '--name', 'beside', ...host, 'busybox', 'sleep', '1000');
  const tick = 'while :; do echo tick; sleep 0.2; done';
  await docker('run', '-d', '--name', 'ticks', ...host, 'busybox', 'sh', '-c', tick);
  await docker('run', '-d', '--name', 'pours', ...host, 'busybox', 'sh', '-c', pour);
  const poured = async () => ((await docker('logs', '--tail', '1', 'pours')) === 'poured' ? true : undefined);
  await until('the end of the output', poured, { timeoutMs: 300_000 });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await docker('rm', '-f', 'pours', 'beside', 'ticks');
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
  // A busy machine may let a host be suspect for a moment.
  const served = () => docker('exec', 'beside', 'echo', 'served');
  await expect.poll(served, { timeout: 60_000, interval: 500 }).toBe('served');
  expect(await lab.berth(['node', 'ls', '--json'])).toContain('"ready"');
}

/** What is said to bodies that come a byte at a time. It takes a minute: it is begun before all else. */
let answers: Promise<string[]>;

async function sendByBytes(): Promise<string[]> {
  const slow = await Promise.all([
    open('docker', head(CREATE, 'Content-Length: 100000\r\n')),
    open('docker', head(CREATE, 'Transfer-Encoding: chunked\r\n')),
    open('api', head(LOGIN, 'Content-Length: 100000\r\n')),
  ]);
  const bytes = ['{', '1\r\n{\r\n', '{'];
  const sending = setInterval(() => {
    for (const [i, socket] of slow.entries()) if (socket.writable) socket.write(bytes[i] ?? '');
  }, 500);
  const late = sleep(150_000, ['no answer within 150 s'], { ref: false });
  return await Promise.race([Promise.all(slow.map(heard)), late]).finally(() => clearInterval(sending));
}

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
  // Of those that it had it may have kept four for its next requests, which these are.
  await expect.poll(() => agentConnections(lab, 'h1')).toBeGreaterThanOrEqual(idle.agent - 4 + 16);
  for (const reader of readers) reader.destroy();
  // The agent keeps up to four for its next requests.
  await expect
    .poll(() => agentConnections(lab, 'h1'), { timeout: 60_000 })
    .toBeLessThanOrEqual(idle.agent + 4);
  await expect.poll(() => managerFiles(lab), { timeout: 60_000 }).toBeLessThanOrEqual(idle.files + 4);
});

it('bodies that come a byte at a time are given up after a minute', async () => {
  await othersAreServed();
  const got = await answers;
  for (const answer of got) expect(answer).toMatch(/^HTTP\/1\.1 40[08] /);
  expect(got).toHaveLength(3);
});

describe('clients that leave half way', () => {
  /** Connections to its engine that an agent may keep for its next requests, and what comes and goes beside. */
  const KEPT = 16;
  const SLACK = 4;
  /** Of each kind: so many that they show, whether they use what is kept or leave as much behind. */
  const CLIENTS = 40;
  const hosts = ['h1', 'h2', 'h3'];
  const tar = (path: string, more: string) =>
    `${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\n${more}\r\n`;
  const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
  const onH1 = encodeURIComponent('{"constraint:node":"=h1"}');
  /** What they have said by then, and the hosts on whose engines something is open for each of them. */
  const KINDS: readonly (readonly [string, readonly string[], string])[] = [
    ['a body', [], `${head(CREATE, 'Content-Length: 1000\r\n')}{"Image":`],
    ['a body in chunks', [], `${head(CREATE, 'Transfer-Encoding: chunked\r\n')}20\r\n{"Image":`],
    [
      'an upload',
      ['h1'],
      `${tar('PUT /containers/pours/archive?path=/', 'Content-Length: 100000\r\n')}${'\0'.repeat(512)}`,
    ],
    [
      'a build',
      ['h1'],
      `${tar(`POST /build?t=never&buildargs=${onH1}`, 'Transfer-Encoding: chunked\r\n')}200\r\n${'\0'.repeat(400)}`,
    ],
    [
      'an upload to all hosts',
      hosts,
      `${tar('POST /images/load', 'Content-Length: 100000\r\n')}${'\0'.repeat(512)}`,
    ],
    ['the body of an upgrade', [], `${head('/exec/0123/start', `${upgrade}Content-Length: 100\r\n`)}{"Tty"`],
    [
      'an upgraded connection',
      ['h1'],
      // Of a container that says something: with one that does not, an engine keeps it as well, as it may be half closed.
      `POST /containers/ticks/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    ],
  ];

  it.each(KINDS)('%s: what was open for them is closed', async (_, on, say) => {
    const files = () => managerFiles(lab);
    const connections = () => hosts.map((host) => agentConnections(lab, host));
    const idle = { files: files(), connections: connections() };
    const more = () => connections().map((count, i) => count - (idle.connections[i] as number));
    const left = await Promise.all(Array.from({ length: CLIENTS }, () => open('docker', say)));
    const opened = () => hosts.filter((__, i) => (more()[i] as number) >= CLIENTS - KEPT);
    await expect.poll(opened, { timeout: 60_000 }).toEqual(on);
    // Files that were open for clients of the test before may have been closed meanwhile.
    await expect.poll(files, { timeout: 60_000 }).toBeGreaterThanOrEqual(idle.files + CLIENTS - KEPT);
    for (const socket of left) socket.destroy();
    // Before any time limit ends them.
    await expect.poll(() => Math.max(...more()), { timeout: 20_000 }).toBeLessThanOrEqual(KEPT + SLACK);
    await expect.poll(files, { timeout: 20_000 }).toBeLessThanOrEqual(idle.files + SLACK);
    expect(await docker('ps', '-aq', '--filter', 'name=never')).toBe('');
    await othersAreServed();
  });
});
