import type { DockerSpec } from '../../model/container.ts';
import type { ReadTx } from '../../store/store.ts';

export type Placement = Readonly<{ hostId: string }>;

/** Chooses a host for a container from what the store knows; synchronous, so that it can run inside `store.update`. */
export interface Placer {
  /**
   * @throws BerthError `no_room` with host counts by reason; `bad_request` for an expression that does not parse;
   *   `not_found` ("No such image: …") where an image is missing on every host that would fit.
   */
  place(tx: ReadTx, request: PlaceRequest): Placement;
  /** Every host with its verdict and score, best first; nothing is created. */
  explain(tx: ReadTx, request: PlaceRequest): PlacementExplanation;
}

export type PlaceRequest = Readonly<{
  name: string;
  spec: DockerSpec;
  /** Overrides the cluster's strategy. */
  strategy?: string;
  /** The image is pulled where it is not: hosts that lack it will do. */
  anyImage?: boolean;
}>;

export type PlacementExplanation = Readonly<{
  chosen: string | undefined;
  /** One message with host counts by reason, where no host was found. */
  refusal: string | undefined;
  /** True where hosts would fit but for the image, which a pull brings. */
  onlyImageMissing?: boolean;
  hosts: readonly Readonly<{
    hostId: string;
    hostName: string;
    fits: boolean;
    /** Why not; empty where it fits. */
    reasons: readonly string[];
    /** It is ready, and a hard constraint leaves it out. */
    outside?: true;
    /** The strategy's score; only of hosts that fit. */
    score: number | undefined;
  }>[];
}>;
