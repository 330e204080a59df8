import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { capacityOf } from '../../parts/capacity.tsx';

/** A failure domain: hosts that one thing breaks together. */
export type Domain = Readonly<{
  /** Empty for the whole cluster; the values on the way to it otherwise, so that two racks called r1 are two. */
  key: string;
  /** Of the hosts' labels which one it is: `rack`; empty for the whole cluster. */
  label: string;
  /** What they have in it: `r1`; empty for the hosts that lack the label. */
  value: string;
  /** Narrower domains, or hosts where there are none. */
  children: readonly Domain[];
  hosts: readonly Node[];
}>;

const order = new Intl.Collator('en', { numeric: true }).compare;

/**
 * The cluster by its failure domains. A label that no host has is no level; hosts without one that others have are in a
 * domain of their own, as the scheduler sees them. In the order of names, in which r2 comes before r10.
 * @param labels the widest first, as the settings have them
 */
export function domainsOf(nodes: readonly Node[], labels: readonly string[]): Domain {
  const levels = labels.filter((label) => nodes.some((node) => node.labels[label] !== undefined));
  const sorted = [...nodes].sort((a, b) => order(a.name, b.name) || (a.id < b.id ? -1 : 1));
  return domain('', '', '', sorted, levels);
}

function domain(
  key: string,
  label: string,
  value: string,
  hosts: readonly Node[],
  [next, ...narrower]: readonly string[],
): Domain {
  if (next === undefined) return { key, label, value, children: [], hosts };
  const byValue = new Map<string, Node[]>();
  for (const node of hosts) {
    const own = node.labels[next] ?? '';
    const others = byValue.get(own);
    if (others === undefined) byValue.set(own, [node]);
    else others.push(node);
  }
  // Those that lack it come last.
  const values = [...byValue.keys()].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : order(a, b)));
  const children = values.map((own) =>
    domain(`${key}/${encodeURIComponent(own)}`, next, own, byValue.get(own) ?? [], narrower),
  );
  return { key, label, value, children, hosts: [] };
}

/** All hosts of a domain, in its order. */
export function hostsIn({ children, hosts }: Domain): readonly Node[] {
  return children.length === 0 ? hosts : children.flatMap(hostsIn);
}

/** From the cluster down to a domain, or to that of a host; empty where there is no such. */
export function wayTo(root: Domain, isIt: (one: Domain) => boolean): readonly Domain[] {
  if (isIt(root)) return [root];
  for (const child of root.children) {
    const way = wayTo(child, isIt);
    if (way.length > 0) return [root, ...way];
  }
  return [];
}

type Amount = Readonly<{ cpuMilli: number; memory: number }>;
export type Figures = Readonly<{
  hosts: number;
  ready: number;
  containers: number;
  running: number;
  reserved: Amount;
  capacity: Amount;
}>;

/** What hosts have and hold together. */
export function figuresOf(hosts: readonly Node[]): Figures {
  const sum = { hosts: hosts.length, ready: 0, containers: 0, running: 0 };
  const reserved = { cpuMilli: 0, memory: 0 };
  const capacity = { cpuMilli: 0, memory: 0 };
  for (const node of hosts) {
    if (node.state === 'ready') sum.ready++;
    sum.containers += node.containers.managed + node.containers.unmanaged;
    sum.running += node.containers.running;
    const own = capacityOf(node.engine);
    for (const kind of ['cpuMilli', 'memory'] as const) {
      reserved[kind] += node.reserved[kind];
      capacity[kind] += own[kind];
    }
  }
  return { ...sum, reserved, capacity };
}

/** @returns 0 to 1 and over; 0 where there is nothing to have a share of */
export function shareOf(reserved: number, capacity: number): number {
  return capacity === 0 ? 0 : reserved / capacity;
}
