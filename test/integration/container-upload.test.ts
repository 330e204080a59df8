import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';
import { agentPids, memoryOf } from './usage.ts';

/** Files that are put into containers, on a real engine, and all that can go wrong with it. */
const NAMES = { plain: 'up-plain', bare: 'up-bare', stopped: 'up-stopped', gone: 'up-gone', own: 'up-own' };
const HOST = 'h1';
const agent = new Agent({ rejectUnauthorized: false, keepAlive: true });

let lab: Lab;
let token: string;

beforeAll(async () => {
  lab = await sharedLab();
  await lab.docker(['rm', '-f', ...Object.values(NAMES)]).catch(() => undefined);
  const run = (name: string, ...args: string[]) =>
    lab.docker(['run', '-d', '--name', name, '-e', `constraint:node==${HOST}`, ...args]);
  const sleep = ['busybox', 'sleep', '100000'];
  await run(NAMES.plain, ...sleep);
  await run(NAMES.bare, '--read-only', '--tmpfs', '/tmp:size=1m', ...sleep);
  await run(NAMES.stopped, ...sleep);
  await run(NAMES.gone, ...sleep);
  await run(NAMES.own, '--user', '1000', ...sleep);
  await lab.docker(['exec', NAMES.plain, 'mkdir', '-p', '/data']);
  const made = await lab.berth(['api-token', 'create', 'up-test', '--ttl', '1h', '--json']);
  token = (JSON.parse(made) as { token: string }).token;
});
afterAll(async () => {
  agent.destroy();
  await lab?.docker(['rm', '-f', ...Object.values(NAMES)]).catch(() => undefined);
});

function open(
  container: string,
  path: string,
  name: string,
  replace = false,
  length?: number,
): ClientRequest {
  const query = new URLSearchParams({ path, name, ...(replace ? { replace: 'true' } : {}) });
  const req = request(`${lab.addresses.api}/v1/containers/${container}/files?${query}`, {
    ...{ method: 'PUT', agent },
    headers: {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      ...(length === undefined ? {} : { 'content-length': String(length) }),
    },
  });
  req.on('error', () => undefined);
  return req;
}

async function answerOf(req: ClientRequest) {
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return { status: res.statusCode, ...(JSON.parse(await text(res)) as Record<string, unknown>) };
}

async function put(
  container: string,
  path: string,
  name: string,
  body: string | Buffer = 'hello',
  replace = false,
) {
  const req = open(container, path, name, replace);
  const answer = answerOf(req);
  req.end(body);
  return answer;
}

const inside = (container: string, ...command: string[]) => lab.docker(['exec', container, ...command]);
const listed = async (container: string, folder: string) =>
  (await inside(container, 'ls', '-A', folder)).split('\n').filter((line) => line !== '');
const audited = async () =>
  (
    JSON.parse(await lab.berth(['audit', '--action', 'container.upload', '--json'])) as {
      target: string;
      outcome: string;
    }[]
  ).map(({ target, outcome }) => `${target} ${outcome}`);

describe('a file', () => {
  it('is there with its name, for whom the folder is, and in the audit log', async () => {
    for (const name of ['a.txt', '-rf', '名 🚢 <b>', 'x'.repeat(255)]) {
      expect(await put(NAMES.plain, '/data', name)).toMatchObject({ status: 200, size: 5 });
      expect(await inside(NAMES.plain, 'cat', `/data/${name}`)).toBe('hello');
    }
    expect(await inside(NAMES.plain, 'stat', '-c', '%a %u:%g', '/data/a.txt')).toBe('644 0:0');
    await lab.docker(['exec', '-u', '0', NAMES.own, 'sh', '-c', 'mkdir /own && chown 1000:1001 /own']);
    await put(NAMES.own, '/own', 'x');
    expect(await inside(NAMES.own, 'stat', '-c', '%a %u:%g', '/own/x')).toBe('644 1000:1001');
    await lab.docker(['exec', '-u', '0', NAMES.own, 'chmod', '4711', '/own/x']);
    await put(NAMES.own, '/own', 'x', 'anew', true);
    expect(await inside(NAMES.own, 'stat', '-c', '%a %u:%g', '/own/x')).toBe('711 1000:1001');
    await expect.poll(async () => (await audited())[0]).toBe(`${NAMES.own}: /own/x, 4 bytes ok`);
    expect(await put(NAMES.plain, '/data', 'a/b')).toMatchObject({ status: 400, code: 'bad_request' });
    expect(await put(NAMES.plain, '/data', '..')).toMatchObject({ status: 400 });
    expect(await put(NAMES.plain, '/data', 'x'.repeat(256))).toMatchObject({ status: 400 });
  });

  it('takes the place of another one only where that is said', async () => {
    await put(NAMES.plain, '/data', 'once');
    expect(await put(NAMES.plain, '/data', 'once', 'other')).toMatchObject({
      ...{ status: 409, message: '"/data/once" is there already' },
    });
    expect(await inside(NAMES.plain, 'cat', '/data/once')).toBe('hello');
    expect(await put(NAMES.plain, '/data', 'once', 'other', true)).toMatchObject({ status: 200 });
    expect(await inside(NAMES.plain, 'cat', '/data/once')).toBe('other');
    expect(await put(NAMES.plain, '/', 'data', 'other', true)).toMatchObject({
      ...{ status: 409, message: '"/data" is a folder' },
    });
  });

  it('goes through links within the container, and never out of it', async () => {
    const host = mkdtempSync(join(tmpdir(), 'berth-up-'));
    await inside(NAMES.plain, 'sh', '-c', `ln -s /data /in; ln -s ../../../../../../../..${host} /out`);
    expect(await put(NAMES.plain, '/in', 'by-link')).toMatchObject({ path: '/data/by-link' });
    // Of the container, which has no such folder: the host's is another one.
    expect(await put(NAMES.plain, '/out', 'by-link')).toMatchObject({ status: 404 });
    expect(readdirSync(host)).toEqual([]);
    rmSync(host, { recursive: true });
    // Its root by a way of the kernel's own, which leads to the host's for who looks from there.
    expect(await put(NAMES.plain, '/proc/1/root/data', 'by-proc')).toMatchObject({ path: '/data/by-proc' });
    await inside(NAMES.plain, 'ln', '-s', '/etc/passwd', '/data/link');
    await put(NAMES.plain, '/data', 'link', 'mine', true);
    expect(await inside(NAMES.plain, 'cat', '/data/link')).toBe('mine');
    expect(await inside(NAMES.plain, 'cat', '/etc/passwd')).toContain('root');
  });

  it('is put into what is paused, and into what is mounted, but takes no mount away', async () => {
    await lab.docker(['pause', NAMES.plain]);
    await expect.poll(async () => (await put(NAMES.plain, '/data', 'paused', '', true)).status).toBe(200);
    await lab.docker(['unpause', NAMES.plain]);
    expect(await listed(NAMES.plain, '/data')).toContain('paused');
    expect(await put(NAMES.bare, '/tmp', 'seen')).toMatchObject({ status: 200 });
    expect(await inside(NAMES.bare, 'cat', '/tmp/seen')).toBe('hello');
    const before = await inside(NAMES.plain, 'cat', '/etc/hosts');
    expect(await put(NAMES.plain, '/etc', 'hosts', 'mine', true)).toMatchObject({
      ...{ status: 409, message: '"/etc/hosts" is mounted into the container by itself' },
    });
    expect(await inside(NAMES.plain, 'cat', '/etc/hosts')).toBe(before);
    expect(await inside(NAMES.plain, 'grep', '-c', ' /etc/hosts ', '/proc/mounts')).toBe('1');
  });
});

describe('what goes wrong', () => {
  it('is told in words, and leaves nothing', async () => {
    expect(await put(NAMES.bare, '/etc', 'x')).toMatchObject({
      ...{ status: 409, message: '"/etc/x" was not written: it is read-only in this container' },
    });
    await inside(NAMES.bare, 'sh', '-c', 'echo old > /tmp/full');
    expect(await put(NAMES.bare, '/tmp', 'full', Buffer.alloc(3_000_000), true)).toMatchObject({
      ...{ status: 409, message: '"/tmp/full" was not written: there is no space left' },
    });
    expect(await inside(NAMES.bare, 'cat', '/tmp/full')).toBe('old');
    expect((await listed(NAMES.bare, '/tmp')).filter((name) => name.startsWith('.berth'))).toEqual([]);
    expect(await put(NAMES.plain, '/proc', 'x')).toMatchObject({ status: 409 });
    expect(await put(NAMES.plain, '/sys', 'x')).toMatchObject({ status: 409 });
    expect(await put(NAMES.plain, '/none', 'x')).toMatchObject({ status: 404 });
    expect(await put(NAMES.plain, '/etc/passwd', 'x')).toMatchObject({
      ...{ status: 400, message: '"/etc/passwd" is no folder' },
    });
    expect(await put('no-such', '/', 'x')).toMatchObject({
      status: 404,
      message: 'No such container: no-such',
    });
    await lab.docker(['stop', '-t', '0', NAMES.stopped]);
    await expect
      .poll(() => put(NAMES.stopped, '/', 'x'))
      .toMatchObject({ status: 409, hint: expect.stringContaining('docker cp') });
    await expect.poll(audited).toContain('no-such: /x No such container: no-such');
  });

  it('a client that leaves half way, and a container that does, leave no half file', async () => {
    await inside(NAMES.plain, 'sh', '-c', 'echo old > /data/half');
    const left = open(NAMES.plain, '/data', 'half', true, 10_000_000);
    left.write(Buffer.alloc(5_000_000));
    const drafts = async () =>
      (await listed(NAMES.plain, '/data')).filter((name) => name.startsWith('.berth-upload-'));
    await expect.poll(drafts, { timeout: 60_000 }).toHaveLength(1);
    left.destroy();
    await expect.poll(drafts, { timeout: 60_000 }).toEqual([]);
    expect(await inside(NAMES.plain, 'cat', '/data/half')).toBe('old');
    await expect
      .poll(async () => (await audited())[0])
      .toMatch(/^up-plain: \/data\/half, ended after \d+ bytes the connection was closed before/);

    const sent = open(NAMES.gone, '/', 'x', false, 10_000_000);
    const answer = answerOf(sent);
    sent.write(Buffer.alloc(5_000_000));
    await expect
      .poll(() => listed(NAMES.gone, '/'), { timeout: 60_000 })
      .toContainEqual(expect.stringContaining('.berth-upload-'));
    await lab.docker(['rm', '-f', NAMES.gone]);
    sent.end(Buffer.alloc(5_000_000));
    expect((await answer).status).toBeGreaterThanOrEqual(400);
  });

  it('a manager that is killed half way leaves no half file either', async () => {
    const sent = open(NAMES.plain, '/data', 'killed', false, 10_000_000);
    sent.write(Buffer.alloc(5_000_000));
    const drafts = async () =>
      (await listed(NAMES.plain, '/data')).filter((name) => /^\.berth|^killed/.test(name));
    await expect.poll(drafts, { timeout: 60_000 }).toHaveLength(1);
    await lab.killManager();
    const on = async () =>
      (await lab.docker(['exec', NAMES.plain, 'ls', '-A', '/data'], HOST))
        .split('\n')
        .filter((name) => /^\.berth|^killed/.test(name));
    await expect.poll(on, { timeout: 60_000 }).toEqual([]);
    await lab.restartManager();
    await lab.waitReady();
    await expect
      .poll(async () => (await put(NAMES.plain, '/data', 'killed').catch(() => undefined))?.status, {
        timeout: 60_000,
      })
      .toBe(200);
  });
});

describe('a large file', () => {
  const MB = 1_000_000;

  it('is in the memory of neither the manager nor the agent', async () => {
    const agents = agentPids(lab, HOST);
    const inUse = () => [lab.managerPid, ...agents].map(memoryOf);
    const before = inUse();
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, ...inUse().map((now, i) => now - (before[i] ?? 0)));
    }, 100);
    const req = open(NAMES.plain, '/data', 'large');
    const answer = answerOf(req);
    const part = Buffer.alloc(MB, 'x');
    for (let i = 0; i < 600; i++) if (!req.write(part)) await once(req, 'drain');
    req.end();
    expect(await answer).toMatchObject({ status: 200, size: 600 * MB });
    clearInterval(look);
    expect(agents.length).toBeGreaterThan(0);
    expect(most).toBeLessThan(150 * MB);
    expect(await inside(NAMES.plain, 'stat', '-c', '%s', '/data/large')).toBe(`${600 * MB}`);
    await inside(NAMES.plain, 'rm', '/data/large');
  });
});
