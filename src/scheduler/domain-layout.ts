import type { HostView } from './host-view.ts';

/**
 * The tree of failure domains over the hosts, by labels from the widest to the narrowest: node 0 is the cluster, the
 * leaves are the narrowest domains. Two racks called r1 in different datacenters are two. Hosts without a label share
 * the domain of those without.
 */
export type DomainLayout = Readonly<{
  /** Number of levels below the root. */
  depth: number;
  nodes: number;
  parent: Int32Array;
  /** Level of each node; the root's is 0. */
  level: Int32Array;
  /** Leaf of each host, by `HostView.order`. */
  leafOf: Int32Array;
  /** Nodes on the way to a leaf, without the root: `path[leaf × depth + level − 1]`. */
  path: Int32Array;
  /** Where the hosts of a leaf, and the children of an inner node, begin in an array of all of them. */
  hostStarts: Int32Array;
  childStarts: Int32Array;
}>;

export function domainLayout(hosts: readonly HostView[], labels: readonly string[]): DomainLayout {
  const depth = labels.length;
  const children: Map<string, number>[] = [new Map()];
  const parents: number[] = [-1];
  const levels: number[] = [0];
  const leafOf = new Int32Array(hosts.length);
  hosts.forEach((host, i) => {
    let node = 0;
    for (let level = 0; level < depth; level++) {
      const value = host.labels.get(labels[level] ?? '') ?? '';
      const siblings = children[node] as Map<string, number>;
      let child = siblings.get(value);
      if (child === undefined) {
        child = parents.length;
        siblings.set(value, child);
        children.push(new Map());
        parents.push(node);
        levels.push(level + 1);
      }
      node = child;
    }
    leafOf[i] = node;
  });
  const nodes = parents.length;
  const path = new Int32Array(nodes * depth);
  for (let leaf = 0; leaf < nodes; leaf++) {
    if (levels[leaf] !== depth) continue;
    for (let node = leaf; node > 0; node = parents[node] ?? 0)
      path[leaf * depth + (levels[node] ?? 0) - 1] = node;
  }
  const hostCounts = new Int32Array(nodes);
  for (const leaf of leafOf) hostCounts[leaf] = (hostCounts[leaf] ?? 0) + 1;
  return {
    depth,
    nodes,
    parent: Int32Array.from(parents),
    level: Int32Array.from(levels),
    leafOf,
    path,
    hostStarts: startsOf(hostCounts),
    childStarts: startsOf(Int32Array.from(children, (map) => map.size)),
  };
}

function startsOf(counts: Int32Array): Int32Array {
  const starts = new Int32Array(counts.length);
  let at = 0;
  counts.forEach((count, i) => {
    starts[i] = at;
    at += count;
  });
  return starts;
}
