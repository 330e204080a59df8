import type { Family, Sample } from '../kit/exposition.ts';
import type { CONTAINER_ROW, Figures, HOST_ROW } from '../model/figures.ts';

type HostRow = Figures<(typeof HOST_ROW)[number]>;
type ContainerRow = Figures<(typeof CONTAINER_ROW)[number]>;
type Labels = Readonly<Record<string, string>>;
export type Labelled<R> = Readonly<{ labels: Labels; row: R }>;

/** A name, what it is, and which figures it has, each with labels of its own. */
type Spec<R> = readonly [
  name: string,
  help: string,
  ...(readonly [labels: Labels, of: (row: R) => number])[],
];

const HOST: readonly Spec<HostRow>[] = [
  [
    'berth_host_cpu_cores',
    'Cores of the host at work, by kind; wait is for a disk',
    [{ mode: 'user' }, ({ cpuUser }) => cpuUser],
    [{ mode: 'system' }, ({ cpuSystem }) => cpuSystem],
    [{ mode: 'stolen' }, ({ cpuStolen }) => cpuStolen],
    [{ mode: 'wait' }, ({ cpuWait }) => cpuWait],
  ],
  ['berth_host_cores', 'Cores that the host has', [{}, ({ cores }) => cores]],
  ['berth_host_memory_bytes', 'Memory of the host in use', [{}, ({ memory }) => memory]],
  ['berth_host_memory_size_bytes', 'Memory that the host has', [{}, ({ memorySize }) => memorySize]],
  ['berth_host_swap_bytes', 'Memory of the host that is swapped out', [{}, ({ swap }) => swap]],
  ['berth_host_load1', 'Load of the host over a minute', [{}, ({ load }) => load]],
  [
    'berth_host_network_bytes_per_second',
    "Bytes over the host's own interfaces",
    [{ direction: 'in' }, ({ networkIn }) => networkIn],
    [{ direction: 'out' }, ({ networkOut }) => networkOut],
  ],
  [
    'berth_host_disk_bytes_per_second',
    "Bytes from and to the host's disks",
    [{ direction: 'read' }, ({ diskRead }) => diskRead],
    [{ direction: 'write' }, ({ diskWrite }) => diskWrite],
  ],
  [
    'berth_host_docker_disk_bytes',
    'Bytes in use on the file system of Docker’s data',
    [{}, ({ dockerDisk }) => dockerDisk],
  ],
  [
    'berth_host_docker_disk_size_bytes',
    'Bytes that the file system of Docker’s data has',
    [{}, ({ dockerDiskSize }) => dockerDiskSize],
  ],
];

/** 0 is none, and not told. */
const limit = (value: number) => (value > 0 ? value : Number.NaN);

const CONTAINER: readonly Spec<ContainerRow>[] = [
  ['berth_container_cpu_cores', 'Cores that the container uses', [{}, ({ cpu }) => cpu]],
  [
    'berth_container_cpu_limit_cores',
    'Cores that the container asks for, or may use',
    [{}, ({ coreLimit }) => limit(coreLimit)],
  ],
  [
    'berth_container_memory_bytes',
    'Memory of the container, without files that the kernel may drop',
    [{}, ({ memory }) => memory],
  ],
  [
    'berth_container_memory_limit_bytes',
    'Memory that the container may use',
    [{}, ({ memoryLimit }) => limit(memoryLimit)],
  ],
  [
    'berth_container_network_bytes_per_second',
    "Bytes over the container's interfaces",
    [{ direction: 'in' }, ({ networkIn }) => networkIn],
    [{ direction: 'out' }, ({ networkOut }) => networkOut],
  ],
  [
    'berth_container_disk_bytes_per_second',
    'Bytes of the container from and to disks',
    [{ direction: 'read' }, ({ diskRead }) => diskRead],
    [{ direction: 'write' }, ({ diskWrite }) => diskWrite],
  ],
  ['berth_container_pids', 'Processes and threads of the container', [{}, ({ pids }) => pids]],
];

/** What Prometheus is told of hosts, by manager and agents alike. */
export function hostFamilies(hosts: readonly Labelled<HostRow>[]): readonly Family[] {
  return families(HOST, hosts);
}

/** What Prometheus is told of containers, by manager and agents alike. */
export function containerFamilies(containers: readonly Labelled<ContainerRow>[]): readonly Family[] {
  return families(CONTAINER, containers);
}

function families<R>(specs: readonly Spec<R>[], all: readonly Labelled<R>[]): readonly Family[] {
  return specs.map(([name, help, ...figures]) => ({
    name,
    help,
    type: 'gauge',
    samples: samples(figures, all),
  }));
}

function* samples<R>(
  figures: readonly (readonly [labels: Labels, of: (row: R) => number])[],
  all: readonly Labelled<R>[],
): Iterable<Sample> {
  for (const { labels, row } of all)
    for (const [own, of] of figures) yield { labels: { ...labels, ...own }, value: of(row) };
}
