import { describe, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import type { Span } from '../../model/span.ts';
import type { Run } from '../commands.ts';
import { bridgeName, portNames, serviceNames } from './device-names.ts';
import { VlanDriver } from './vlan-driver.ts';

const LINKS = [
  { ifname: 'lo', flags: [], mtu: 65536, addr_info: [] },
  { ifname: 'eth0', flags: ['UP'], mtu: 1500, addr_info: [{ local: '192.0.2.13', scope: 'global' }] },
  { ifname: 'eth1', flags: ['UP'], mtu: 1500, addr_info: [] },
];

/** A host that has what it is given, and nothing on it. */
function hostWith(
  programs: readonly string[],
  kinds: readonly string[],
  namespaces = '',
): Run & { ran: string[] } {
  const ran: string[] = [];
  const run = async (argv: readonly string[], options: { input?: string } = {}) => {
    const line = [argv.join(' '), options.input?.trim()].filter((part) => part !== undefined).join(' < ');
    ran.push(line);
    const [program = ''] = argv;
    if (!['ip', 'tee', 'nsenter', ...programs].includes(program))
      throw new BerthError('unsupported', `${program} is not installed on this host`);
    if (program === 'ovs-dpctl') throw new BerthError('internal', 'ovs-dpctl: no such family');
    if (line.startsWith('ip netns list')) return namespaces;
    const kind = / type (\w+)/.exec(options.input?.split('\n')[1] ?? '')?.[1];
    if (line.includes('berth-try') && kind !== undefined && !kinds.includes(kind))
      throw new BerthError('internal', 'ip: Error: Unknown device type.');
    return line.includes('address show') && !line.includes('-n ') ? JSON.stringify(LINKS) : '';
  };
  return Object.assign(run, { ran });
}

const driver = (run: Run, uplink?: string) => new VlanDriver({ run, uplink, hostPid: 1 });
const network = (span: Partial<Span> = {}) => ({
  id: 'n1',
  engineId: 'e1',
  span: { driver: 'vlan', mtu: 1500, internal: false, pools: [{ subnet: '10.0.0.0/24' }], ...span },
});
const ALL = ['bridge', 'macvlan', 'vlan'];

describe('preflight of vlan', () => {
  it('says what is used, and on what', async () => {
    expect(await driver(hostWith(['ovs-vsctl', 'ethtool'], ALL), 'eth1').preflight()).toEqual({
      usable: true,
      reason: 'openvswitch on eth1',
    });
    expect(await driver(hostWith([], ALL), 'eth1').preflight()).toMatchObject({ reason: 'bridge on eth1' });
    expect(await driver(hostWith([], ['macvlan']), 'eth0').preflight()).toMatchObject({
      reason: 'macvlan on eth0',
    });
    expect((await driver(hostWith([], ALL)).preflight()).reason).toContain('no --vlan-uplink');
  });

  it('says of each backend what is missing', async () => {
    const { usable, reason } = await driver(hostWith(['ovs-vsctl'], []), 'eth1').preflight();
    expect(usable).toBe(false);
    expect(reason).toContain(
      'openvswitch: without its kernel module ("modprobe openvswitch") Open vSwitch needs ethtool',
    );
    expect(reason).toContain('bridge: this kernel has no bridges');
    expect(reason).toContain('macvlan: this kernel has no macvlan interfaces');
    expect((await driver(hostWith([], []), 'eth1').preflight()).reason).toContain(
      'Open vSwitch is not installed',
    );
    expect((await driver(hostWith([], ALL), 'eth9').preflight()).reason).toContain(
      'this host has no interface eth9',
    );
  });
});

it('takes away what an earlier life has left of its trials, once, before the first of its own', async () => {
  const host = hostWith([], ALL, 'berth-x-1 (id: 0)\nberth-try-01234567 (id: 1)\nberth-try-89abcdef\n');
  const vlan = driver(host, 'eth1');
  await vlan.preflight();
  await vlan.preflight();
  const swept = host.ran.filter((line) => line.endsWith('01234567') || line.endsWith('89abcdef'));
  expect(swept).toEqual(['ip netns delete berth-try-01234567', 'ip netns delete berth-try-89abcdef']);
  expect(host.ran.findIndex((line) => line.includes('netns add'))).toBeGreaterThan(
    host.ran.indexOf('ip netns delete berth-try-89abcdef'),
  );
  expect(host.ran).not.toContain('ip netns delete berth-x-1');
});

describe('choice of a backend', () => {
  it("refuses where there is none, with each one's reason", async () => {
    await expect(
      driver(hostWith([], ['macvlan', 'bridge'])).ensure(network({ uplink: 'eth1', vlanId: 217 })),
    ).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(
        /^VLAN 217 on eth1 cannot be used on this host: openvswitch: .* not installed .*; bridge: this kernel has no 802\.1q VLAN interfaces .*; macvlan: this kernel has no 802\.1q/,
      ),
    });
    await expect(driver(hostWith([], ALL)).ensure(network())).rejects.toThrow(
      'does not know which of its interfaces',
    );
  });

  it('takes the next where the uplink has an address, and the one that is named', async () => {
    const host = hostWith([], ALL);
    await driver(host, 'eth0').ensure(network());
    expect(host.ran.at(-1)).toBe('ip -batch - < link set dev eth0 up');
    const named = hostWith([], ALL);
    await driver(named, 'eth1').ensure(network({ backend: 'macvlan' }));
    expect(named.ran.some((line) => line.includes('type bridge'))).toBe(false);
  });

  it('makes no namespace of names where the backend has none', async () => {
    const host = hostWith([], ALL);
    const vlan = driver(host, 'eth1');
    await vlan.ensure(network({ backend: 'macvlan' }));
    expect(await vlan.namesNamespace(network({ backend: 'macvlan' }))).toBeUndefined();
    expect(host.ran.filter((line) => line.includes('netns add berth-vlan-'))).toEqual([]);
  });

  it('answers names where it has the namespace, whatever uplink the host was given since', async () => {
    const { namespace } = serviceNames('n1');
    const host = hostWith([], [], `${namespace} (id: 0)\n`);
    const path = await driver(host, 'eth9').namesNamespace(network());
    expect(path).toBe(`/run/netns/${namespace}`);
    expect(host.ran).toEqual(['ip netns list']);
  });
});

describe('ports of containers that are gone', () => {
  const names = portNames('n1', 'gone');
  /** A host with a bridge for the network, two ports in it, and what more there is. */
  function host(namespaces = '') {
    const ports = [names.host, portNames('n1', 'stays').host, portNames('n2', 'gone').host];
    const bridge = { ifname: bridgeName('n1'), flags: [], mtu: 1500, linkinfo: { info_kind: 'bridge' } };
    const links = ports.map((ifname) => ({ ifname, flags: [], mtu: 1500, master: bridge.ifname }));
    const ran: string[] = [];
    const run: Run = async (argv, { input } = {}) => {
      ran.push([argv.join(' '), input?.trim()].filter((part) => part !== undefined).join(' < '));
      if (argv[0] === 'ovs-vsctl') throw new BerthError('unsupported', 'not installed');
      if (argv.join(' ') === 'ip netns list') return namespaces;
      return argv.includes('address') ? JSON.stringify([...LINKS, bridge, ...links]) : '';
    };
    return { run, ran };
  }
  const removed = (ran: readonly string[]) =>
    ran.flatMap((line) => /(?:link delete (?:dev )?|netns delete )(\S+)/.exec(line)?.[1] ?? []);

  it('are swept away, and no others', async () => {
    const { run, ran } = host();
    const vlan = driver(run, 'eth1');
    await vlan.sweep(network({ backend: 'bridge' }), () => new Set(['stays']));
    expect(new Set(removed(ran))).toEqual(new Set(Object.values(names)));
  });

  it('are swept away where only the namespace is left in which an address was probed', async () => {
    const half = portNames('n1', 'half');
    const { run, ran } = host(`${half.namespace} (id: 3)\n`);
    await driver(run, 'eth1').sweep(network({ backend: 'bridge' }), () => new Set(['stays', 'gone']));
    expect(new Set(removed(ran))).toEqual(new Set(Object.values(half)));
  });
});
