import type { PullItem } from '../../contract/v1/images.ts';
import type { RouteOutput } from '../../contract/v1/route.ts';
import type { Routes } from '../../contract/v1/routes.ts';
import type { Role } from '../../model/access.ts';

/**
 * Acts on images and volumes where they are; wired in `src/main/`.
 * @throws BerthError as the Docker endpoint has them: `not_found`, `conflict`, `host_down`, `engine`
 */
export interface ImageHands {
  /** Names of the hosts that a pull goes to where none is named; none where there is no such host now. */
  fills(): readonly string[];
  /** Refuses at once where no host is there for it; what fails on a host later is an item. */
  pull(image: string, nodes: readonly string[] | undefined): (signal: AbortSignal) => AsyncIterable<PullItem>;
  remove(image: string, force: boolean): Promise<RouteOutput<Routes['image.remove']>>;
  prune(all: boolean): Promise<RouteOutput<Routes['image.prune']>>;
  /** @param role of who asks: a viewer may get an answer that is up to a minute old */
  usage(role: Role): Promise<RouteOutput<Routes['disk.usage']>>;
}
