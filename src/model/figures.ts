import { SCALING_METRICS } from './scaling.ts';

/** What is measured of a container: cores, bytes in memory, bytes per second, and processes with their threads. */
export const CONTAINER_FIGURES = [
  'cpu',
  'memory',
  'networkIn',
  'networkOut',
  'diskRead',
  'diskWrite',
  'pids',
] as const;

/** Told with them, and of which only the newest counts: cores and bytes that it may use; 0 is all there are. */
export const CONTAINER_LIMITS = ['coreLimit', 'memoryLimit'] as const;

/** All that is told of a container at once, in this order. */
export const CONTAINER_ROW = [...CONTAINER_FIGURES, ...CONTAINER_LIMITS] as const;

/**
 * What is measured of a host: cores at work by kind, cores that wait for a disk, bytes, bytes per second over its own
 * interfaces and disks, the load over a minute, and bytes used where Docker keeps its data.
 */
export const HOST_FIGURES = [
  'cpuUser',
  'cpuSystem',
  'cpuStolen',
  'cpuWait',
  'memory',
  'swap',
  'load',
  'networkIn',
  'networkOut',
  'diskRead',
  'diskWrite',
  'dockerDisk',
] as const;

/** Told with them, and of which only the newest counts: cores and bytes that there are. */
export const HOST_SIZES = ['cores', 'memorySize', 'dockerDiskSize'] as const;

/** All that is told of a host at once, in this order. */
export const HOST_ROW = [...HOST_FIGURES, ...HOST_SIZES] as const;

/** Sums over the containers of a service that were measured, and how many these were. */
export const SERVICE_FIGURES = [...CONTAINER_FIGURES, 'containers'] as const;

/** Sums over the hosts that were measured, and how many these were. */
export const CLUSTER_FIGURES = [
  'cpu',
  'cores',
  'memory',
  'memorySize',
  'networkIn',
  'networkOut',
  'diskRead',
  'diskWrite',
  'hosts',
] as const;

/**
 * What goes through a route: requests and those of them that ended with a server's error, a second, and milliseconds until so
 * large a part of the responses began, as a mean over requests where points are further apart than it was measured.
 */
export const ROUTE_FIGURES = ['requests', 'errors', 'p50', 'p95'] as const;

/** What the rules of a service that scales by itself look at, in their units, and how many containers it is to have. */
export const SCALING_FIGURES = [...SCALING_METRICS, 'count'] as const;

/** Figures by their names; NaN where one is not known. */
export type Figures<N extends string> = Readonly<Record<N, number>>;

/** How often hosts measure, milliseconds. */
export const FIGURES_MS = 5_000;

/** Longest time that figures are kept for, milliseconds. */
export const MOST_FIGURES_MS = 6 * 3_600_000;

/** The figures as a row, in the order of the names. */
export function rowOf<N extends string>(names: readonly N[], figures: Figures<N>): readonly number[] {
  return names.map((name) => figures[name]);
}

/** The row as figures, by the names in their order. */
export function figuresOf<N extends string>(names: readonly N[], row: ArrayLike<number>): Figures<N> {
  return Object.fromEntries(names.map((name, i) => [name, row[i] ?? Number.NaN])) as Figures<N>;
}
