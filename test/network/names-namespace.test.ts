import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HostNames } from '../../src/network/dns/host-names.ts';
import { type OpenSockets, socketOpener } from '../../src/network/namespace-sockets.ts';
import { ownNumber } from '../lab/own.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { run } from '../lab/run.ts';

/** A network's namespace with its bridge, and two "containers" on it, all by `ip`. */
const own = await ownNumber();
const NETWORK = `berth-test-net-${own}`;
const ASKERS = [`berth-test-a-${own}`, `berth-test-b-${own}`] as const;
const PATH = `/run/netns/${NETWORK}`;
const sh = (line: string) => run(line.split(' '));

async function makeNetwork(): Promise<void> {
  await sh(`ip netns add ${NETWORK}`);
  await sh(`ip -n ${NETWORK} link add br0 type bridge`);
  await sh(`ip -n ${NETWORK} link set br0 up`);
  for (const [index, name] of ASKERS.entries()) {
    await sh(`ip -n ${NETWORK} link add veth${index} type veth peer name eth0 netns ${name}`);
    await sh(`ip -n ${NETWORK} link set veth${index} master br0 up`);
    await sh(`ip -n ${name} addr add 10.77.0.${index + 1}/24 dev eth0`);
    await sh(`ip -n ${name} link set eth0 up`);
    await sh(`ip -n ${name} route add 169.254.53.53 dev eth0`);
  }
  // So that the answer finds its way back, as the driver does it with a gateway's address.
  await sh(`ip -n ${NETWORK} addr add 10.77.0.254/24 dev br0`);
}

const addAddress = () => sh(`ip -n ${NETWORK} addr add 169.254.53.53/32 dev br0`);

async function removeAll(): Promise<void> {
  for (const name of [NETWORK, ...ASKERS])
    if (existsSync(`/run/netns/${name}`)) await sh(`ip netns del ${name}`);
}

const PATIENCE = { timeout: 60_000 };

/** Addresses that a name leads to, asked from within a container's namespace by Node's own resolver. */
async function ask(asker: string, name: string, how = 'resolve4'): Promise<string> {
  const script = `const {Resolver}=require('node:dns').promises;const r=new Resolver({timeout:2000,tries:5});r.setServers(['169.254.53.53']);r.${how}('${name}').then((a)=>console.log(JSON.stringify(a)),(e)=>console.log(e.code))`;
  const argv = ['netns', 'exec', asker, process.execPath, '-e', script];
  const { stdout } = await promisify(execFile)('ip', argv, { encoding: 'utf8' });
  return stdout.trim();
}

const member = (id: string, ipv4: string, names: string[]) => ({
  ...{ id, hostId: 'h1', via: '', mac: '02:be:0a:4d:00:01', ipv4, names, up: true, ports: ['80/tcp'] },
});
const network = { id: 'n1', name: 'x1', internal: false };
const PROGRAMS = {
  'Node and the bundle': [process.execPath, 'dist/agent.cjs'],
  'the self-contained agent': ['dist/berth-agent'],
};
const newNames = (open: OpenSockets) => {
  const names = new HostNames({
    open,
    hostServers: () => [],
    hasServers: () => false,
  });
  const put = [member('a', '10.77.0.1', ['web', 'web.shop']), member('b', '10.77.0.2', ['db'])];
  names.members(network, { whole: true, put, drop: [] });
  return names;
};

beforeAll(async () => {
  await ensureRequirements();
  await run(['./berth', 'version'], { timeoutMs: 600_000 });
  await run([process.execPath, 'scripts/build-agent.mjs'], { timeoutMs: 600_000 });
  await removeAll();
});
afterAll(removeAll);

describe.each(Object.entries(PROGRAMS))('names in a namespace, sockets by %s', (_, command) => {
  let names: HostNames;
  /** How often no socket could be opened in the namespace. */
  let refused = 0;
  const open: OpenSockets = (...args) =>
    socketOpener(command)(...args).catch((thrown) => {
      refused++;
      throw thrown;
    });

  beforeAll(async () => {
    for (const name of ASKERS) await sh(`ip netns add ${name}`);
    await makeNetwork();
    await addAddress();
    names = newNames(open);
  });
  afterAll(async () => {
    await names.close();
    await removeAll();
  });
  afterEach(() => expect(process.exitCode).toBeUndefined());

  it('are answered by UDP and TCP', async () => {
    names.serve('n1', PATH);
    await expect.poll(() => names.serving('n1'), PATIENCE).toBe(true);
    expect(await ask(ASKERS[1], 'web.shop.internal')).toBe('["10.77.0.1"]');
    expect(await ask(ASKERS[0], '_http._tcp.db', 'resolveSrv')).toContain('"name":"db.internal","port":80');
    expect(await ask(ASKERS[0], '10.77.0.2', 'reverse')).toBe('["db.internal"]');
    const many = Array.from({ length: 200 }, (__, n) => member(`m${n}`, `10.77.1.${n}`, ['many']));
    names.members(network, { whole: false, put: many, drop: [] });
    // More than 1232 bytes: c-ares comes again by TCP.
    expect(JSON.parse(await ask(ASKERS[0], 'many'))).toHaveLength(200);
  });

  it('keep no process', async () => {
    expect((await run(['ip', 'netns', 'pids', NETWORK])).trim()).toBe('');
  });

  it('come back in a namespace that was made again, as soon as it has the address', async () => {
    await sh(`ip netns del ${NETWORK}`);
    await expect.poll(() => names.serving('n1'), PATIENCE).toBe(false);
    await expect
      .poll(async () => (await run(['ip', '-n', ASKERS[0], '-br', 'link'])).includes('eth0'), {
        timeout: 60_000,
      })
      .toBe(false);
    await makeNetwork();
    const before = refused;
    await expect.poll(() => refused, PATIENCE).toBeGreaterThan(before + 1);
    expect(names.serving('n1')).toBe(false);
    await addAddress();
    await expect.poll(() => names.serving('n1'), PATIENCE).toBe(true);
    expect(await ask(ASKERS[1], 'web')).toBe('["10.77.0.1"]');
  });

  it('are answered by the next agent where the last one was killed', async () => {
    await names.close();
    expect(await ask(ASKERS[1], 'web')).toBe('ECONNREFUSED');
    names = newNames(open);
    names.serve('n1', PATH);
    await expect.poll(() => names.serving('n1'), PATIENCE).toBe(true);
    expect(await ask(ASKERS[1], 'web')).toBe('["10.77.0.1"]');
  });
});

it('one container floods, another one is served', async () => {
  for (const name of ASKERS) await sh(`ip netns add ${name}`);
  await makeNetwork();
  await addAddress();
  let reached = 0;
  const names = newNames(async (...args) => {
    const sockets = await socketOpener(PROGRAMS['Node and the bundle'])(...args);
    sockets.udp.on('message', (_, { address }) => {
      if (address === '10.77.0.1') reached++;
    });
    return sockets;
  });
  names.serve('n1', PATH);
  await expect.poll(() => names.serving('n1'), PATIENCE).toBe(true);
  const started = performance.now();
  const from = ['netns', 'exec', ASKERS[0], process.execPath, 'test/network/flood.mjs', '10.77.0.1'];
  const flood = spawn('ip', [...from, '169.254.53.53'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => flood.once('close', resolve));
  let sent = 0;
  flood.stdout.on('data', (bytes) => {
    sent = Number(String(bytes).trim().split('\n').at(-1));
  });
  /** What the kernel lets through by now of one container's: a thousand a second, and two thousand more. */
  const share = () => 2_000 + performance.now() - started;
  try {
    await expect.poll(() => sent / share(), PATIENCE).toBeGreaterThan(2);
    for (let n = 0; n < 10; n++) expect(await ask(ASKERS[1], 'web')).toBe('["10.77.0.1"]');
    await expect.poll(() => sent / share(), PATIENCE).toBeGreaterThan(5);
  } finally {
    flood.kill('SIGKILL');
    await ended;
  }
  const most = share();
  console.log(`${sent} questions sent, ${reached} reached the socket, ${Math.round(most)} may`);
  expect(reached).toBeGreaterThan(0);
  expect(reached).toBeLessThan(most * 1.2);
  await names.close();
  await removeAll();
}, 300_000);
