import type { ActionResult } from '../../contract/link.ts';
import type { Container } from '../../model/container.ts';

/** What the agents answered to the generations that they were given. */
export interface Assignments {
  /**
   * Resolves once the host's agent has acted on `generation` (or a later one) of the container, with the result of that
   * action. The observation that it led to is in the store by then.
   * @throws BerthError `engine` with the engine's status and message where the engine refused; `host_down` where the
   *   host is not connected or was lost while waiting; `timeout`.
   */
  settled(containerId: string, generation: number, signal?: AbortSignal): Promise<ActionResult>;

  /** Its host was given it in this manager's life, and has not told yet that it acted: it may be about to make it. */
  isDue(container: Container): boolean;
}
