import type { Node } from '../../../../src/contract/v1/nodes.ts';
import type { Box } from './box.ts';
import type { Domain } from './domains.ts';

/** A host's box; all are alike, so that what fills them can be compared. */
export const HOST = { w: 200, h: 130 } as const;
const GAP = 10;
const PAD = 14;
/** The title of the narrowest domain; each wider one's is so many times as high, to be read from further away. */
const TITLE = 30;
const TITLE_GROWS = 2.2;
/** Width to height that domains are filled to, about that of a screen. */
const ASPECT = 1.6;
/** Of rows that are tried, at most so many times the width of a box of their area. */
const WIDEST = 2.5;

export type PlacedHost = Readonly<{ id: string; node: Node; box: Box; domain: string }>;
export type PlacedDomain = Readonly<{
  domain: Domain;
  box: Box;
  /** Of its title, above what is in it; 0 for the whole cluster. */
  title: number;
  hosts: number;
}>;
export type Layout = Readonly<{
  box: Box;
  /** Wider ones before those in them. */
  domains: readonly PlacedDomain[];
  hosts: readonly PlacedHost[];
}>;

/**
 * Where everything is: hosts in rows, in the order of their names, domains in rows inside the wider ones. It depends on
 * nothing but names and domains, so that nothing moves while loads and states change; where a host comes or goes, those
 * behind it in its domain move up.
 */
export function layoutOf(root: Domain): Layout {
  const domains: PlacedDomain[] = [];
  const hosts: PlacedHost[] = [];
  const { w, h, put } = measure(root, domains, hosts);
  put(0, 0);
  return { box: { x: 0, y: 0, w, h }, domains, hosts };
}

/** Nothing has moved, though it may be another in its place. */
export function isSameLayout(a: Layout, b: Layout): boolean {
  return (
    isSameAt(a.hosts, b.hosts, ({ id }) => id) && isSameAt(a.domains, b.domains, ({ domain }) => domain.key)
  );
}

function isSameAt<T extends Readonly<{ box: Box }>>(
  a: readonly T[],
  b: readonly T[],
  idOf: (one: T) => string,
): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      if (other === undefined || idOf(one) !== idOf(other)) return false;
      const { x, y, w, h } = one.box;
      return x === other.box.x && y === other.box.y && w === other.box.w && h === other.box.h;
    })
  );
}

type Measured = Readonly<{
  w: number;
  h: number;
  /** Levels below it. */
  depth: number;
  count: number;
  /** Puts it, and all in it, where it belongs. */
  put(x: number, y: number): void;
}>;

function measure(domain: Domain, domains: PlacedDomain[], hosts: PlacedHost[]): Measured {
  const isLeaf = domain.children.length === 0;
  const parts: readonly Measured[] = isLeaf
    ? domain.hosts.map((node) => ({
        ...HOST,
        depth: -1,
        count: 1,
        put: (x, y) => hosts.push({ id: node.id, node, box: { x, y, ...HOST }, domain: domain.key }),
      }))
    : domain.children.map((child) => measure(child, domains, hosts));
  const depth = Math.max(-1, ...parts.map((part) => part.depth)) + 1;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const gap = isLeaf ? GAP : PAD;
  const { w, h, at } = inRows(parts, gap);
  const title = domain.key === '' ? 0 : TITLE * TITLE_GROWS ** depth;
  const pad = domain.key === '' && !isLeaf ? 0 : PAD;
  const size = { w: w + 2 * pad, h: h + 2 * pad + title };
  return {
    ...{ ...size, depth, count },
    put: (x, y) => {
      domains.push({ domain, box: { x, y, ...size }, title, hosts: count });
      parts.forEach((part, i) => {
        const spot = at[i];
        if (spot !== undefined) part.put(x + pad + spot.x, y + pad + title + spot.y);
      });
    },
  };
}

type Size = Readonly<{ w: number; h: number }>;

/** One beside the other, in rows of the width in which they are seen largest on a screen. */
function inRows(parts: readonly Size[], gap: number) {
  const area = parts.reduce((sum, { w, h }) => sum + (w + gap) * (h + gap), 0);
  const most = WIDEST * Math.sqrt(area * ASPECT);
  let best = rowsWithin(parts, gap, 0);
  let width = 0;
  for (const { w } of parts) {
    width += w + gap;
    if (width > most && best.at.length > 0) break;
    const tried = rowsWithin(parts, gap, width);
    if (Math.max(tried.w / ASPECT, tried.h) < Math.max(best.w / ASPECT, best.h)) best = tried;
  }
  return best;
}

/** A new row begins where one would become wider than that. */
function rowsWithin(parts: readonly Size[], gap: number, most: number) {
  const at: { x: number; y: number }[] = [];
  let [x, y, row, width] = [0, 0, 0, 0];
  for (const { w, h } of parts) {
    if (x > 0 && x + w > most) [x, y, row] = [0, y + row + gap, 0];
    at.push({ x, y });
    x += w + gap;
    width = Math.max(width, x - gap);
    row = Math.max(row, h);
  }
  return { w: width, h: y + row, at };
}
