import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { until } from '../lab/run.ts';
import { Watch } from '../lab/watch.ts';

const BERTH = fileURLToPath(new URL('../../berth', import.meta.url));

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

const docker = async (...args: string[]) => (await lab.docker(args)).trim();
const berth = async (...args: string[]) => (await lab.berth(args)).trim();
const refusal = (...args: string[]) =>
  docker(...args).then(
    (out) => `it was not refused: ${out}`,
    (thrown: Error) => thrown.message,
  );
const run = (name: string, host: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, '-e', `constraint:node==${host}`, ...options, 'busybox', 'sleep', '1d');
/** As it is in the container, not as anybody says. */
const address = (name: string, device: string) =>
  docker('exec', name, 'ip', '-o', '-4', 'addr', 'show', 'dev', device).then((line) => line.split(/\s+/)[3]);

const reaches = (name: string, ip: string) =>
  expect
    .poll(() => docker('exec', name, 'ping', '-c', '1', '-W', '5', ip), { timeout: 60_000 })
    .toContain('1 packets received');

type Inspected = { Scope: string; Containers: Record<string, { Name: string; IPv4Address: string }> };
const inspect = async (network: string) =>
  JSON.parse(await docker('network', 'inspect', network))[0] as Inspected;

it('containers of several hosts have addresses of one network, which the cluster gives and shows', async () => {
  await docker('network', 'create', '-d', 'xoverlay', '--subnet', '10.77.0.0/24', 'x1');
  const web = await run('web', 'h1', '--net', 'x1');
  const db = await run('db', 'h2', '--net', 'x1', '--ip', '10.77.0.40');
  expect([await address('web', 'eth0'), await address('db', 'eth0')]).toEqual([
    '10.77.0.2/24',
    '10.77.0.40/24',
  ]);
  expect(await inspect('x1')).toMatchObject({
    Scope: 'global',
    Containers: {
      [web]: { Name: 'web', IPv4Address: '10.77.0.2/24' },
      [db]: { Name: 'db', IPv4Address: '10.77.0.40/24' },
    },
  });
  expect(await docker('network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}')).toContain(
    'x1 xoverlay global',
  );
  const id = await docker('network', 'inspect', '-f', '{{.Id}}', 'x1');
  expect(await docker('inspect', '-f', '{{.NetworkSettings.Networks.x1.NetworkID}}', 'web')).toBe(id);
  expect(await docker('ps', '--filter', 'network=x1', '--format', '{{.Names}}')).toContain('web');
  await reaches('web', '10.77.0.40');
});

it('an address that is taken is refused, and says by whom', async () => {
  expect(await refusal('run', '-d', '--net', 'x1', '--ip', '10.77.0.40', 'busybox', 'true')).toContain(
    '10.77.0.40 of network x1 is held by container db on host h2',
  );
  expect(await refusal('run', '-d', '--net', 'x1', '--ip', '10.78.0.1', 'busybox', 'true')).toContain(
    'it is not in the pools of network x1',
  );
  expect(await refusal('network', 'rm', 'x1')).toContain('has active endpoints: container db on host h2');
});

it('a container keeps its address on another host, and a reserved one through its removal', async () => {
  expect(await berth('ip', 'reserve', 'x1', 'db')).toBe('10.77.0.40');
  await docker('rm', '-f', 'web', 'db');
  await run('web', 'h2', '--net', 'x1');
  await run('db', 'h1', '--net', 'x1');
  expect([await address('web', 'eth0'), await address('db', 'eth0')]).toEqual([
    '10.77.0.2/24',
    '10.77.0.40/24',
  ]);
  expect(await berth('ip', 'ls', 'x1')).toMatch(/10\.77\.0\.40 .* used +container db on host h1 +db/);
  await reaches('web', '10.77.0.40');
});

it('an address that was given back is nobody else’s for the grace time, and its own again at once', async () => {
  // One address beside the gateway's.
  await docker('network', 'create', '-d', 'xoverlay', '--subnet', '10.79.0.0/30', 'small');
  const take = (name: string) => run(name, 'h1', '--net', 'small');
  await take('first');
  await docker('rm', '-f', 'first');
  expect(await refusal('run', '-d', '--name', 'second', '--net', 'small', 'busybox', 'true')).toMatch(
    /no available IPv4 addresses.*: small: .*1 of containers that are gone, the first free again in \d+ s/,
  );
  await take('first');
  await docker('rm', '-f', 'first');
  await berth('settings', 'set', 'addressGraceMs=1s');
  await until('the end of the grace time', () => take('second').catch(() => undefined), {
    timeoutMs: 60_000,
  });
  expect(await address('second', 'eth0')).toBe('10.79.0.2/30');
  await berth('settings', 'set', 'addressGraceMs=60s');
  await docker('rm', '-f', 'second');
  await docker('network', 'rm', 'small');
});

it('a host whose wire is too small for a network is shown, and an event tells when that comes about and ends', async () => {
  await docker('network', 'create', '-d', 'xoverlay', '--subnet', '10.80.0.0/24', 'full-size');
  const events = new Watch([BERTH, 'events', '--json', '--data-dir', lab.addresses.dataDir]);
  const withMtu = async (mtu: number) => {
    await lab.killAgent('h2');
    await lab.exec('h2', ['ip', 'link', 'set', 'eth0', 'mtu', String(mtu)]);
    await lab.join('h2');
    await lab.waitReady();
  };
  const words =
    /has a wire with MTU 1400 at [\d.]+, too small for network full-size \(MTU 1450, which needs 1500 there\)/;
  const warnings = async () => JSON.parse(await berth('status', '--json')).warnings.join('\n');
  const told = () => events.lines.map((line) => JSON.parse(line).event.reason ?? '');
  const poll = { timeout: 60_000, interval: 250 };
  await withMtu(1400);
  await expect.poll(warnings, poll).toMatch(new RegExp(`host h2 ${words.source}`));
  await expect.poll(told, poll).toContainEqual(expect.stringMatching(words));
  await withMtu(1500);
  await expect.poll(warnings, poll).not.toMatch(words);
  await expect.poll(() => told().at(-1), poll).toBe('');
  await events.end();
  await docker('network', 'rm', 'full-size');
});

it('a running container is connected and disconnected, also for its next life', async () => {
  await docker('network', 'create', '-d', 'xoverlay', '--subnet', '10.78.0.0/24', 'x2');
  await docker('network', 'connect', '--ip', '10.78.0.99', 'x2', 'web');
  const both = ['10.77.0.2/24', '10.78.0.99/24'];
  const own = async () =>
    (await docker('exec', 'web', 'ip', '-o', '-4', 'addr')).match(/10\.7[78]\.0\.\d+\/24/g)?.sort();
  expect(await own()).toEqual(both);
  await lab.docker(['rm', '-f', 'web'], 'h2');
  // As long as nobody has heard of its removal there is nothing to start.
  const begun = () => docker('start', 'web').then(own);
  await expect.poll(begun, { timeout: 60_000, interval: 500 }).toEqual(both);
  await docker('network', 'disconnect', 'x1', 'web');
  expect(await own()).toEqual(['10.78.0.99/24']);
  await docker('restart', '-t', '0', 'web');
  expect(await own()).toEqual(['10.78.0.99/24']);
});

it('what plain docker on a host has is unique in the cluster', async () => {
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.99.0.0/24', 'own'], 'h1');
  await lab.docker(['run', '-d', '--name', 'plain', '--net', 'own', 'busybox', 'sleep', '1d'], 'h1');
  const format = '{{.NetworkSettings.Networks.own.IPAddress}}';
  expect((await lab.docker(['inspect', '-f', format, 'plain'], 'h1')).trim()).toBe('10.99.0.2');
  await expect.poll(() => docker('network', 'ls', '--format', '{{.Name}}')).toContain('h1/own');
  await lab.docker(['rm', '-f', 'plain'], 'h1');
  await lab.docker(['network', 'rm', 'own'], 'h1');
});

it('a network that is removed is on no host any more', async () => {
  await docker('rm', '-f', 'web', 'db');
  await docker('network', 'rm', 'x1', 'x2');
  for (const host of ['h1', 'h2'])
    await until(
      `the end of the networks on ${host}`,
      async () => {
        const names = await lab.docker(['network', 'ls', '--filter', 'driver=xoverlay', '-q'], host);
        return names.trim() === '' ? true : undefined;
      },
      { timeoutMs: 60_000, everyMs: 250 },
    );
});
