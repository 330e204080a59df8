import { command } from '../command.ts';
import { bytes, cores } from '../terminal/format.ts';

export const status = command({
  name: 'status',
  heading: 'Cluster:',
  summary: 'Show how the cluster is',
  examples: [
    ['berth status', 'hosts, containers, room, and what wants your eye'],
    ['berth status --json', 'the same for a program'],
  ],
  async run({ out, globals, call }) {
    const { clusterId, version, caFingerprint, hosts, containers, capacity, reserved, warnings } =
      await call('cluster.status');
    if (globals.json) {
      out.json({ clusterId, version, caFingerprint, hosts, containers, capacity, reserved, warnings });
      return;
    }
    out.details([
      ['Cluster', clusterId],
      ['Version', version],
      ['CA fingerprint', caFingerprint],
      [
        'Hosts',
        `${hosts.total}${counts(hosts.byState)}${hosts.cordoned === 0 ? '' : `, ${hosts.cordoned} cordoned`}`,
      ],
      [
        'Containers',
        `${containers.managed}${counts(containers.byState)}, and ${containers.unmanaged} not made by Berth`,
      ],
      ['CPU', `${cores(reserved.cpuMilli)} of ${cores(capacity.cpuMilli)} cores asked for`],
      ['Memory', `${bytes(reserved.memory)} of ${bytes(capacity.memory)} asked for`],
    ]);
    for (const warning of warnings) out.warn(warning);
  },
});

/** " (2 ready, 1 down)" */
function counts(byState: Readonly<Partial<Record<string, number>>>): string {
  const parts = Object.entries(byState).filter(([, count]) => count);
  return parts.length === 0 ? '' : ` (${parts.map(([state, count]) => `${count} ${state}`).join(', ')})`;
}
