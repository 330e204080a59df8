import { BerthError, messageOf } from '../../../kit/errors.ts';
import { say } from '../../../model/said/index.ts';
import type { Run } from '../../commands.ts';
import { type Place, unusable, usable, type VlanBackend } from '../backend.ts';
import { ipBatch, mute } from '../ip.ts';
import { readLinks } from '../links.ts';
import { wordsOf } from '../place.ts';
import { fillChecksums, makeVeth, removeVeth } from '../veth.ts';
import { carrierObstacle } from '../vlan-device.ts';
import {
  addPort,
  argvOf,
  bridgeFor,
  type Datapath,
  ensureSwitch,
  isOnSwitch,
  isSwitched,
  removeFromSwitch,
  removePort,
  switchedElsewhere,
  switchObstacle,
  type Transaction,
} from './switch-plan.ts';
import { readSwitchState, type SwitchState } from './switch-state.ts';

/** Access ports of an Open vSwitch, the uplink its trunk. */
export function openvswitch(run: Run): VlanBackend {
  const commit = async (transaction: Transaction) => {
    if (transaction.length > 0) await run(argvOf(transaction));
  };
  const state = async (): Promise<SwitchState> => {
    try {
      return await readSwitchState(run);
    } catch (thrown) {
      // a host that never had the program has nothing of ours on its switch
      if (thrown instanceof BerthError && thrown.code === 'unsupported') return NOTHING;
      throw thrown;
    }
  };
  // a port whose interface was made again under its name goes on with the old one, which is gone
  const forget = async (hostEnd: string) => {
    if ((await state()).ports.has(hostEnd)) await commit(removePort(hostEnd));
  };
  const inProcess = async (place: Place) => {
    const now = await state();
    return (now.bridges.get(bridgeFor(now, place))?.datapath ?? '') === 'netdev';
  };
  return {
    name: 'openvswitch',
    preflight: () => preflight(run),
    check: async (place) => {
      const links = await readLinks(run);
      const { uplink, mtu, networkId } = place;
      const obstacle =
        carrierObstacle(links, { uplink, mtu, networkId, vlanId: undefined, subnets: [] }) ??
        switchObstacle(await state(), links, place);
      return obstacle === undefined ? usable(`${wordsOf(place)} by Open vSwitch`) : unusable(obstacle);
    },
    holds: async (place) => {
      const now = await state().catch(() => undefined);
      // where the switch does not answer, a port of names that is in no Linux bridge is its
      return now === undefined ? isSwitched(await readLinks(run), place) : isOnSwitch(now, place);
    },
    elsewhere: async (place) => {
      const now = await state().catch(() => undefined);
      return now === undefined ? undefined : switchedElsewhere(now, place);
    },
    ensure: async (place) => {
      await ipBatch(run, [`link set dev ${place.uplink} up`]);
    },
    connectService: async (place, { host, namespace, link, fresh }) => {
      await mute(run, host);
      if (fresh) await forget(host);
      const datapath = await datapathOf(run);
      await commit(ensureSwitch(await state(), place, datapath, host));
      if (await inProcess(place)) await fillChecksums(run, namespace, link);
    },
    remove: async (place) => commit(removeFromSwitch(await state(), place)),
    attach: async (place, port) => {
      await makeVeth(run, place, port);
      await forget(port.host);
      await commit(addPort(await state(), place, port.host));
      if (await inProcess(place)) await fillChecksums(run, port.namespace, port.container);
    },
    ports: async () => [...(await state()).ports.keys()],
    detach: async (_place, port) => {
      // also where the switch does not answer: it forgets a port without an interface later, in "ensure"
      await removeVeth(run, port);
      await commit(removePort(port.host));
    },
  };
}

const NOTHING: SwitchState = { bridges: new Map(), ports: new Map() };

async function preflight(run: Run) {
  try {
    await run(['ovs-vsctl', '--timeout=5', 'get', 'Open_vSwitch', '.', 'ovs_version']);
  } catch (thrown) {
    const missing = thrown instanceof BerthError && thrown.code === 'unsupported';
    return unusable(
      missing
        ? say('hosts.driver.ovs.missing')
        : say('hosts.driver.ovs.silent', { reason: messageOf(thrown) }),
    );
  }
  if ((await datapathOf(run)) === 'system') return usable('Open vSwitch in the kernel');
  try {
    await run(['ethtool', '--version']);
  } catch {
    return unusable(say('hosts.driver.ovs.ethtool'));
  }
  return usable('Open vSwitch in its own process, as its kernel module is not there');
}

/** Where the kernel's part is there, `ovs-dpctl` finds it; loading it where it is a module. */
async function datapathOf(run: Run): Promise<Datapath> {
  try {
    await run(['modprobe', '--quiet', 'openvswitch']).catch(() => '');
    await run(['ovs-dpctl', 'dump-dps']);
    return 'system';
  } catch {
    return 'netdev';
  }
}
