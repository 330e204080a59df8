import { BerthError } from '../../src/kit/errors.ts';
import type { Endpoint } from '../../src/model/span.ts';
import type { Run } from '../../src/network/commands.ts';
import type { HostNetwork, Joined } from '../../src/network/driver.ts';
import { VlanDriver } from '../../src/network/vlan/vlan-driver.ts';
import { putInto, takeOut } from './container.ts';
import type { Lab } from './lab.ts';
import { must } from './openvswitch.ts';
import { hexId } from './vlan-network.ts';

/** Runs programs on a lab's host as an agent there would. */
export function runOn(lab: Lab, host: string): Run {
  return async (argv, { input, timeoutMs = 60_000 } = {}) => {
    const { code, stdout, stderr } = await lab.exec(host, argv, { timeoutMs, input: input ?? '' });
    if (code === 0) return stdout;
    const missing = stderr.startsWith('env: ');
    throw new BerthError(
      missing ? 'unsupported' : 'internal',
      `${argv[0]}: ${stderr.trim() || `exit ${code}`}`,
    );
  };
}

/** The driver of one host, and namespaces that stand for its containers. */
export class VlanHost {
  readonly driver: VlanDriver;

  constructor(
    private readonly lab: Lab,
    readonly name: string,
    private readonly uplink: string | undefined,
    run: Run = runOn(lab, name),
  ) {
    // 1: the first process of the host, in the host's namespaces
    this.driver = new VlanDriver({ run, uplink, hostPid: 1 });
  }

  /** The same host as a later life of its agent finds it; this one is killed after so many commands. */
  reborn(killedAfter = Number.POSITIVE_INFINITY): VlanHost {
    const run = runOn(this.lab, this.name);
    let left = killedAfter;
    return new VlanHost(this.lab, this.name, this.uplink, async (argv, options) => {
      if (left-- <= 0) throw new Error('killed');
      return run(argv, options);
    });
  }

  exec(argv: readonly string[]): Promise<string> {
    return must(this.lab, this.name, argv);
  }

  /** Joins, and does as an engine does. */
  async start(container: string, network: HostNetwork, endpoint: Endpoint): Promise<Joined> {
    const joined = await this.driver.join(network, { endpointId: hexId(container), endpoint });
    await putInto((argv) => this.exec(argv), container, joined, endpoint);
    return joined;
  }

  /** As an engine does: the container is gone, then the driver hears. */
  async stop(container: string, network: HostNetwork, joined: Joined): Promise<void> {
    await takeOut((argv) => this.exec(argv), container, joined);
    await this.driver.leave(network, hexId(container));
  }

  /** Whether the address answers from inside of the container. */
  async reaches(container: string, ip: string): Promise<boolean> {
    return (await this.lab.exec(this.name, pingFrom(container, ip))).code === 0;
  }

  /** Takes away what a test has left that failed: containers, which are all namespaces but `others`, and these networks. */
  async clear(networks: readonly HostNetwork[], others: readonly string[] = []): Promise<void> {
    const named = (await this.exec(['ip', 'netns', 'list']))
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '');
    for (const name of named)
      if (name !== '' && !name.startsWith('berth-') && !others.includes(name))
        await this.exec(['ip', 'netns', 'delete', name]);
    for (const network of networks) await this.driver.remove(network);
  }

  /** What shows of networks on the host: interfaces, namespaces, ports of the switch, rules of the packet filter. */
  async traces(): Promise<string> {
    const links = await this.exec(['ip', '-brief', 'link', 'show']);
    const namespaces = await this.exec(['ip', 'netns', 'list']);
    const bridges = await this.lab.exec(this.name, ['ovs-vsctl', '--timeout=5', 'show']);
    const rules = await this.exec(['iptables', '-S', 'FORWARD']);
    const named = links
      .split('\n')
      .map((line) => line.split(' ')[0])
      .sort();
    return [...named, namespaces, bridges.code === 0 ? bridges.stdout : '', rules].join('\n');
  }
}

/** Arguments that fetch a file by HTTP from inside of a namespace, the request being their input. */
export const fetchFrom = (namespace: string, ip: string): string[] => [
  ...['ip', 'netns', 'exec', namespace, 'busybox', 'timeout', '10', 'busybox', 'nc', ip, '8080'],
];

/** Arguments that ping an address from inside of a namespace; exit code 0 where it answers. */
export function pingFrom(namespace: string, ip: string): string[] {
  return ['ip', 'netns', 'exec', namespace, 'busybox', 'ping', '-c', '1', '-W', '2', ip];
}
