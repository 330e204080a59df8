import type { HostView } from './host-view.ts';

/** What a strategy ranks a host by: a `HostView`, or its row in a `HostFigures`. */
export type HostLoad = Readonly<
  Pick<HostView, 'cpuUsed' | 'cpuCapacity' | 'memoryUsed' | 'memoryCapacity' | 'usedSlots'>
>;

/** In the order of a row. `slotsFree` is infinite where a host has no such limit. */
const FIGURES = [
  'cpuUsed',
  'cpuCapacity',
  'memoryUsed',
  'memoryCapacity',
  'usedSlots',
  'cpuFree',
  'memoryFree',
  'slotsFree',
] as const;
/** Eight numbers of eight bytes: a row is a line of the processor's cache. */
const ROW = FIGURES.length;

export type Figure = (typeof FIGURES)[number];

/**
 * The numbers of all hosts in one table, by `HostView.order`. A first look at ten thousand hosts then reads 640 KB in
 * order; the same numbers are in as many objects, each somewhere else in memory, and waiting for memory was most of the
 * cost of a placement. `ClusterView` keeps it up to date.
 */
export class HostFigures implements HostLoad {
  private readonly values: Float64Array;
  private row = 0;

  constructor(hosts: readonly HostView[]) {
    this.values = new Float64Array(hosts.length * ROW);
    for (const host of hosts) this.put(host);
  }

  put(host: HostView): void {
    const { values } = this;
    const { cpuUsed, cpuCapacity, memoryUsed, memoryCapacity, usedSlots, slots } = host;
    const at = host.order * ROW;
    values[at] = cpuUsed;
    values[at + 1] = cpuCapacity;
    values[at + 2] = memoryUsed;
    values[at + 3] = memoryCapacity;
    values[at + 4] = usedSlots;
    values[at + 5] = cpuCapacity - cpuUsed;
    values[at + 6] = memoryCapacity - memoryUsed;
    values[at + 7] = slots === undefined ? Number.POSITIVE_INFINITY : slots - usedSlots;
  }

  /** The row of a host, good until the next call: it is this same object, so that ranking makes none. */
  at(order: number): HostLoad {
    this.row = order * ROW;
    return this;
  }

  /** @param column see `columnOf` */
  get(order: number, column: number): number {
    return this.values[order * ROW + column] as number;
  }

  get cpuUsed(): number {
    return this.values[this.row] as number;
  }

  get cpuCapacity(): number {
    return this.values[this.row + 1] as number;
  }

  get memoryUsed(): number {
    return this.values[this.row + 2] as number;
  }

  get memoryCapacity(): number {
    return this.values[this.row + 3] as number;
  }

  get usedSlots(): number {
    return this.values[this.row + 4] as number;
  }
}

export function columnOf(figure: Figure): number {
  return FIGURES.indexOf(figure);
}
