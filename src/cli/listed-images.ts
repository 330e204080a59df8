import type { Service } from '../model/service.ts';

type ListedImage = Readonly<{
  id: string;
  tags: readonly string[];
  createdAt: number;
  hostNames: readonly string[];
  /** Containers that were made of it. */
  users: readonly string[];
}>;

/** Images of all hosts, as they were told once. */
export class ListedImages {
  private readonly byTag = new Map<string, ListedImage[]>();

  /** @param fills hosts that images are for; undefined where the manager is too old to tell */
  constructor(
    private readonly images: readonly ListedImage[],
    readonly fills: readonly string[] | undefined,
  ) {
    for (const image of images.toSorted((a, b) => b.createdAt - a.createdAt))
      for (const tag of image.tags) this.byTag.set(tag, [...(this.byTag.get(tag) ?? []), image]);
  }

  has(id: string): boolean {
    return this.images.some((one) => one.id === id);
  }

  /** The one of that name with the ID, if there is one, or else the newest: as the cluster takes the name. */
  find(tag: string, id?: string): ListedImage | undefined {
    const all = this.byTag.get(tag) ?? [];
    return all.find((one) => one.id === id) ?? all[0];
  }

  /** Whether a container of the service is of an image that has lost its name to another one. */
  hasFormer(tag: string, { naming }: Pick<Service, 'naming'>): boolean {
    const isOwn = (name: string) =>
      naming.kind === 'fixed'
        ? name === naming.name
        : name.startsWith(naming.prefix) && /^\d+$/.test(name.slice(naming.prefix.length));
    return this.images.some(({ tags, users }) => !tags.includes(tag) && users.some(isOwn));
  }

  /** Hosts that should have it and have none of that name; none where hosts differ under it: it is not known which is right. */
  missing(tag: string): readonly string[] {
    const [image, ...others] = this.byTag.get(tag) ?? [];
    if (image === undefined || others.length > 0) return [];
    return (this.fills ?? []).filter((host) => !image.hostNames.includes(host));
  }
}
