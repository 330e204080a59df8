import type { Lab } from '../../../test/lab/lab.ts';
import { addTrunk, startOpenVSwitch } from '../../../test/lab/openvswitch.ts';
import { run as runCommand } from '../../../test/lab/run.ts';

/** One way from a place on the first host to a place on the second, by some kind of network. */
export type Path = Readonly<{
  name: string;
  /** IPv4 address of the far end. */
  address: string;
  /** The command as it runs at the near end, or at the far end. */
  near(argv: readonly string[]): string[];
  far(argv: readonly string[]): string[];
}>;

const [NEAR, FAR] = ['h1', 'h2'] as const;

/** Between the hosts themselves, over their veths into the wire. */
export function nativePath(lab: Lab): Path {
  return {
    name: 'native',
    address: lab.host(FAR).address,
    near: (argv) => lab.execArgv(NEAR, argv),
    far: (argv) => lab.execArgv(FAR, argv),
  };
}

/** Between two containers on a network of the cluster, which runs with this driver on both hosts. */
export async function clusterPath(lab: Lab, driver: string, options: readonly string[] = []): Promise<Path> {
  const network = `bench-${driver}`;
  await lab.docker(['network', 'create', '-d', driver, ...options, network]);
  for (const host of [NEAR, FAR]) {
    const where = ['-e', `constraint:node==${host}`];
    await lab.docker(['run', '-d', '--net', network, '--name', `${driver}-${host}`, ...where, ...SLEEPER]);
  }
  return await containerPath(lab, driver, network, (host) => `${driver}-${host}`);
}

/** Between two containers on a VLAN: an Open vSwitch on each host, in user space where the kernel has none. */
export async function vlanPath(lab: Lab): Promise<Path> {
  await addTrunk(lab, [NEAR, FAR]);
  for (const host of [NEAR, FAR]) await startOpenVSwitch(lab, host);
  const options = ['--subnet', '10.217.0.0/24', '--opt', 'VlanId=217', '--opt', 'uplink=eth1'];
  return await clusterPath(lab, 'vlan', options);
}

/** Docker's own overlay between the same two engines: swarm mode, a network to attach to by hand. */
export async function dockerOverlayPath(lab: Lab): Promise<Path> {
  await lab.docker(['swarm', 'init', '--advertise-addr', lab.host(NEAR).address], NEAR);
  const token = await lab.docker(['swarm', 'join-token', '-q', 'worker'], NEAR);
  const address = ['--advertise-addr', lab.host(FAR).address];
  await lab.docker(['swarm', 'join', ...address, '--token', token, `${lab.host(NEAR).address}:2377`], FAR);
  const network = 'bench-overlay';
  await lab.docker(['network', 'create', '-d', 'overlay', '--attachable', network], NEAR);
  for (const host of [NEAR, FAR])
    await lab.docker(['run', '-d', '--net', network, '--name', `overlay-${host}`, ...SLEEPER], host);
  return await containerPath(lab, 'Docker overlay', network, (host) => `overlay-${host}`);
}

const SLEEPER = ['busybox', 'sleep', '100000'];

async function containerPath(
  lab: Lab,
  name: string,
  network: string,
  container: (host: string) => string,
): Promise<Path> {
  const place = async (host: string) => {
    const shown = await lab.docker(['inspect', container(host)], host);
    const [{ State, NetworkSettings }] = JSON.parse(shown) as [
      { State: { Pid: number }; NetworkSettings: { Networks: Record<string, { IPAddress: string }> } },
    ];
    const enter = ['nsenter', '--target', String(State.Pid), '--net', '--'];
    return {
      address: NetworkSettings.Networks[network]?.IPAddress ?? '',
      at: (argv: readonly string[]) => lab.execArgv(host, [...enter, ...argv]),
    };
  };
  const [near, far] = [await place(NEAR), await place(FAR)];
  const path = { name, address: far.address, near: near.at, far: far.at };
  // The first packets find their way; a path that does not work is said before anything is measured.
  await runCommand(path.near(['ping', '-c', '3', '-i', '0.2', '-W', '2', path.address]));
  return path;
}
