import { command } from '../command.ts';
import { bytes, cores } from '../terminal/format.ts';

/** As many as a manager gives. */
const ALL = 1000;

export const status = command<{ all?: boolean }>({
  name: 'status',
  heading: 'Cluster:',
  summary: 'Show how the cluster is',
  options: [{ flags: '-a, --all', summary: 'all that wants your eye, not only the first 20 lines' }],
  examples: [
    ['berth status', 'hosts, containers, room, and what wants your eye'],
    ['berth status --json', 'the same for a program'],
  ],
  async run({ out, globals, call }, { all = false }) {
    const status = await call('cluster.status', all ? { warnings: ALL } : {});
    if (globals.json) {
      out.json(status);
      return;
    }
    const { clusterId, version, caFingerprint, hosts, containers, capacity, reserved, warnings } = status;
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
