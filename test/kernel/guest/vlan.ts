import assert from 'node:assert/strict';
import type { Joined } from '../../../src/network/driver.ts';
import { putInto, takeOut } from '../../lab/container.ts';
import { START_SWITCH } from '../../lab/switch-programs.ts';
import { endpointAt, hexId, vlanNetwork } from '../../lab/vlan-network.ts';
import { Capture } from './capture.ts';
import type { HostDriver } from './host.ts';
import type { Suite } from './protocol.ts';
import { tracesOf } from './traces.ts';
import { passText } from './transfer.ts';
import { type Machine, Wire } from './wire.ts';

type Backend = 'bridge' | 'macvlan' | 'openvswitch';

const pools = [
  { subnet: '10.217.0.0/24', gateway: '10.217.0.1' },
  { subnet: 'fd00:217::/64', gateway: 'fd00:217::1' },
];
/** The gateway of VLAN 217, and what is behind it; and a machine of VLAN 218 with its address. */
const BEHIND = '203.0.113.1';
const GATEWAY: Machine = {
  ...{ name: 'gw217', vlanId: 217, mac: '02:00:00:00:02:17' },
  addresses: ['10.217.0.1/24', 'fd00:217::1/64', `${BEHIND}/32`],
};
const STRANGER: Machine = {
  ...{ name: 'pc218', vlanId: 218, mac: '02:00:00:00:02:18' },
  addresses: ['10.217.0.1/24'],
};
const NAMES = '169.254.53.53';
const TEXT = 'a line that passes through a switch\n'.repeat(10_000);
/** Untagged, at the uplink itself. */
const hostAddress = (n: number) => `10.99.0.${n}`;

/** Containers of two hosts and machines of the company on VLANs, the hosts' side of it made by that backend. */
export function vlanSuite(backend: Backend): Suite {
  const v217 = vlanNetwork('v217', { pools, backend, vlanId: 217 });
  const v218 = vlanNetwork('v218', { pools: pools.slice(0, 1), backend, vlanId: 218 });
  const containers = {
    a: { on: 'h1', network: v217, endpoint: endpointAt('10.217.0.11', 'fd00:217::11') },
    b: { on: 'h2', network: v217, endpoint: endpointAt('10.217.0.12', 'fd00:217::12') },
    d: { on: 'h1', network: v217, endpoint: endpointAt('10.217.0.14') },
    c: { on: 'h2', network: v218, endpoint: endpointAt('10.217.0.13') },
  } as const;
  type Name = keyof typeof containers;
  const names = Object.keys(containers) as Name[];
  const macOf = (name: Name) => containers[name].endpoint.mac;
  /** With addresses of the hosts' own on the uplink where that may be. */
  const addressed = backend !== 'openvswitch';

  let wire: Wire;
  let drivers: ReadonlyMap<string, HostDriver>;
  let before: string[];
  const joined = new Map<Name, Joined>();
  const hostOf = (name: Name) => wire.host(containers[name].on);
  const driver = (host: string) => {
    const found = drivers.get(host);
    if (found === undefined) throw new Error(`${host} has no driver`);
    return found;
  };
  const traces = () => Promise.all([...wire.hosts.values()].map(tracesOf));

  async function start(name: Name): Promise<void> {
    const { on, network, endpoint } = containers[name];
    const link = await driver(on).join(network, { endpointId: hexId(name), endpoint });
    await putInto((argv) => hostOf(name).must(...argv), name, link, endpoint);
    joined.set(name, link);
  }

  async function stop(name: Name, link: Joined): Promise<void> {
    const { on, network } = containers[name];
    await takeOut((argv) => hostOf(name).must(...argv), name, link);
    await driver(on).leave(network, hexId(name));
  }

  /** How many of three packets are answered. */
  async function pings(from: Name, ip: string, wait = 3): Promise<number> {
    const how = ['-q', '-c', '3', '-i', '0.2', '-W', String(wait)];
    const ping = ['ip', 'netns', 'exec', from, 'ping', ...how, ip];
    const { stdout, stderr } = await hostOf(from).exec('', ping, { timeoutMs: 60_000 });
    const answered = /(\d+) received/.exec(stdout)?.[1];
    if (answered === undefined) throw new Error(`ping: ${stderr || stdout}`);
    return Number(answered);
  }

  const of217 = `(ether host ${macOf('a')} or ether host ${macOf('b')} or ether host ${macOf('d')})`;

  return {
    async setUp() {
      joined.clear();
      wire = await Wire.make(['h1', 'h2']);
      await wire.addMachine(GATEWAY);
      await wire.addMachine(STRANGER);
      const all = new Map<string, HostDriver>();
      for (const [n, host] of [...wire.hosts.values()].entries()) {
        if (addressed) await host.ip(`address add ${hostAddress(n + 1)}/24 dev eth0`);
        else for (const argv of START_SWITCH) await host.must(...argv);
        // as an engine does at its start
        await host.must('iptables', '-P', 'FORWARD', 'DROP');
        all.set(host.name, await host.driver(vlanAt(hostAddress(n + 1))));
      }
      drivers = all;
      before = await traces();
      for (const { on, network } of Object.values(containers)) await driver(on).ensure(network);
      for (const name of names) await start(name);
    },

    tearDown: () => wire.remove(),

    tests: {
      async 'a host says what it has'() {
        // without a tag an uplink with an address of the host's is no port of a bridge
        const reason = `${addressed ? 'macvlan' : 'openvswitch'} on eth0`;
        assert.deepEqual(await driver('h1').preflight(), { usable: true, reason });
      },

      async 'members of a VLAN reach each other and the outside, and what leaves their hosts has its tag'() {
        const capture = await wire.capture();
        for (const ip of ['10.217.0.12', 'fd00:217::12', '10.217.0.14', '10.217.0.1', 'fd00:217::1', BEHIND])
          assert.equal(await pings('a', ip), 3, `from a to ${ip}`);
        assert.equal(await pings('b', '10.217.0.14'), 3);
        assert.equal(await pings('c', '10.217.0.1'), 3, 'to the machine of its own VLAN');
        const to = { host: hostOf('b'), container: 'b', ip: '10.217.0.12' };
        await passText({ host: hostOf('a'), container: 'a' }, to, TEXT);
        const seen = await capture.end();
        for (const [filter, vlan] of [
          [of217, 217],
          [`ether host ${macOf('c')}`, 218],
        ] as const) {
          const all = await seen.count(filter);
          assert.ok(all > 6, `${all} frames of VLAN ${vlan}`);
          assert.equal(await seen.count(`${filter} and vlan ${vlan}`), all, `tags of VLAN ${vlan}`);
        }
        const [shown] = await seen.show(`${of217} and vlan 217 and icmp`);
        assert.match(shown ?? '', /ethertype 802\.1Q \(0x8100\).*vlan 217, p 0, ethertype IPv4/);
        const tcp = await seen.count(`${of217} and vlan 217 and tcp port 9000`);
        assert.ok(tcp > TEXT.length / 65_536, `${tcp} frames of TCP`);
        // what stays on a host is not on the wire
        assert.equal(await seen.count(`ether src ${macOf('a')} and ether dst ${macOf('d')}`), 0);
      },

      async 'no other VLAN hears them, not even what goes to everybody'() {
        const atMachine = await Capture.start('vlan', ['nsenter', `--net=/run/netns/${STRANGER.name}`, '--']);
        const atContainer = await Capture.start('eth0', hostOf('c').inNetOf('c'));
        assert.equal(await pings('a', '10.217.0.1'), 3);
        assert.equal(await pings('a', '10.217.0.99', 1), 0);
        assert.equal(await pings('a', '10.217.0.13', 1), 0);
        assert.equal(await pings('c', '10.217.0.12', 1), 0);
        assert.equal(await pings('c', '10.217.0.1'), 3);
        for (const capture of [atMachine, atContainer]) {
          const heard = await capture.end();
          assert.equal(await heard.count(of217), 0);
          assert.ok((await heard.count(`ether host ${macOf('c')}`)) > 6);
        }
      },

      async 'names are answered on the host, or nowhere'() {
        const namespace = await driver('h1').namesNamespace(v217);
        const capture = await wire.capture();
        if (backend === 'macvlan') assert.equal(namespace, undefined);
        else {
          assert.match(namespace ?? '', /^\/run\/netns\/berth-vlan-/);
          assert.equal(await pings('a', NAMES), 3);
        }
        assert.equal(await pings('a', '10.217.0.1'), 3);
        const seen = await capture.end();
        // the question who has it is a broadcast, and leaves the host: nobody answers, and nothing else goes there
        assert.equal(await seen.count(`vlan 217 and ip host ${NAMES}`), 0);
        assert.equal(await seen.count(`vlan 217 and arp src host ${NAMES}`), 0);
        assert.ok((await seen.count('vlan 217 and icmp')) > 0);
      },

      async 'an address that a machine of the VLAN has is refused, with its MAC'() {
        const shown = await traces();
        await assert.rejects(
          driver('h2').join(v217, { endpointId: hexId('twin'), endpoint: endpointAt('10.217.0.1') }),
          /address 10\.217\.0\.1 is in use by a machine with the MAC 02:00:00:00:02:17/,
        );
        assert.deepEqual(await traces(), shown);
      },

      ...(addressed
        ? {
            async 'the address that the host has on its uplink stays where it is'() {
              const { stdout } = await wire
                .host('h1')
                .exec('', ['ping', '-c', '3', '-i', '0.2', hostAddress(2)]);
              assert.match(stdout, /3 received/);
            },
          }
        : {
            async 'frames are moved by the kernel'() {
              const must = (...argv: string[]) => wire.host('h1').must(...argv);
              assert.match(
                await must('ovs-vsctl', 'get', 'Bridge', 'vo-eth0', 'datapath_type'),
                /^"?system"?$/,
              );
              const shown = await must('ovs-dpctl', 'show');
              assert.match(shown, /^system@ovs-system:/m);
              assert.match(shown, /port \d+: eth0$/m);
              assert.equal(await pings('a', '10.217.0.1'), 3);
              assert.match(await must('ovs-dpctl', 'dump-flows'), /vid=217/);
            },
          }),

      async 'leaves nothing when it is removed'() {
        const during = await traces();
        for (const [name, link] of joined) await stop(name, link);
        for (const host of wire.hosts.keys())
          for (const network of [v217, v218, v217]) await driver(host).remove(network);
        assert.deepEqual(await traces(), before);
        assert.notDeepEqual(during, before);
      },
    },
  };
}

export const vlanAt = (dataAddress: string) => ({ name: 'vlan', dataAddress, vlanUplink: 'eth0' });
