import type { Lab } from './lab.ts';
import { must } from './openvswitch.ts';
import { pingFrom } from './vlan-host.ts';

/** A machine that is no host of the cluster. */
export type CompanyMachine = Readonly<{
  /** Of its namespace, 15 characters at most. */
  name: string;
  vlan: number;
  /** With their prefix lengths. */
  addresses: readonly string[];
  mac: string;
}>;

/** The rest of the company, played by one host of a lab: a switch at the trunk, and machines on its access ports. */
export class Company {
  constructor(
    private readonly lab: Lab,
    private readonly host: string,
  ) {}

  /** The switch; the trunk and Open vSwitch must be there (`addTrunk`, `startOpenVSwitch`). */
  async start(): Promise<void> {
    const netdev = ['--', 'set', 'Bridge', 'company', 'datapath_type=netdev'];
    await this.exec('ovs-vsctl', 'add-br', 'company', ...netdev);
    await this.exec('ovs-vsctl', 'add-port', 'company', 'eth1');
  }

  async add({ name, vlan, addresses, mac }: CompanyMachine): Promise<void> {
    const nodad = (address: string) => (address.includes(':') ? ' nodad' : '');
    await this.batch(
      [],
      [
        `netns add ${name}`,
        `link add ${name} type veth peer name eth0 address ${mac} netns ${name}`,
        `link set ${name} up`,
      ],
    );
    await this.batch(
      ['-n', name],
      ['link set eth0 up', ...addresses.map((one) => `address add ${one} dev eth0${nodad(one)}`)],
    );
    // Nobody fills in the checksums of a switch that is a process.
    await this.exec('ip', 'netns', 'exec', name, 'ethtool', '--offload', 'eth0', 'tx', 'off');
    await this.exec('ovs-vsctl', 'add-port', 'company', name, `tag=${vlan}`);
  }

  /** Runs a command on the company's host. @throws LabError where it fails */
  exec(...argv: string[]): Promise<string> {
    return must(this.lab, this.host, argv);
  }

  /** Whether the address answers to the machine. */
  async pings(machine: string, ip: string): Promise<boolean> {
    return (await this.lab.exec(this.host, pingFrom(machine, ip))).code === 0;
  }

  /** Arguments that run a command inside of the machine. */
  inside(machine: string): string[] {
    return this.lab.execArgv(this.host, ['ip', 'netns', 'exec', machine]);
  }

  private batch(options: readonly string[], lines: readonly string[]): Promise<string> {
    return must(this.lab, this.host, ['ip', ...options, '-batch', '-'], `${lines.join('\n')}\n`);
  }
}
