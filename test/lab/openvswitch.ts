import type { Lab } from './lab.ts';
import { ensureRequirements } from './requirements.ts';
import { LabError, run } from './run.ts';
import { START_SWITCH } from './switch-programs.ts';

/**
 * An Open vSwitch of the host's own, with folders that only it sees; it dies with the host. Where the machine's kernel has
 * no part of it, bridges need `datapath_type=netdev`.
 */
export async function startOpenVSwitch(lab: Lab, host: string): Promise<void> {
  await ensureRequirements([
    ['ovs-vswitchd', 'openvswitch-switch'],
    ['ethtool', 'ethtool'],
    ['tcpdump', 'tcpdump'],
    ['busybox', 'busybox-static'],
  ]);
  for (const argv of START_SWITCH) await must(lab, host, argv);
}

/**
 * A second wire that carries frames with any tag, as a trunk of a company's switch does: each host's `eth1` is on it, without
 * an address.
 */
export async function addTrunk(lab: Lab, hosts: readonly string[]): Promise<void> {
  const { wire } = lab.plan;
  const inWire = ['ip', '-n', wire, 'link'];
  await run([...inWire, 'add', 'trunk', 'type', 'bridge']);
  await run([...inWire, 'set', 'trunk', 'up']);
  for (const name of hosts) {
    const { namespace } = lab.host(name);
    await run([
      ...inWire,
      'add',
      `trunk-${name}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth1',
      'netns',
      namespace,
    ]);
    await run([...inWire, 'set', `trunk-${name}`, 'master', 'trunk', 'up']);
    await run(['ip', '-n', namespace, 'link', 'set', 'eth1', 'up']);
  }
}

/** Runs a command on the host. @throws LabError where it fails */
export async function must(lab: Lab, host: string, argv: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(host, argv, { timeoutMs: 120_000, input });
  if (code !== 0)
    throw new LabError(`${host}: ${argv.join(' ')}: exit ${code}: ${(stderr || stdout).trim()}`);
  return stdout;
}
