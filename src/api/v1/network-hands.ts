import type { ReachResult } from '../../contract/v1/networks.ts';
import type { RouteInput } from '../../contract/v1/route.ts';
import type { Routes } from '../../contract/v1/routes.ts';

export type NewNetwork = RouteInput<Routes['network.create']>;

/**
 * Makes and changes networks; wired in `src/main/`. Each takes what a person calls a network (ID, name, `host/name`), and a
 * container.
 * @throws BerthError as the Docker endpoint has them: `not_found`, `conflict`, `forbidden`, `host_down`, `engine`
 */
export interface NetworkHands {
  /** Whether one container reaches another one, and if not, where it breaks. Answers within 15 seconds. */
  test(from: string, to: string, port: number | undefined): Promise<ReachResult>;
  /** Returns its ID. */
  create(wanted: NewNetwork, user: string): Promise<string>;
  remove(ref: string): Promise<void>;
  connect(
    ref: string,
    container: string,
    asked: Readonly<{ ip?: string | undefined; aliases?: readonly string[] | undefined }>,
  ): Promise<void>;
  disconnect(ref: string, container: string): Promise<void>;
}
