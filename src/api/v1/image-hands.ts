import type { PullItem } from '../../contract/v1/images.ts';
import type { RouteOutput } from '../../contract/v1/route.ts';
import type { Routes } from '../../contract/v1/routes.ts';

/**
 * Acts on images and volumes where they are; wired in `src/main/`.
 * @throws BerthError as the Docker endpoint has them: `not_found`, `conflict`, `host_down`, `engine`
 */
export interface ImageHands {
  /** Refuses at once where no host is there for it; what fails on a host later is an item. */
  pull(image: string, nodes: readonly string[] | undefined): (signal: AbortSignal) => AsyncIterable<PullItem>;
  remove(image: string, force: boolean): Promise<RouteOutput<Routes['image.remove']>>;
  prune(all: boolean): Promise<RouteOutput<Routes['image.prune']>>;
  usage(): Promise<RouteOutput<Routes['disk.usage']>>;
}
