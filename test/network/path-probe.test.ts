import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/kit/logger.ts';
import { type Run, run } from '../../src/network/commands.ts';
import { udpSocketOpener } from '../../src/network/namespace-sockets.ts';
import { PathProbe } from '../../src/network/probe/path-probe.ts';
import type { Tunnel } from '../../src/network/probe/plan.ts';
import { ownNumber } from '../lab/own.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { tryRun } from '../lab/run.ts';

/** Two hosts at the ports of a switch, all of them namespaces of this machine. */
const PREFIX = `berth-test-pp${await ownNumber()}`;
const SWITCH = `${PREFIX}-switch`;
const [A, B] = [`${PREFIX}-a`, `${PREFIX}-b`] as const;
const HOSTS = [A, B];
type Family = 'IPv4' | 'IPv6';
const addressOf = (family: Family, host: string) =>
  `${family === 'IPv4' ? '198.51.100.' : '2001:db8:77::'}${host === A ? 1 : 2}`;

const sh = (line: string) => run(line.split(' '));
const inHost =
  (host: string): Run =>
  (argv, options) =>
    run(['nsenter', `--net=/run/netns/${host}`, '--', ...argv], options);

async function makeWire(): Promise<void> {
  await sh(`ip netns add ${SWITCH}`);
  await sh(`ip -n ${SWITCH} link add br0 up type bridge`);
  // Where some Docker has loaded br_netfilter, a switch would cut up packets that are too large.
  await tryRun([
    'nsenter',
    `--net=/run/netns/${SWITCH}`,
    'sysctl',
    '-w',
    'net.bridge.bridge-nf-call-iptables=0',
  ]);
  for (const [index, host] of HOSTS.entries()) {
    await sh(`ip netns add ${host}`);
    await sh(`ip -n ${SWITCH} link add port${index} type veth peer name eth0 netns ${host}`);
    await sh(`ip -n ${SWITCH} link set port${index} master br0 up`);
    await sh(`ip -n ${host} address add ${addressOf('IPv4', host)}/24 dev eth0`);
    await sh(`ip -n ${host} address add ${addressOf('IPv6', host)}/64 dev eth0 nodad`);
    await sh(`ip -n ${host} link set eth0 up`);
  }
}

async function removeWire(): Promise<void> {
  const all = (await sh('ip netns list')).split('\n').map((line) => line.split(' ')[0] ?? '');
  for (const name of all.filter((one) => one.startsWith(`${PREFIX}-`)))
    await tryRun(['ip', 'netns', 'delete', name]);
}

/** What the agent starts to bind sockets, alone: the whole program takes longer to start. */
const folder = mkdtempSync(join(tmpdir(), 'berth-path-probe-'));
const COMMAND = [process.execPath, join(folder, 'bind.cjs')];
function bundle(): Promise<unknown> {
  const source =
    "import { bindAndHandOver } from './src/network/namespace-sockets.ts'; bindAndHandOver(process.argv.slice(3));";
  return build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    ...{ outfile: COMMAND[1], bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' },
  });
}

const opened: PathProbe[] = [];
function newProbe(host: string, family: Family, perform: Run = inHost(host)): PathProbe {
  const probe = new PathProbe({
    dataAddress: addressOf(family, host),
    open: udpSocketOpener(COMMAND),
    logger: silentLogger,
    run: perform,
    prefix: `${host}-probe`,
    local: (address) => address,
  });
  opened.push(probe);
  return probe;
}

const wanted = (family: Family, ...tunnels: Tunnel[]) =>
  new Map(tunnels.map((tunnel) => [tunnel, new Set(HOSTS.map((host) => addressOf(family, host)))]));

/** All that a probe could leave on a host: namespaces, devices, UDP sockets of VXLAN. */
async function traces(): Promise<string> {
  const namespaces = (await sh('ip netns list')).split('\n').filter((line) => line.startsWith(`${PREFIX}-`));
  const devices = await Promise.all(HOSTS.map((host) => sh(`ip -n ${host} -o link`)));
  const ports = await Promise.all(HOSTS.map((host) => inHost(host)(['cat', '/proc/net/udp'])));
  const vxlan = ports.join('').match(/:12B[56] /g) ?? [];
  return [...namespaces.map((line) => line.split(' ')[0]), ...devices, ...vxlan].sort().join('\n');
}

beforeAll(async () => {
  await ensureRequirements();
  await bundle();
  await removeWire();
  await makeWire();
}, 300_000);
afterAll(async () => {
  await removeWire();
  rmSync(folder, { recursive: true });
});

let before: string;
beforeEach(async () => {
  before = await traces();
});
afterEach(async () => {
  for (const probe of opened) await probe.close();
  for (const host of HOSTS)
    await new PathProbe({ ...remover, run: inHost(host), prefix: `${host}-probe` }).remove();
  opened.length = 0;
  expect(await traces()).toBe(before);
});
const remover = { dataAddress: '', open: udpSocketOpener([]), logger: silentLogger };

const MTU = { IPv4: 1450, IPv6: 1430 } as const;
/** Long enough for a machine that stands still for a while. */
const LOOK_MS = 3_000;

describe.each(['IPv4', 'IPv6'] as const)('a data path, hosts with %s', (family) => {
  let a: PathProbe;
  const look = (tunnel: Tunnel = 'clear') => a.look(tunnel, addressOf(family, B), MTU[family], LOOK_MS);
  const fine = { ms: expect.any(Number) };
  const rule = (...argv: string[]) =>
    inHost(B)([family === 'IPv4' ? 'iptables' : 'ip6tables', '-w', ...argv]);

  beforeEach(async () => {
    a = newProbe(A, family);
    await a.hold(wanted(family, 'clear', 'encrypted'));
    await newProbe(B, family).hold(wanted(family, 'clear', 'encrypted'));
  });
  afterEach(() => rule('-F', 'INPUT'));

  it('is looked at by what carries the packets of containers, and by nothing else', async () => {
    expect(await look()).toEqual(fine);
    await rule('-A', 'INPUT', '-p', 'udp', '--dport', '4789', '-j', 'DROP');
    expect(await Promise.all([look(), look('encrypted')])).toEqual([{ fault: 'silent' }, fine]);
    await rule('-F', 'INPUT');
    await rule('-A', 'INPUT', '-p', 'tcp', '-j', 'DROP');
    await rule('-A', 'INPUT', '-p', 'udp', '--dport', '4790', '-j', 'DROP');
    expect(await Promise.all([look(), look('encrypted')])).toEqual([fine, { fault: 'silent' }]);
  });

  it('is found to lose packets of full size, as long as it does', async () => {
    await sh(`ip -n ${SWITCH} link set port1 mtu 1400`);
    const seen = await look();
    await sh(`ip -n ${SWITCH} link set port1 mtu 1500`);
    expect(seen).toEqual({ fault: 'size', bytes: MTU[family] });
    expect(await look()).toEqual(fine);
  });

  it('is silent where the other one does not know this one, or has no probe; who is not told of cannot be looked at', async () => {
    await newProbe(B, family).hold(new Map([['clear', new Set<string>()]]));
    expect(await look()).toEqual({ fault: 'silent' });
    await newProbe(B, family).remove();
    expect(await look()).toEqual({ fault: 'silent' });
    await a.hold(new Map([['clear', new Set<string>()]]));
    await expect(look()).rejects.toThrow('no place of its own');
    const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
    expect(await a.look('clear', addressOf(other, B), 1400, LOOK_MS)).toEqual({ fault: 'family' });
  });

  it('is looked at again after what is needed for it was taken away', async () => {
    expect(await look()).toEqual(fine);
    await sh(`ip -n ${A}-probe-4789 link delete vx0`);
    expect(await look()).toEqual({ fault: 'silent' });
    await a.hold(wanted(family, 'clear', 'encrypted'));
    expect(await look()).toEqual(fine);
    await sh(`ip netns delete ${A}-probe-4789`);
    await a.hold(wanted(family, 'clear', 'encrypted'));
    expect(await look()).toEqual(fine);
  });
});

describe('what is made for it', () => {
  it('goes as far as it is not needed, and the agent that ends leaves it to answer', async () => {
    const a = newProbe(A, 'IPv4');
    const b = newProbe(B, 'IPv4');
    await a.hold(wanted('IPv4', 'clear', 'encrypted'));
    await b.hold(wanted('IPv4', 'clear', 'encrypted'));
    await b.close();
    const address = addressOf('IPv4', B);
    expect(await a.look('clear', address, 1450, LOOK_MS)).toHaveProperty('ms');
    await a.hold(wanted('IPv4', 'clear'));
    expect(await traces()).not.toContain(`${A}-probe-4790`);
    expect(await a.look('clear', address, 1450, LOOK_MS)).toHaveProperty('ms');
    await expect(a.look('encrypted', address, 1450, LOOK_MS)).rejects.toThrow('no probe');
    await a.remove();
    await newProbe(B, 'IPv4').remove();
    expect(await traces()).toBe(before);
  });

  it('is made whole by the next life, wherever the last one was killed', async () => {
    await newProbe(B, 'IPv4').hold(wanted('IPv4', 'clear'));
    let steps = 0;
    for (let killedAt = 1; killedAt <= steps + 1; killedAt++) {
      let step = 0;
      const dying: Run = async (argv, options) => {
        if (argv.includes('show')) return inHost(A)(argv, options);
        step++;
        // The command itself may be done, and its answer unheard.
        const answer = await inHost(A)(argv, options);
        if (step >= killedAt) throw new Error('killed');
        return answer;
      };
      await newProbe(A, 'IPv4', dying)
        .hold(wanted('IPv4', 'clear'))
        .catch(() => undefined);
      steps = Math.max(steps, step);
      const next = newProbe(A, 'IPv4');
      await next.hold(wanted('IPv4', 'clear'));
      expect(
        await next.look('clear', addressOf('IPv4', B), 1450, LOOK_MS),
        `killed at ${killedAt}`,
      ).toHaveProperty('ms');
      await next.remove();
      expect(await traces()).not.toContain(`${A}-probe`);
    }
    // Namespace, device, its settings, its two entries.
    expect(steps).toBe(5);
  }, 300_000);

  it.each([
    ['a name without a namespace', async () => writeFile(`/run/netns/${A}-probe-4789`, '')],
    ['no address', () => sh(`ip -n ${A}-probe-4789 address flush dev vx0`)],
    ['no route', () => sh(`ip -n ${A}-probe-4789 route flush table main`)],
    ['a device that is down', () => sh(`ip -n ${A}-probe-4789 link set vx0 down`)],
    ['no entry for the other host', () => sh(`ip -n ${A}-probe-4789 neighbour flush dev vx0 nud permanent`)],
    ['a device of an earlier data address', () => newProbe(A, 'IPv6').hold(wanted('IPv6', 'clear'))],
  ])('is made whole where there is %s', async (what, harm) => {
    await newProbe(B, 'IPv4').hold(wanted('IPv4', 'clear'));
    if (!what.startsWith('a name')) await newProbe(A, 'IPv4').hold(wanted('IPv4', 'clear'));
    await harm();
    const next = newProbe(A, 'IPv4');
    await next.hold(wanted('IPv4', 'clear'));
    expect(await next.look('clear', addressOf('IPv4', B), 1450, LOOK_MS)).toHaveProperty('ms');
  });
});
