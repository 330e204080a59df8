import type { Node } from '../../../../src/contract/v1/nodes.ts';
import type { Domain } from './domains.ts';
import type { Marked } from './scene.ts';

/** A row of the list beside the map: a domain or a host. */
export type TreeRow = Readonly<{
  id: string;
  level: number;
  /** Among how many it is, and which of them, from 1. */
  of: number;
  place: number;
  domain?: Domain;
  node?: Node;
  /** Undefined for a host. */
  isOpen?: boolean;
  marked: Marked;
}>;

/** What is listed: all but what is in closed domains. */
export function treeRows(
  root: Domain,
  isOpen: (domain: Domain, level: number) => boolean,
): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (domain: Domain, level: number, of: number, place: number) => {
    const open = isOpen(domain, level);
    rows.push({ id: domain.key, level, of, place, domain, isOpen: open, marked: { domain: domain.key } });
    if (!open) return;
    for (const [i, child] of domain.children.entries()) add(child, level + 1, domain.children.length, i + 1);
    for (const [i, node] of domain.hosts.entries())
      rows.push({
        ...{ id: node.id, level: level + 1, of: domain.hosts.length, place: i + 1, node },
        marked: { host: node.id },
      });
  };
  add(root, 0, 1, 1);
  return rows;
}
