import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { HostNetwork } from '../../../src/network/driver.ts';
import { run, tryRun, until } from '../../lab/run.ts';
import { START_SWITCH } from '../../lab/switch-programs.ts';
import { vlanNetwork } from '../../lab/vlan-network.ts';
import { GuestHost } from './host.ts';
import { addressOf, xoverlayAt } from './pair.ts';
import type { Suite } from './protocol.ts';
import { tracesOf } from './traces.ts';
import { vlanAt } from './vlan.ts';

const CONFIGURED = '/etc/modprobe.d';
const FILE = `${CONFIGURED}/berth-test.conf`;
/** What a kernel may have as modules, each after those that need it. */
type Module = 'br_netfilter' | 'bridge' | 'macvlan' | '8021q' | 'openvswitch' | 'esp4' | 'esp6';

const pools = [{ subnet: '10.217.0.0/24', gateway: '10.217.0.1' }];
const tagged = (backend: string) => vlanNetwork('tagged', { pools, backend, vlanId: 217 });
const encrypted: HostNetwork = {
  ...vlanNetwork('encrypted', { pools }),
  span: { driver: 'xoverlay', pools, mtu: 1400, internal: false, vni: 0x800001, encrypted: true },
};

/** A host whose kernel has not got some modules, and cannot load them. */
export function bareKernelSuite(): Suite {
  let host: GuestHost;

  /** Runs the work on a kernel without them, and brings them back. */
  async function without(modules: readonly Module[], work: () => Promise<void>): Promise<void> {
    mkdirSync(CONFIGURED, { recursive: true });
    // neither by its name nor for one of its kinds of interface
    writeFileSync(FILE, modules.map((module) => `install ${module} /usr/bin/busybox false\n`).join(''));
    try {
      // what has used one goes a moment later than it is taken away
      const unloaded = async () => (await tryRun(['modprobe', '-r', ...modules])).code === 0 || undefined;
      await until(`a kernel without ${modules.join(', ')}`, unloaded, { timeoutMs: 30_000 });
      const shown = await tracesOf(host);
      await work();
      assert.equal(await tracesOf(host), shown);
    } finally {
      rmSync(FILE);
      await run(['modprobe', '--all', ...modules]);
    }
  }

  const vlan = () => host.driver(vlanAt('10.99.0.1'));

  /** What is said of a network that cannot be there, and of the host as a whole. */
  async function refused(modules: readonly Module[], backend: string, words: RegExp): Promise<void> {
    await without(modules, async () => {
      const driver = await vlan();
      await assert.rejects(driver.ensure(tagged(backend)), words);
      await driver.kill();
    });
  }

  return {
    async setUp() {
      host = await GuestHost.start('h1');
      const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(host.pid)];
      await run(['ip', 'link', 'add', 'far', 'up', ...peer]);
      await host.ip('link set lo up', 'link set eth0 up');
      for (const [family, length] of [
        [4, 24],
        [6, 64],
      ] as const)
        await host.ip(`address add ${addressOf(1, family)}/${length} dev eth0 nodad`);
    },

    tearDown: () => host.stop(),

    tests: {
      async 'without 802.1q no backend of the kernel takes a VLAN, and says so'() {
        for (const backend of ['bridge', 'macvlan'])
          await refused(
            ['8021q'],
            backend,
            new RegExp(
              `VLAN 217 on eth0 cannot be used on this host: ${backend}: this kernel has no 802\\.1q VLAN interfaces \\("modprobe 8021q" may bring them\\)`,
            ),
          );
      },

      async 'without macvlan or bridges the backend that needs them says so'() {
        await refused(
          ['macvlan'],
          'macvlan',
          /macvlan: this kernel has no macvlan interfaces \("modprobe macvlan" may bring them\)/,
        );
        await refused(
          ['br_netfilter', 'bridge'],
          'bridge',
          /bridge: this kernel has no bridges \("modprobe bridge" may bring them\)/,
        );
      },

      async 'with none of them the host has no driver vlan, and says what each backend lacks'() {
        await without(['br_netfilter', 'bridge', 'macvlan'], async () => {
          const driver = await vlan();
          const { usable, reason } = await driver.preflight();
          assert.equal(usable, false);
          assert.match(
            reason,
            /^openvswitch: Open vSwitch does not answer .*; bridge: this kernel has no bridges .*; macvlan: this kernel has no macvlan interfaces /,
          );
          await driver.kill();
        });
      },

      async 'encryption between IPv4 addresses needs esp4, and between IPv6 addresses esp6'() {
        for (const [lacking, family, other] of [
          ['esp4', 4, 6],
          ['esp6', 6, 4],
        ] as const)
          await without([lacking], async () => {
            const driver = await host.driver(xoverlayAt(addressOf(1, family)));
            await assert.rejects(
              driver.ensure(encrypted),
              new RegExp(`cannot encrypt networks between IPv${family} addresses`),
            );
            await driver.kill();
            const able = await host.driver(xoverlayAt(addressOf(1, other)));
            await able.ensure(encrypted);
            await able.remove(encrypted);
            await able.kill();
          });
      },

      async 'without its kernel module Open vSwitch moves frames in its own process'() {
        for (const argv of START_SWITCH) await host.must(...argv);
        // it takes no interface that has an address
        await host.ip('address flush dev eth0');
        await without(['openvswitch'], async () => {
          const driver = await vlan();
          assert.deepEqual(await driver.preflight(), { usable: true, reason: 'openvswitch on eth0' });
          await driver.ensure(tagged('openvswitch'));
          const kind = await host.must('ovs-vsctl', 'get', 'Bridge', 'vo-eth0', 'datapath_type');
          assert.match(kind, /netdev/);
          await driver.remove(tagged('openvswitch'));
          await driver.kill();
        });
      },
    },
  };
}
