import type { Node } from '../../../../src/contract/v1/nodes.ts';

/** A host as the API tells it, for tests. */
export function hostOf(
  name: string,
  labels: Readonly<Record<string, string>> = {},
  more: Partial<Node> = {},
): Node {
  return {
    ...{ id: `id-${name}`, name, labels, cordoned: false, state: 'ready', reason: '' },
    ...{ address: '', dataAddress: '', agentVersion: '', joinedAt: 0, lastHeardAt: 0 },
    containers: { managed: 0, unmanaged: 0, running: 0 },
    reserved: { cpuMilli: 0, memory: 0 },
    ...more,
  };
}
