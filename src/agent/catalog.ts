import { isDeepStrictEqual } from 'node:util';
import type { ObservedContainer } from '../model/container.ts';
import type { ObservedImage, ObservedNetwork, ObservedVolume } from '../model/objects.ts';

/** The kinds of object on a host and their records. */
export type Observed = {
  containers: ObservedContainer;
  images: ObservedImage;
  networks: ObservedNetwork;
  volumes: ObservedVolume;
};
export type ObservedKind = keyof Observed;

/** What became different in one kind; `gone` are keys. */
export type Difference<K extends ObservedKind = ObservedKind> = {
  [P in K]: Readonly<{ kind: P; changed: readonly Observed[P][]; gone: readonly string[] }>;
}[K];

export const KEY_OF: { readonly [K in ObservedKind]: (record: Observed[K]) => string } = {
  containers: ({ engineId }) => engineId,
  images: ({ imageId }) => imageId,
  networks: ({ networkId }) => networkId,
  volumes: ({ name }) => name,
};

/** The objects of one kind that were seen last. */
export class Catalog<K extends ObservedKind> {
  private readonly records = new Map<string, Observed[K]>();

  constructor(readonly kind: K) {}

  get(key: string): Observed[K] | undefined {
    return this.records.get(key);
  }

  all(): Observed[K][] {
    return [...this.records.values()];
  }

  /** True where it is new or different. */
  put(record: Observed[K]): boolean {
    const key = KEY_OF[this.kind](record);
    if (isDeepStrictEqual(this.records.get(key), record)) return false;
    this.records.set(key, record);
    return true;
  }

  /** True where it was there. */
  remove(key: string): boolean {
    return this.records.delete(key);
  }

  /** Puts a whole listing in place of what was known and tells the difference. */
  replace(records: readonly Observed[K][]): { changed: Observed[K][]; gone: string[] } {
    const there = new Set(records.map((record) => KEY_OF[this.kind](record)));
    const gone = [...this.records.keys()].filter((key) => !there.has(key));
    for (const key of gone) this.records.delete(key);
    return { changed: records.filter((record) => this.put(record)), gone };
  }
}
