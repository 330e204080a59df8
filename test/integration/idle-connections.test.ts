import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Running, start, tryProgram } from '../conformance/program.ts';
import { ensureImage } from '../images/bake.ts';
import { managerLog, startManager, stopManager } from '../lab/cluster.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { argvOf } from '../lab/processes.ts';
import { run, runDetached } from '../lab/run.ts';

/** Connections that are opened, by thousands, and say nothing or half of something. A lab of its own, with a manager that may open few files. */
let lab: Lab;
const OPEN_FILES = 4096;
const MB = 1_000_000;
const CLIENTS = join(import.meta.dirname, 'idle-clients.mjs');
const folder = mkdtempSync(join(tmpdir(), 'berth-idle-'));
const clients: Running[] = [];

beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  await ensureImage('busybox', lab.endpoint);
  const argv = argvOf(lab.managerPid ?? 0);
  await stopManager(lab.plan);
  const limit = ['prlimit', `--nofile=${OPEN_FILES}:${OPEN_FILES}`];
  const enter = ['nsenter', `--net=/run/netns/${lab.plan.manager.namespace}`, '--'];
  runDetached([...enter, ...limit, ...argv], { log: managerLog(lab.plan) });
  await startManager(lab.plan);
  await lab.waitReady();
  await lab.berth(['bundle', '-o', folder]);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.kill();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await lab?.down();
});

const socketOf = (name: string) => join(lab.addresses.dataDir, 'run', `${name}.sock`);
const port = (number: number) => ({ host: lab.plan.manager.address, port: number });
const API = 8443;
const DOCKER = 2376;
const AGENT = 8444;
const openFiles = () => readdirSync(`/proc/${lab.managerPid}/fd`).length;
const memory = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${lab.managerPid}/status`, 'utf8'))?.[1]) * 1024;
const pem = (name: string) => readFileSync(join(folder, `${name}.pem`), 'utf8');

type Idle = Readonly<{ count: number; to: NetConnectOpts; say?: string; tls?: boolean }>;
/** A TLS record that promises 512 bytes of ClientHello and has one. */
const HALF_HANDSHAKE = '\x16\x03\x01\x02\x00\x01';
const HALF_HEAD = 'GET /v1/ca.pem HTTP/1.1\r\nHost: x\r\nX-Never';

/** 10,000 of all kinds, in four processes. */
async function flood(): Promise<void> {
  const plans: Idle[][] = [
    [
      { count: 2000, to: port(API) },
      { count: 900, to: port(API), say: HALF_HANDSHAKE },
    ],
    [
      { count: 2000, to: port(DOCKER) },
      { count: 900, to: port(DOCKER), say: HALF_HANDSHAKE },
    ],
    [
      { count: 1200, to: port(AGENT) },
      { count: 600, to: port(AGENT), say: HALF_HANDSHAKE },
      { count: 200, to: port(API), tls: true, say: HALF_HEAD },
      { count: 200, to: port(API), tls: true, say: 'GET /v1/ca.pem HTTP/1.1\r\nHost: x\r\n\r\n' },
    ],
    [
      { count: 700, to: { path: socketOf('docker') } },
      { count: 700, to: { path: socketOf('docker') }, say: HALF_HEAD },
      { count: 600, to: { path: socketOf('api') } },
    ],
  ];
  const started = plans.map((plan) => start(['node', CLIENTS, JSON.stringify(plan)], { timeoutMs: 280_000 }));
  clients.push(...started);
  await Promise.all(
    started.map((client) => expect.poll(() => client.said.stdout, { timeout: 120_000 }).toBe('open\n')),
  );
}

/** The API over TLS, on a connection of its own. */
function askApi(): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { ...port(API), path: '/v1/ca.pem', ca: pem('ca'), agent: false, timeout: 30_000 };
    const asked = request(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 30 s')));
    asked.on('error', reject);
    asked.end();
  });
}

async function othersAreServed(): Promise<void> {
  const tls = ['ca', 'cert', 'key'].flatMap((name) => [
    `--tls${name === 'ca' ? 'cacert' : name}`,
    join(folder, `${name}.pem`),
  ]);
  for (const where of [
    ['-H', lab.endpoint],
    ['-H', lab.addresses.dockerTls, '--tlsverify', ...tls],
  ]) {
    const { code, stderr } = await tryProgram(['docker', ...where, 'ps', '-q'], { timeoutMs: 60_000 });
    expect([code, stderr]).toEqual([0, '']);
  }
  expect(await askApi()).toBe(200);
  expect(await lab.berth(['node', 'ls', '--json'])).toContain('"ready"');
}

it('10,000 connections that do nothing: others are served, hosts are heard, files and memory stay bounded and come back', async () => {
  await othersAreServed();
  const before = { files: openFiles(), memory: memory(), pid: lab.managerPid };
  const peaks: number[] = [];
  for (let round = 0; round < 2; round++) {
    await flood();
    expect(openFiles()).toBeLessThan(OPEN_FILES * 0.8);
    expect(memory() - before.memory).toBeLessThan(300 * MB);
    await othersAreServed();
    // A host that comes anew, among all that.
    await lab.killAgent('h1');
    await lab.join('h1');
    await lab.waitReady(['h1'], 60_000);
    await lab.docker(['run', '--rm', 'busybox', 'true']);
    peaks.push(memory());
    for (const client of clients.splice(0)) client.kill();
    await expect.poll(openFiles, { timeout: 60_000 }).toBeLessThan(before.files + 30);
  }
  // What one flood has taken the next one has again, rather than more.
  expect((peaks[1] ?? 0) - (peaks[0] ?? 0)).toBeLessThan(60 * MB);
  expect(lab.managerPid).toBe(before.pid);
});

it('no file left to open: the manager goes on, and serves again once there is', async () => {
  const pid = lab.managerPid;
  const stream = start(['docker', '-H', lab.endpoint, 'events'], { timeoutMs: 280_000 });
  clients.push(stream);
  await othersAreServed();
  await run(['prlimit', '--pid', String(pid), `--nofile=${openFiles() + 2}:${OPEN_FILES}`]);
  const wave = Array.from({ length: 60 }, (_, i) =>
    open(connect([port(API), port(DOCKER), port(AGENT)][i % 3] as NetConnectOpts)),
  );
  await Promise.all(wave.map(({ opened }) => opened));
  await sleep(1_000);
  await run(['prlimit', '--pid', String(pid), `--nofile=${OPEN_FILES}:${OPEN_FILES}`]);
  for (const { socket } of wave) socket.destroy();
  await othersAreServed();
  await lab.docker(['run', '--rm', 'busybox', 'true']);
  expect(lab.managerPid).toBe(pid);
  await stream.waitFor('container die');
});

type Opened = Readonly<{ socket: Socket; opened: Promise<unknown>; closed: Promise<number> }>;

/** `closed`: after how many milliseconds the other end closed it. */
function open(socket: Socket, say = '', when = 'connect'): Opened {
  const began = Date.now();
  socket.on('error', () => undefined);
  socket.resume();
  const closed = once(socket, 'close').then(() => Date.now() - began);
  const opened = Promise.race([once(socket, when), closed]).then(() =>
    socket.write(Buffer.from(say, 'latin1')),
  );
  return { socket, opened, closed };
}

it('what does not go on is closed after a time: handshakes and heads', async () => {
  const own = { ...port(DOCKER), ca: pem('ca'), cert: pem('cert'), key: pem('key') };
  const waits = {
    'API, silent': open(connect(port(API))),
    'API, half a handshake': open(connect(port(API)), HALF_HANDSHAKE),
    'Docker endpoint, silent': open(connect(port(DOCKER))),
    'Docker endpoint, half a handshake': open(connect(port(DOCKER)), HALF_HANDSHAKE),
    'agents, silent': open(connect(port(AGENT))),
    'agents, half a handshake': open(connect(port(AGENT)), HALF_HANDSHAKE),
    'API, half a head': open(
      connectTls({ ...port(API), rejectUnauthorized: false }),
      HALF_HEAD,
      'secureConnect',
    ),
    'Docker endpoint, half a head': open(connectTls(own), HALF_HEAD, 'secureConnect'),
    'docker.sock, half a head': open(connect({ path: socketOf('docker') }), HALF_HEAD),
    'docker.sock, silent': open(connect({ path: socketOf('docker') })),
    'api.sock, silent': open(connect({ path: socketOf('api') })),
  };
  const late = sleep(60_000, 'not closed', { ref: false });
  const left: string[] = [];
  for (const [name, { closed, socket }] of Object.entries(waits)) {
    if ((await Promise.race([closed, late])) === 'not closed') left.push(name);
    socket.destroy();
  }
  expect(left).toEqual([]);
  for (const name of ['API, silent', 'Docker endpoint, silent', 'agents, silent'] as const)
    expect(await waits[name].closed).toBeLessThan(30_000);
});

it('says how long it keeps a connection that nobody uses', async () => {
  const said = open(connect({ path: socketOf('docker') }), 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = await once(said.socket, 'data');
  expect(String(answer)).toMatch(/^Keep-Alive: timeout=75\r$/m);
  said.socket.destroy();
});
