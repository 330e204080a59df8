import type { EngineInfo, Host, HostNetworking, HostState } from '../model/host.ts';
import type { ObservedImage } from '../model/objects.ts';
import type { Settings } from '../model/settings.ts';
import { Counter } from './counter.ts';
import { imageRepository, normalImageRef } from './image-ref.ts';
import { type PortNeed, PortTable } from './ports.ts';

/** A container on a host as the scheduler sees it: whether it runs does not matter, as in classic Swarm. */
export type ContainerView = Readonly<{
  /** Unique on its host: the cluster ID, or the engine's where Berth did not make it. */
  key: string;
  id: string;
  name: string;
  image: string;
  labels: Readonly<Record<string, string>>;
  /** See `serviceOf` and `replicaKey`. */
  service: string | undefined;
  project: string | undefined;
  /** It does not run, and nobody has asked for it to. */
  stopped: boolean;
  cpuMilli: number;
  memory: number;
  ports: readonly PortNeed[];
  /** Who holds its ports, for whoever asks for one of them, where its name says nothing: `the router`. */
  holder?: string;
}>;

export type HostFacts = Readonly<{
  host: Pick<Host, 'id' | 'name' | 'labels' | 'cordoned'>;
  state: HostState;
  /** One sentence why the host is not ready. */
  reason: string;
  engine: EngineInfo | undefined;
  /** Why it gets nothing new yet though it is ready: it came back from being down too often. */
  rests?: string;
  /** Where ports published on the host are reached. */
  address: string;
  /** Drivers of networks that span hosts, by name; undefined where its agent knows of none. */
  networkDrivers?: HostNetworking['drivers'];
}>;

export type CapacitySettings = Pick<
  Settings,
  'cpuOvercommit' | 'memoryOvercommit' | 'reservedCpuMilli' | 'reservedMemory'
>;

/** The hosts that have each image reference. What is handed out stays up to date. */
export class ImageHosts {
  private readonly byRef = new Map<string, Set<HostView>>();

  having(ref: string): Set<HostView> {
    let hosts = this.byRef.get(ref);
    if (hosts === undefined) {
      hosts = new Set();
      this.byRef.set(ref, hosts);
    }
    return hosts;
  }
}

/** What the scheduler knows of one host, kept up to date in place. Only `ClusterView` changes it. */
export class HostView {
  state: HostState = 'pending';
  reason = '';
  rests = '';
  cordoned = false;
  name = '';
  address = '';
  networkDrivers: HostNetworking['drivers'] | undefined;
  /** Operator's labels, over the engine's, over what the engine says of itself. */
  labels: ReadonlyMap<string, string> = new Map();
  engineLabels: ReadonlyMap<string, string> = new Map();
  os = '';
  architecture = '';
  /** `containerslots`, where the label is a number. */
  slots: number | undefined;
  /** What may be set aside: (host's − reserve for the system) × overcommit. Thousandths of a core, bytes. */
  cpuCapacity = 0;
  memoryCapacity = 0;
  cpuUsed = 0;
  memoryUsed = 0;
  /** Place among all hosts in the order of names; the last word where hosts are equal. */
  order = 0;
  /** Counts changes, so that a copy elsewhere can be known to be old. */
  version = 0;
  readonly containers = new Map<string, ContainerView>();
  readonly ports = new PortTable();
  /** Names and IDs of the containers; kept once asked. */
  private names: Counter | undefined;
  private readonly images = new Map<string, readonly string[]>();
  private readonly imageRefs = new Counter();

  /** @param imageHosts shared by all hosts of a view */
  constructor(
    readonly id: string,
    private readonly imageHosts: ImageHosts,
  ) {}

  get usedSlots(): number {
    return this.containers.size;
  }

  /** @returns true where something changed that a placement could depend on */
  describe(facts: HostFacts, settings: CapacitySettings): boolean {
    const before = this.fingerprint();
    const { host, engine } = facts;
    this.name = host.name;
    this.cordoned = host.cordoned;
    this.state = facts.state;
    this.reason = facts.reason;
    this.rests = facts.rests ?? '';
    this.address = facts.address;
    this.networkDrivers = facts.networkDrivers;
    this.os = engine?.osType ?? '';
    this.architecture = normalArchitecture(engine?.architecture ?? '');
    this.engineLabels = new Map(Object.entries(engine?.labels ?? {}));
    this.labels = new Map([...automaticLabels(engine), ...this.engineLabels, ...Object.entries(host.labels)]);
    const slots = this.labels.get('containerslots');
    this.slots = slots !== undefined && /^\d{1,9}$/.test(slots.trim()) ? Number(slots) : undefined;
    this.cpuCapacity =
      Math.max(0, (engine?.cpus ?? 0) * 1000 - settings.reservedCpuMilli) * settings.cpuOvercommit;
    this.memoryCapacity =
      Math.max(0, (engine?.memory ?? 0) - settings.reservedMemory) * settings.memoryOvercommit;
    return this.fingerprint() !== before;
  }

  /** @param container none with its key is here */
  put(container: ContainerView): void {
    this.containers.set(container.key, container);
    this.count(container, 1);
    for (const port of container.ports) this.ports.add(port);
  }

  /** @returns what was there */
  remove(key: string): ContainerView | undefined {
    const container = this.containers.get(key);
    if (container === undefined) return undefined;
    this.containers.delete(key);
    this.count(container, -1);
    for (const port of container.ports) this.ports.remove(port);
    return container;
  }

  putImage(image: Pick<ObservedImage, 'imageId' | 'repoTags' | 'repoDigests'>): void {
    this.removeImage(image.imageId);
    const refs = new Set<string>();
    for (const tag of [...image.repoTags, ...image.repoDigests])
      if (!tag.startsWith('<none>')) {
        refs.add(normalImageRef(tag));
        refs.add(tag);
        refs.add(imageRepository(tag));
      }
    this.images.set(image.imageId, [...refs]);
    for (const ref of refs) this.countImageRef(ref, 1);
  }

  removeImage(imageId: string): void {
    for (const ref of this.images.get(imageId) ?? []) this.countImageRef(ref, -1);
    this.images.delete(imageId);
  }

  removeImages(): void {
    for (const imageId of [...this.images.keys()]) this.removeImage(imageId);
  }

  /** @param normal reference in the form of `normalImageRef`; @param id the same text where it may be an ID */
  hasImage(normal: string, id: string | undefined): boolean {
    if (this.imageRefs.has(normal)) return true;
    if (id === undefined) return false;
    const full = id.startsWith('sha256:') ? id : `sha256:${id}`;
    if (this.images.has(full)) return true;
    for (const imageId of this.images.keys()) if (imageId.startsWith(full)) return true;
    return false;
  }

  hasImageRef(ref: string): boolean {
    return this.imageRefs.has(ref) || this.images.has(ref);
  }

  /** IDs, `repository:tag` and `repository` of every image on the host. */
  *imageNames(): Iterable<string> {
    yield* this.images.keys();
    yield* this.imageRefs.keys();
  }

  hasContainerNamed(nameOrId: string): boolean {
    return this.countedNames().has(nameOrId);
  }

  /** As the engine finds one: by name, by ID, or by the beginning of an ID. */
  hasContainer(ref: string): boolean {
    const bare = ref.startsWith(`${this.name}/`) ? ref.slice(this.name.length + 1) : ref;
    if (this.countedNames().has(bare)) return true;
    if (!/^[0-9a-f]{2,63}$/.test(bare)) return false;
    for (const container of this.containers.values()) if (container.id.startsWith(bare)) return true;
    return false;
  }

  /** Names and IDs of every container on the host. */
  containerNames(): Iterable<string> {
    return this.countedNames().keys();
  }

  private countImageRef(ref: string, by: 1 | -1): void {
    this.imageRefs.add(ref, by);
    if (this.imageRefs.has(ref)) this.imageHosts.having(ref).add(this);
    else this.imageHosts.having(ref).delete(this);
  }

  private count(container: ContainerView, by: 1 | -1): void {
    this.cpuUsed += by * container.cpuMilli;
    this.memoryUsed += by * container.memory;
    if (this.names !== undefined) countName(this.names, container, by);
  }

  private countedNames(): Counter {
    if (this.names === undefined) {
      this.names = new Counter();
      for (const container of this.containers.values()) countName(this.names, container, 1);
    }
    return this.names;
  }

  private fingerprint(): string {
    const { name, state, reason, rests, cordoned, cpuCapacity, memoryCapacity, os, architecture, address } =
      this;
    return JSON.stringify([
      [name, state, reason, rests, cordoned, cpuCapacity, memoryCapacity, os, architecture, address],
      [...this.labels],
      [...this.engineLabels],
      this.networkDrivers,
    ]);
  }
}

function countName(names: Counter, { id, name }: ContainerView, by: 1 | -1): void {
  names.add(id, by);
  names.add(name, by);
}

/** The empty string where it has none. Own properties only: a label may be called `constructor`. */
export function containerLabel({ labels }: ContainerView, key: string): string {
  return Object.hasOwn(labels, key) ? (labels[key] ?? '') : '';
}

/** Labels that classic Swarm gave to each engine (cluster/engine.go), and the architecture. */
function automaticLabels(engine: EngineInfo | undefined): [string, string][] {
  if (engine === undefined) return [];
  const labels: [string, string][] = [
    ['storagedriver', engine.storageDriver],
    ['kernelversion', engine.kernelVersion],
    ['operatingsystem', engine.operatingSystem],
    ['ostype', engine.osType],
    ['architecture', engine.architecture],
  ];
  return labels.filter(([, value]) => value !== '');
}

/** The names that Docker's platforms use for what `uname -m` says. */
export function normalArchitecture(architecture: string): string {
  const names: Readonly<Record<string, string>> = {
    x86_64: 'amd64',
    aarch64: 'arm64',
    i686: '386',
    i386: '386',
  };
  const lower = architecture.toLowerCase();
  return names[lower] ?? lower;
}
