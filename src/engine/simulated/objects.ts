import { createHash } from 'node:crypto';
import { newLongId } from '../../kit/ids.ts';
import type { EventFeed } from './event-feed.ts';
import { noSuch, Refusal } from './refusal.ts';

type Json = Record<string, unknown>;
type Labels = Record<string, string>;

export type SimulatedImage = {
  readonly id: string;
  tags: string[];
  readonly created: number;
  readonly labels: Labels;
};
export type SimulatedNetwork = Readonly<{
  id: string;
  name: string;
  driver: string;
  labels: Labels;
  options: Json;
}>;
export type SimulatedVolume = Readonly<{ name: string; driver: string; labels: Labels; options: Json }>;

const tagged = (reference: string) => (/:[^/]+$/.test(reference) ? reference : `${reference}:latest`);

/** Images of a simulated engine: names and labels, no layers. */
export class SimulatedImages {
  private readonly images = new Map<string, SimulatedImage>();

  constructor(private readonly events: EventFeed) {}

  all(): SimulatedImage[] {
    return [...this.images.values()];
  }

  /** Makes an image of that name, as a pull would. */
  add(reference: string, created: number, labels: Labels = {}): SimulatedImage {
    const tag = tagged(reference);
    const id = `sha256:${createHash('sha256').update(tag).digest('hex')}`;
    const image = { id, tags: [tag], created, labels };
    this.images.set(id, image);
    this.events.emit('image', 'pull', tag, { ...labels, name: tag });
    return image;
  }

  /** @throws Refusal 404 */
  get(reference: string): SimulatedImage {
    const wanted = tagged(reference);
    const found = this.all().find(({ id, tags }) => id === reference || tags.includes(wanted));
    return found ?? noSuch('image', wanted);
  }

  remove(image: SimulatedImage): void {
    this.images.delete(image.id);
    this.events.emit('image', 'delete', image.id, { name: image.id });
  }
}

/** Networks of a simulated engine: names and labels, no packets. */
export class SimulatedNetworks {
  private readonly networks = new Map<string, SimulatedNetwork>();

  constructor(private readonly events: EventFeed) {
    for (const name of ['bridge', 'host', 'none']) {
      const id = newLongId();
      this.networks.set(id, { id, name, driver: name === 'none' ? 'null' : name, labels: {}, options: {} });
    }
  }

  all(): SimulatedNetwork[] {
    return [...this.networks.values()];
  }

  create(body: Json & { Name?: string; Driver?: string; Labels?: Labels | null }): SimulatedNetwork {
    const name = body.Name ?? '';
    if (body.CheckDuplicate !== false && this.all().some((network) => network.name === name)) {
      throw new Refusal(409, `network with name ${name} already exists`);
    }
    const network = {
      id: newLongId(),
      name,
      driver: body.Driver || 'bridge',
      labels: body.Labels ?? {},
      options: body,
    };
    this.networks.set(network.id, network);
    this.events.emit('network', 'create', network.id, { name, type: network.driver });
    return network;
  }

  /** @throws Refusal 404 */
  get(reference: string): SimulatedNetwork {
    const found = this.networks.get(reference) ?? this.all().find(({ name }) => name === reference);
    if (found === undefined) throw new Refusal(404, `network ${reference} not found`);
    return found;
  }

  remove(network: SimulatedNetwork): void {
    this.networks.delete(network.id);
    this.events.emit('network', 'destroy', network.id, { name: network.name, type: network.driver });
  }
}

/** Volumes of a simulated engine: names and labels, no bytes. */
export class SimulatedVolumes {
  private readonly volumes = new Map<string, SimulatedVolume>();

  constructor(private readonly events: EventFeed) {}

  all(): SimulatedVolume[] {
    return [...this.volumes.values()];
  }

  /** As Docker's: one that is there already is the answer. */
  create(body: Json & { Name?: string; Driver?: string; Labels?: Labels | null }): SimulatedVolume {
    const name = body.Name || newLongId();
    const known = this.volumes.get(name);
    if (known !== undefined) return known;
    const volume = { name, driver: body.Driver || 'local', labels: body.Labels ?? {}, options: body };
    this.volumes.set(name, volume);
    this.events.emit('volume', 'create', name, { driver: volume.driver });
    return volume;
  }

  /** @throws Refusal 404 */
  get(name: string): SimulatedVolume {
    return this.volumes.get(name) ?? noSuch('volume', name);
  }

  remove(volume: SimulatedVolume): void {
    this.volumes.delete(volume.name);
    this.events.emit('volume', 'destroy', volume.name, { driver: volume.driver });
  }
}
