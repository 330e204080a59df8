import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { SimulatedContainers } from './containers.ts';
import { EventFeed } from './event-feed.ts';
import { SimulatedImages, SimulatedNetworks, SimulatedVolumes } from './objects.ts';

export type SimulatedOptions = Readonly<{
  /** The engine's own ID; random by default. */
  id?: string;
  name?: string;
  cpus?: number;
  /** Bytes. */
  memory?: number;
  /** `key=value`, as with `dockerd --label`. */
  labels?: readonly string[];
  /** Names of the images that are there from the beginning. */
  images?: readonly string[];
  clock?: Clock;
}>;

/** All that a simulated engine holds. */
export class World {
  readonly clock: Clock;
  readonly events: EventFeed;
  readonly containers: SimulatedContainers;
  readonly images: SimulatedImages;
  readonly networks: SimulatedNetworks;
  readonly volumes: SimulatedVolumes;
  private readonly id: string;

  constructor(private readonly options: SimulatedOptions) {
    this.id = options.id ?? randomUUID();
    this.clock = options.clock ?? systemClock;
    this.events = new EventFeed(this.clock);
    this.containers = new SimulatedContainers(this.clock, this.events);
    this.images = new SimulatedImages(this.events);
    this.networks = new SimulatedNetworks(this.events);
    this.volumes = new SimulatedVolumes(this.events);
    for (const image of options.images ?? ['busybox']) this.images.add(image, this.clock.now());
  }

  version() {
    return { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux', Arch: 'amd64' };
  }

  info() {
    const { name = 'simulated', cpus = 4, memory = 8 * 1024 ** 3, labels = [] } = this.options;
    return {
      ID: this.id,
      Name: name,
      Containers: this.containers.all().length,
      Images: this.images.all().length,
      Driver: 'overlay2',
      ServerVersion: this.version().Version,
      OperatingSystem: 'Simulated Linux',
      OSType: 'linux',
      Architecture: 'x86_64',
      KernelVersion: '6.1.0',
      NCPU: cpus,
      MemTotal: memory,
      Labels: labels,
    };
  }
}
