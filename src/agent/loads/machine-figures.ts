import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Figures, HOST_ROW } from '../../model/figures.ts';
import { networkOf, orNothing, type ReadFile, readerIn, valueIn } from './small-files.ts';

export type MachineFigures = Figures<(typeof HOST_ROW)[number]>;

/** Of USER_HZ, in which /proc tells CPU time; 100 on every Linux that this runs on. */
const TICKS_PER_SECOND = 100;
/** Disks are counted in these, whatever theirs are (Documentation/block/stat.rst). */
const SECTOR = 512;
const KIB = 1024;
/** How long it is remembered which interfaces and disks are the machine's own. */
const NAMES_MS = 60_000;
/** Names of interfaces that containers and their networks have. */
const OTHERS = /^(lo$|veth|docker|br-|virbr|tunl|sit|vxlan|dummy|cni|flannel)/;

type Counts = Readonly<{
  at: number;
  user: number;
  system: number;
  stolen: number;
  wait: number;
  received: number;
  sent: number;
  diskRead: number;
  diskWrite: number;
}>;

/** How busy this machine is, from the kernel's counters. */
export class Machine {
  private readonly read: ReadFile;
  private before: Counts | undefined;
  private readonly known = new Map<string, boolean>();
  private knownUntil = 0;
  private disk = { dockerDisk: Number.NaN, dockerDiskSize: Number.NaN };
  private isLooking = false;

  /**
   * @param dockerRoot where Docker keeps its data; undefined where that is not known
   * @param root before all paths; for tests
   */
  constructor(
    private readonly dockerRoot: () => string | undefined,
    private readonly root = '',
  ) {
    this.read = readerIn(root);
  }

  /** @returns undefined the first time: there is nothing to compare with. @throws the file system's error */
  look(at = performance.now()): MachineFigures | undefined {
    this.lookAtDisk();
    const { before } = this;
    const stat = this.read('/proc/stat');
    const now = { at, ...cpuOf(stat), ...this.network(), ...this.disks() };
    this.before = now;
    if (before === undefined || at <= before.at) return undefined;
    const seconds = (at - before.at) / 1000;
    const each = (name: Exclude<keyof Counts, 'at'>) => Math.max(0, now[name] - before[name]) / seconds;
    const memory = this.read('/proc/meminfo');
    const kib = (name: string) => valueIn(memory.replaceAll(/: +/g, ' ').replaceAll(' kB', ''), name) * KIB;
    return {
      cpuUser: rounded(each('user') / TICKS_PER_SECOND),
      cpuSystem: rounded(each('system') / TICKS_PER_SECOND),
      cpuStolen: rounded(each('stolen') / TICKS_PER_SECOND),
      cpuWait: rounded(each('wait') / TICKS_PER_SECOND),
      memory: kib('MemTotal') - kib('MemAvailable'),
      swap: kib('SwapTotal') - kib('SwapFree'),
      load: Number.parseFloat(this.read('/proc/loadavg')),
      networkIn: Math.round(each('received')),
      networkOut: Math.round(each('sent')),
      diskRead: Math.round(each('diskRead')),
      diskWrite: Math.round(each('diskWrite')),
      dockerDisk: this.disk.dockerDisk,
      cores: [...stat.matchAll(/^cpu\d+ /gm)].length,
      memorySize: kib('MemTotal'),
      dockerDiskSize: this.disk.dockerDiskSize,
    };
  }

  /** A file system that hangs (NFS) keeps this one question, and nothing else. */
  private lookAtDisk(): void {
    const path = this.dockerRoot();
    if (this.isLooking || path === undefined) return;
    this.isLooking = true;
    statfs(this.root + path)
      .then(({ bsize, blocks, bfree, bavail }) => {
        // As df has it: what only root may use is not there for containers.
        const used = (blocks - bfree) * bsize;
        this.disk = { dockerDisk: used, dockerDiskSize: used + bavail * bsize };
      })
      .catch(() => {
        this.disk = { dockerDisk: Number.NaN, dockerDiskSize: Number.NaN };
      })
      .finally(() => {
        this.isLooking = false;
      });
  }

  private network() {
    const text = this.read('/proc/net/dev');
    const names = [...text.matchAll(/^\s*([^\s:]+):/gm)].map(([, name = '']) => name);
    // A bridge or a bond has the bytes of what is in it once more; a machine without hardware has no better ones.
    const own = names.filter((name) => this.isThere(`/sys/class/net/${name}/device`));
    return networkOf(text, (name) => (own.length > 0 ? own.includes(name) : !OTHERS.test(name)));
  }

  private disks() {
    let [diskRead, diskWrite] = [0, 0];
    for (const line of (orNothing(this.read, '/proc/diskstats') ?? '').split('\n')) {
      const fields = line.trim().split(/\s+/);
      const name = fields[2];
      // Whole disks: parts of one, and what is laid over others, would count twice.
      if (name === undefined || !this.isThere(`/sys/block/${name.replaceAll('/', '!')}/device`)) continue;
      diskRead += Number(fields[5]) * SECTOR;
      diskWrite += Number(fields[9]) * SECTOR;
    }
    return { diskRead, diskWrite };
  }

  private isThere(path: string): boolean {
    const now = performance.now();
    if (now > this.knownUntil) {
      this.known.clear();
      this.knownUntil = now + NAMES_MS;
    }
    const known = this.known.get(path) ?? existsSync(this.root + path);
    this.known.set(path, known);
    return known;
  }
}

/** `cpu USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL GUEST …`: a guest's time is in the user's. */
function cpuOf(stat: string) {
  const fields = (stat.split('\n')[0] ?? '').trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , wait = 0, irq = 0, softirq = 0, stolen = 0] = fields;
  return { user: user + nice, system: system + irq + softirq, stolen, wait };
}

function rounded(cores: number): number {
  return Math.round(cores * 1000) / 1000;
}
