import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { NamedWatch } from '../lab/named-watch.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { tryRun } from '../lab/run.ts';

/** Names of containers on two hosts; h3 has the company's name server, which the hosts ask for everything else. */
let lab: Lab;
let upstream: ChildProcess;
const docker = (...args: string[]) => lab.docker(args);
const onHost = (host: string) => ['-e', `constraint:node==${host}`];
const start = (name: string, host: string, net: string, ...more: string[]) =>
  docker('run', '-d', '--name', name, ...onHost(host), '--net', net, ...more, 'busybox', 'sleep', '1000');

/** Addresses that a name leads to, by the resolver that every program in the container has. */
async function ask(container: string, name: string, on?: string): Promise<string[]> {
  const url = on === undefined ? lab.endpoint : lab.host(on).engine;
  const { stdout } = await tryRun(['docker', '-H', url, 'exec', container, 'nslookup', name]);
  const [, answer = ''] = stdout.split(/^(?=Name:)/m);
  const found = stdout
    .slice(stdout.indexOf(answer))
    .matchAll(/^Address(?: \d+)?: *([0-9a-f.:]+?)(?::53)?(?: |$)/gm);
  return answer === '' ? [] : [...found].map(([, address = '']) => address).sort();
}
const becomes = (expected: string[], container: string, name: string, on?: string) =>
  expect.poll(() => ask(container, name, on), { timeout: 60_000 }).toEqual(expected);

beforeAll(async () => {
  await ensureRequirements([['ping', 'iputils-ping']]);
  lab = await startLab({ hosts: 3, join: false });
  const server = lab.host('h3').address;
  const file = resolve(lab.plan.folder, 'company-resolv.conf');
  writeFileSync(file, `nameserver ${server}\n`);
  for (const host of ['h1', 'h2', 'h3']) {
    await lab.exec(host, ['mount', '--bind', file, '/etc/resolv.conf']);
    await ensureImage('busybox', lab.host(host).engine);
  }
  const [program = '', ...args] = lab.execArgv('h3', [
    process.execPath,
    resolve('test/network/upstream.mjs'),
    server,
  ]);
  upstream = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  lab = await startLab({ name: lab.name, hosts: 3, join: true });
  await docker('network', 'create', '-d', 'xoverlay', '--subnet', '10.50.0.0/24', 'front');
  await docker('network', 'create', '-d', 'xoverlay', '--subnet', '10.60.0.0/24', 'back');
  await Promise.all([
    start('client', 'h1', 'front', '--ip', '10.50.0.10'),
    start('web', 'h2', 'front', '--ip', '10.50.0.20', '--network-alias', 'www', '--expose', '80'),
    start('db', 'h2', 'back', '--ip', '10.60.0.30'),
  ]);
});
afterAll(async () => {
  upstream?.kill('SIGKILL');
  await lab?.down();
});

describe('names of containers', () => {
  it('are known on all hosts, within the networks that one is on', async () => {
    for (const name of ['web', 'www', 'web.internal', 'WWW.front', 'web.front.internal'])
      await becomes(['10.50.0.20'], 'client', name);
    const project = ['com.docker.compose.project=shop', 'com.docker.compose.service=cart'];
    await start('shop-cart-1', 'h2', 'front', '--ip', '10.50.0.21', ...project.flatMap((one) => ['-l', one]));
    for (const name of ['cart.shop', 'cart.shop.internal', 'shop-cart-1'])
      await becomes(['10.50.0.21'], 'client', name);
    expect(await ask('client', 'db')).toEqual([]);
    await docker('network', 'connect', 'back', 'web');
    await becomes(['10.60.0.30'], 'web', 'db');
    expect(await ask('client', 'db')).toEqual([]);
    const srv = await docker('exec', 'client', 'nslookup', '-type=srv', '_http._tcp.web');
    expect(srv).toMatch(/80 web\.internal/);
  });

  it('lead to all members of a service, on all hosts', async () => {
    await Promise.all(
      [1, 2, 3].map((n) =>
        start(`app${n}`, `h${n}`, 'front', '--ip', `10.50.0.4${n}`, '--network-alias', 'app'),
      ),
    );
    const all = ['10.50.0.41', '10.50.0.42', '10.50.0.43'];
    for (const asker of ['client', 'web']) await becomes(all, asker, 'app');
    // in another order each time, so that clients who take the first one take each of them
    const often = 'for i in $(seq 30); do nslookup -type=a app.internal 169.254.53.53; done';
    const said = await docker('exec', 'client', 'sh', '-c', often);
    const answers = said.split(/^Server:/m).slice(1);
    expect(answers).toHaveLength(30);
    const firsts = answers.map((one) => /Name:.*\nAddress[^:]*: *([0-9.]+)/.exec(one)?.[1]);
    expect([...new Set(firsts)].sort()).toEqual(all);
    await docker('stop', '-t', '0', 'app2');
    await becomes(['10.50.0.41', '10.50.0.43'], 'client', 'app');
    await docker('start', 'app2');
    await becomes(['10.50.0.41', '10.50.0.42', '10.50.0.43'], 'client', 'app');
    await docker('rm', '-f', 'app1', 'app2', 'app3');
    await becomes([], 'client', 'app');
  });

  it('are there once a container is healthy, and not while it is not', async () => {
    const check = ['--health-cmd', 'test -e /ok', '--health-interval', '200ms', '--health-retries', '1'];
    await start('sick', 'h2', 'front', '--ip', '10.50.0.50', ...check);
    await docker('exec', 'sick', 'touch', '/ok');
    await becomes(['10.50.0.50'], 'client', 'sick');
    await docker('exec', 'sick', 'rm', '/ok');
    await becomes([], 'client', 'sick');
    await docker('rm', '-f', 'sick');
  });

  it('are known to the first container of a network on its host, from its start', async () => {
    await docker('network', 'create', '-d', 'xoverlay', 'fresh');
    await start('early', 'h1', 'fresh');
    const once = ['run', '--rm', ...onHost('h2'), '--net', 'fresh', 'busybox'];
    expect(await docker(...once, 'nslookup', '-type=a', 'early')).toContain('Name:\tearly');
    await docker('rm', '-f', 'early');
    await docker('network', 'rm', 'fresh');
  });

  it('go with their container', async () => {
    await start('gone', 'h2', 'front', '--ip', '10.50.0.60');
    await becomes(['10.50.0.60'], 'client', 'gone');
    await docker('rm', '-f', 'gone');
    await becomes([], 'client', 'gone');
  });

  it('are found by address', async () => {
    expect(await docker('exec', 'client', 'nslookup', '10.50.0.20')).toContain('web.internal');
  });
});

describe('everything else', () => {
  it("is asked for at the host's name server, or at the user's", async () => {
    await becomes(['198.51.100.7'], 'client', 'shop.example');
    expect(await ask('client', 'no.such.name')).toEqual([]);
    await start('own', 'h1', 'front', '--dns', lab.host('h3').address);
    expect(await docker('inspect', '-f', '{{.HostConfig.Dns}}', 'own')).toContain(lab.host('h3').address);
    await becomes(['198.51.100.7'], 'own', 'own.example');
    await becomes(['10.50.0.20'], 'own', 'web');
    await docker('rm', '-f', 'own');
  });

  it('has a name in a stack that says so', async () => {
    const file = resolve(lab.plan.folder, 'outside.yaml');
    writeFileSync(
      file,
      `services:
  app: { image: busybox, command: [sleep, '1000'], stop_grace_period: 0s }
  legacy: { external: { host: db.example } }
`,
    );
    await lab.berth(['deploy', '-f', file, '--name', 'outside', '--timeout', '110']);
    await becomes(['198.51.100.7'], 'outside_app_1', 'legacy');
    expect(await ask('client', 'legacy')).toEqual([]);
    await lab.berth(['stack', 'rm', 'outside', '--yes']);
  });

  it('does not depend on the agent', async () => {
    await lab.killAgent('h1');
    await becomes(['198.51.100.7'], 'client', 'other.example', 'h1');
    await lab.join('h1');
    await lab.waitReady();
    await becomes(['10.50.0.20'], 'client', 'web');
  });
});

it('names do not depend on the manager, and an agent that starts without it knows them', async () => {
  await lab.killManager();
  await becomes(['10.50.0.20'], 'client', 'web', 'h1');
  await lab.killAgent('h1');
  await lab.join('h1');
  await becomes(['10.50.0.20'], 'client', 'web', 'h1');
  await lab.restartManager();
  await lab.waitReady();
});

it('a manager that starts again cuts nobody off, be the agent of a host away', async () => {
  const script = 'while :; do ping -c 1 -W 5 10.50.0.20 >/dev/null && echo yes || echo no; sleep 0.2; done';
  const pid = (await docker('inspect', '-f', '{{.State.Pid}}', 'client')).trim();
  const argv = ['nsenter', '--target', pid, '--net', '--', 'sh', '-c', script];
  const [program = '', ...args] = lab.execArgv('h1', argv);
  const ping = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let said = '';
  ping.stdout.on('data', (bytes) => {
    said += bytes;
  });
  const answers = () => said.split('\n').filter((line) => line === 'yes').length;
  // Names do not lead to a host that is down: until then there must be time to ask, however busy the machine is.
  await lab.berth(['settings', 'set', 'downAfterMs=20s']);
  try {
    await lab.killManager();
    await lab.killAgent('h2');
    expect(await ask('client', 'web', 'h1')).toEqual(['10.50.0.20']);
    await lab.restartManager();
    // The host of the one who asks hears of all that is on its networks while the other host has said nothing yet.
    await lab.waitReady(['h1', 'h3']);
    expect(await ask('client', 'web', 'h1')).toEqual(['10.50.0.20']);
    const state = async () => (await lab.status()).find(({ name }) => name === 'h2')?.node;
    await expect.poll(state, { timeout: 60_000 }).toBe('down');
    const before = answers();
    await expect.poll(answers, { timeout: 60_000 }).toBeGreaterThan(before + 10);
    expect(said).not.toContain('no');
    await lab.join('h2');
    await lab.waitReady();
    await becomes(['10.50.0.20'], 'client', 'web');
    expect(said).not.toContain('no');
  } finally {
    process.kill(-(ping.pid as number), 'SIGKILL');
    await lab.join('h2');
    await lab.berth(['settings', 'set', 'downAfterMs=5s']);
  }
});

it('containers that start are found on another host by one who has asked for them since before', async () => {
  const names = Array.from({ length: 5 }, (_, n) => `quick${n}`);
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'client');
  const found = new NamedWatch(lab.execArgv('h1', ['nsenter', `--net=/proc/${pid}/ns/net`]), names);
  for (const name of names) {
    await start(name, 'h2', 'front');
    await found.of(name);
  }
  await found.end();
  await docker('rm', '-f', ...names);
});
