import { run } from '../../lab/run.ts';
import { Capture } from './capture.ts';
import { GuestHost } from './host.ts';

const WIRE = 'wire';

/** A machine of the company that is no host of the cluster: its interface on a VLAN of the wire. */
export type Machine = Readonly<{ name: string; vlanId: number; mac: string; addresses: readonly string[] }>;

/** Hosts on one switch, which is in the guest's own namespace: what passes there has left a host. */
export class Wire {
  private readonly machines: Machine[] = [];

  private constructor(readonly hosts: ReadonlyMap<string, GuestHost>) {}

  static async make(names: readonly string[]): Promise<Wire> {
    const hosts = new Map<string, GuestHost>();
    const links = [`link add ${WIRE} up type bridge mcast_snooping 0`];
    for (const name of names) {
      const host = await GuestHost.start(name);
      hosts.set(name, host);
      links.push(`link add wire-${name} up master ${WIRE} type veth peer name eth0 netns ${host.pid}`);
    }
    await run(['ip', '-batch', '-'], { input: links.join('\n') });
    for (const host of hosts.values()) await host.ip('link set lo up', 'link set eth0 up');
    return new Wire(hosts);
  }

  host(name: string): GuestHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name} on the wire`);
    return host;
  }

  /** A namespace whose interface `vlan` sends and takes frames with that tag only. */
  async addMachine(machine: Machine): Promise<void> {
    const { name, vlanId, mac, addresses } = machine;
    this.machines.push(machine);
    await run(['ip', 'netns', 'add', name]);
    const peer = `type veth peer name eth0 address ${mac} netns ${name}`;
    await run(['ip', 'link', 'add', `wire-${name}`, 'up', 'master', WIRE, ...peer.split(' ')]);
    const inside = [
      'link set lo up',
      'link set eth0 up',
      `link add link eth0 name vlan up type vlan id ${vlanId}`,
      ...addresses.map((one) => `address add ${one} dev vlan${one.includes(':') ? ' nodad' : ''}`),
    ];
    await run(['ip', '-n', name, '-batch', '-'], { input: inside.join('\n') });
  }

  async remove(): Promise<void> {
    for (const { name } of this.machines) await run(['ip', 'netns', 'delete', name]);
    for (const host of this.hosts.values()) await host.stop();
    await run(['ip', 'link', 'delete', WIRE]);
  }

  /** Everything that passes from now on. */
  capture(): Promise<Capture> {
    return Capture.start(WIRE);
  }
}
