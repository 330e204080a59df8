import { pathBetween } from './line-path.ts';
import type { Edge, Part, Shape } from './shape.ts';

/** Pixels at full size. */
export const WIDTH = 204;
export const HEIGHTS = { service: 84, lead: 58, volume: 58, external: 58, network: 54 } as const;
const GAP = { x: 64, y: 18, inLayer: 28 };
/** A column longer than this goes on beside itself. */
const MOST_IN_COLUMN = 9;
const SWEEPS = 6;

export type Placed = Readonly<{ part: Part; x: number; y: number; height: number }>;
export type Layout = Readonly<{
  placed: readonly Placed[];
  lines: readonly Readonly<{ edge: Edge; path: string }>[];
  width: number;
  height: number;
}>;

/**
 * Layers from left to right: what leads in, services behind those that wait for them (longest path), what they use; the
 * networks in a row below. Within a layer parts are near what they hang together with (barycenters; Sugiyama, Tagawa and
 * Toda, 1981).
 */
export function layoutOf({ parts, edges }: Shape, withNetworks: boolean): Layout {
  const inLayers = parts.filter(({ kind }) => kind !== 'network');
  const networks = withNetworks ? parts.filter(({ kind }) => kind === 'network') : [];
  const ids = new Set([...inLayers, ...networks].map(({ id }) => id));
  const drawn = edges.filter(({ from, to }) => ids.has(from) && ids.has(to));
  const layers = ordered(layersOf(inLayers, drawn), drawn);
  const placed = new Map<string, Placed>();
  let x = 0;
  let height = 0;
  for (const layer of layers) {
    const columns = columnsOf(layer);
    const tallest = Math.max(0, ...columns.map(heightOf));
    height = Math.max(height, tallest);
    for (const [i, column] of columns.entries()) {
      let y = 0;
      for (const part of column) {
        placed.set(part.id, { part, x, y, height: HEIGHTS[part.kind] });
        y += HEIGHTS[part.kind] + GAP.y;
      }
      x += WIDTH + (i === columns.length - 1 ? GAP.x : GAP.inLayer);
    }
  }
  const width = Math.max(WIDTH, x - GAP.x);
  // Short columns stand in the middle of the tall ones.
  for (const layer of layers)
    for (const column of columnsOf(layer)) {
      const down = (height - heightOf(column)) / 2;
      for (const { id } of column) {
        const one = placed.get(id);
        if (one !== undefined) placed.set(id, { ...one, y: one.y + down });
      }
    }
  const below = placeNetworks(networks, width, height === 0 ? 0 : height + 56, placed);
  return {
    placed: [...placed.values()],
    lines: drawn.flatMap((edge) => lineOf(edge, placed)),
    width,
    height: Math.max(height, below),
  };
}

/** @returns where they end */
function placeNetworks(
  networks: readonly Part[],
  width: number,
  top: number,
  placed: Map<string, Placed>,
): number {
  const perRow = Math.max(1, Math.floor((width + GAP.inLayer) / (WIDTH + GAP.inLayer)));
  for (const [i, part] of networks.entries()) {
    const y = top + Math.floor(i / perRow) * (HEIGHTS.network + GAP.y);
    placed.set(part.id, { part, x: (i % perRow) * (WIDTH + GAP.inLayer), y, height: HEIGHTS.network });
  }
  const rows = Math.ceil(networks.length / perRow);
  return rows === 0 ? 0 : top + rows * (HEIGHTS.network + GAP.y) - GAP.y;
}

function heightOf(column: readonly Part[]): number {
  return column.reduce((sum, { kind }) => sum + HEIGHTS[kind] + GAP.y, -GAP.y);
}

function columnsOf(layer: readonly Part[]): Part[][] {
  const count = Math.max(1, Math.ceil(layer.length / MOST_IN_COLUMN));
  const each = Math.ceil(layer.length / count);
  return Array.from({ length: count }, (_, i) => layer.slice(i * each, (i + 1) * each));
}

/** Services by the longest way to them from one that nobody waits for; a circle is cut where it was come upon. */
function layersOf(parts: readonly Part[], edges: readonly Edge[]): Part[][] {
  const waits = new Map<string, string[]>();
  for (const { kind, from, to } of edges)
    if (kind === 'waits') waits.set(to, [...(waits.get(to) ?? []), from]);
  const depths = new Map<string, number>();
  const depthOf = (id: string, within: ReadonlySet<string>): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const before = (waits.get(id) ?? []).filter((one) => !within.has(one) && one !== id);
    const path = new Set([...within, id]);
    const depth = before.reduce((most, one) => Math.max(most, depthOf(one, path) + 1), 0);
    depths.set(id, depth);
    return depth;
  };
  const services = parts.filter(({ kind }) => kind === 'service');
  const deepest = services.reduce((most, { id }) => Math.max(most, depthOf(id, new Set())), -1);
  const leads = parts.filter(({ kind }) => kind === 'lead');
  const used = parts.filter(({ kind }) => kind === 'volume' || kind === 'external');
  return [
    leads,
    ...Array.from({ length: deepest + 1 }, (_, depth) =>
      services.filter(({ id }) => depths.get(id) === depth),
    ),
    used,
  ].filter((layer) => layer.length > 0);
}

/** Sorted again and again by the middle of the neighbours' places, forwards and backwards. */
function ordered(layers: readonly Part[][], edges: readonly Edge[]): Part[][] {
  const neighbours = new Map<string, string[]>();
  for (const { from, to, kind } of edges) {
    if (kind === 'joins') continue;
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  let now = layers.map((layer) => [...layer]);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const places = new Map(
      now.flatMap((layer) => layer.map(({ id }, i) => [id, (i + 0.5) / layer.length] as const)),
    );
    const middleOf = (id: string) => {
      const around = (neighbours.get(id) ?? []).flatMap((one) => places.get(one) ?? []);
      return around.length === 0 ? (places.get(id) ?? 0) : around.reduce((a, b) => a + b, 0) / around.length;
    };
    now = now.map((layer) => {
      const middles = new Map(layer.map(({ id }) => [id, middleOf(id)]));
      return [...layer].sort((a, b) => (middles.get(a.id) ?? 0) - (middles.get(b.id) ?? 0));
    });
  }
  return now;
}

function lineOf(edge: Edge, placed: ReadonlyMap<string, Placed>): { edge: Edge; path: string }[] {
  const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
  if (from === undefined || to === undefined) return [];
  if (edge.kind === 'joins') {
    const [x1, y1] = [from.x + WIDTH / 2, from.y + from.height];
    const [x2, y2] = [to.x + WIDTH / 2, to.y];
    const bend = Math.max(24, (y2 - y1) / 2);
    return [{ edge, path: `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}` }];
  }
  const others = [...placed.values()].filter(({ part }) => part.kind !== 'network');
  return [{ edge, path: pathBetween(from, to, others, WIDTH) }];
}
