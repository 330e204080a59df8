import { isAbsolute, join, resolve } from 'node:path';
import { LabError } from './run.ts';

/** One Docker host of a lab: names, address and folders, all derived from the lab's name, index and folder. */
export interface HostPlan {
  /** `h1`, `h2`, … unless it was given: its host name, its name in the cluster, and its port's name on the wire. */
  readonly name: string;
  readonly number: number;
  readonly address: string;
  readonly namespace: string;
  readonly folder: string;
  /** Docker URL of its own engine, usable from the root namespace and from the host itself. */
  readonly engine: string;
  readonly cgroup: string;
}

/** Everything about a lab that follows from its name, its index on this machine and its folder. */
export interface LabPlan {
  readonly name: string;
  /** 0..199: which 10.214.INDEX.0/24 the lab has, and which `berthlabINDEX` is its uplink. */
  readonly index: number;
  readonly folder: string;
  readonly subnet: string;
  /** Address of the machine itself on the wire: the hosts' gateway. */
  readonly gateway: string;
  readonly uplink: string;
  readonly wire: string;
  readonly manager: { readonly address: string; readonly namespace: string; readonly folder: string };
  /** Comment on each of its packet filter rules, and the first part of its cgroups' path. */
  readonly mark: string;
  readonly hosts: readonly HostPlan[];
}

export const MAX_HOSTS = 200;
export const MAX_LABS = 200;

const HOST_NAME = /^[a-z][a-z0-9-]{0,10}[a-z0-9]$/;
/** What else has a port on the wire, or a namespace. */
const TAKEN = ['wire', 'manager'];

/** Where labs' folders are: outside the checkout, on a disk, as the engines' overlayfs does not stack on every tmpfs. */
export const LABS_FOLDER = process.env.BERTH_LAB_DIR ?? '/var/tmp/berth-lab';

/**
 * Work out a lab's names, addresses and folders. Pure.
 * @throws LabError when the name or the number of hosts cannot be used, or the folder's path is too long for
 *   a unix socket (107 bytes).
 */
export function planLab(options: {
  name: string;
  index: number;
  hosts: number;
  folder: string;
  /** Names of the first hosts, in their order; the others are h2, h3, … by their number. */
  names?: readonly string[] | undefined;
}): LabPlan {
  const { name, index, hosts } = options;
  if (!/^[a-z][a-z0-9]{0,11}$/.test(name)) {
    throw new LabError(
      `lab name "${name}" will not do: use 1 to 12 lower-case letters and digits, a letter first`,
    );
  }
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > MAX_HOSTS) {
    throw new LabError(`a lab of ${hosts} hosts will not do: use 1 to ${MAX_HOSTS}`);
  }
  const names = Array.from({ length: hosts }, (_, i) => options.names?.[i] ?? `h${i + 1}`);
  const odd = names.find((one, i) => !HOST_NAME.test(one) || [...TAKEN, ...names.slice(0, i)].includes(one));
  if (odd !== undefined) {
    throw new LabError(
      `host name "${odd}" will not do: use up to 12 lower-case letters, digits and -, each name once, and none of ${TAKEN.join(', ')}`,
    );
  }
  const folder = isAbsolute(options.folder) ? options.folder : resolve(options.folder);
  const longest = join(folder, 'manager', 'run', 'docker.sock');
  if (Buffer.byteLength(longest) > 107) {
    throw new LabError(`folder ${folder} is too long for a unix socket below it: choose a shorter --dir`);
  }
  const net = `10.214.${index}`;
  const mark = `berth-${name}`;
  return {
    name,
    index,
    folder,
    subnet: `${net}.0/24`,
    gateway: `${net}.1`,
    uplink: `berthlab${index}`,
    wire: `${mark}-wire`,
    manager: { address: `${net}.2`, namespace: `${mark}-manager`, folder: join(folder, 'manager') },
    mark,
    hosts: names.map((host, i) => planHost(host, { number: i + 1, net, mark, folder })),
  };
}

function planHost(name: string, o: { number: number; net: string; mark: string; folder: string }): HostPlan {
  const folder = join(o.folder, name);
  return {
    name,
    number: o.number,
    address: `${o.net}.${10 + o.number}`,
    namespace: `${o.mark}-${name}`,
    folder,
    engine: `unix://${join(folder, 'docker.sock')}`,
    cgroup: `/${o.mark}/${name}`,
  };
}
