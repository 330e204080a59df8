import type { Assignment } from '../contract/link.ts';
import type { Engine } from '../engine/index.ts';
import type { Clock } from '../kit/clock.ts';
import type { KeyedQueue } from '../kit/keyed-queue.ts';
import { withSignal } from '../kit/linked-signal.ts';
import type { Logger } from '../kit/logger.ts';
import type { DockerSpec } from '../model/container.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../model/labels.ts';
import type { HostFiles } from './files/host-files.ts';
import { isStatus, isTimeout, noAnswerWithin } from './listing.ts';

/** For what an engine does at once. */
export const QUICK_MS = 60_000;

/** One container that steps are carried out for. */
export type StepContext = {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly cluster: string;
  readonly id: string;
  readonly name: string;
  /** `/v1.41`: the version in which the user's spec was written, as far as this engine speaks it. */
  readonly prefix: string;
  /** An earlier attempt may have made the container without the agent's having heard of it. */
  readonly mayExist: boolean;
  body(assignment: Assignment): DockerSpec;
  /** This host answers names in that network. */
  answersIn(networkId: string): boolean;
  /** The engine has the network already: its plugins must know. */
  adoptNetwork(id: string, engineId: string): Promise<void>;
  /** One at a time for each name: engines make two networks of one name. */
  exclusive: KeyedQueue;
  /** Undefined where the engine is on another machine. */
  files?: HostFiles | undefined;
  /** The engine's container; set by `create`. */
  engineId: string | undefined;
  /** Warnings of the engine's create answer. */
  warnings: readonly string[];
};

export async function exists(context: StepContext, path: string): Promise<boolean> {
  try {
    await call(context, QUICK_MS, 'GET', path);
    return true;
  } catch (thrown) {
    if (isStatus(thrown, 404)) return false;
    throw thrown;
  }
}

export async function call(
  context: StepContext,
  timeoutMs: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  try {
    return await withSignal([context.signal], timeoutMs, (signal) =>
      context.engine.json<unknown>(method, path, body, signal),
    );
  } catch (thrown) {
    throw isTimeout(thrown) ? noAnswerWithin(path.split('?')[0] ?? path, timeoutMs) : thrown;
  }
}

export function marked(context: StepContext, labels: unknown, id: string): Record<string, unknown> {
  const given = typeof labels === 'object' && labels !== null ? labels : {};
  return { ...given, [LABEL_ID]: id, [LABEL_CLUSTER]: context.cluster };
}

export function ignore(
  ...those: (number | ((thrown: unknown) => boolean))[]
): (thrown: unknown) => undefined {
  return (thrown) => {
    if (those.some((that) => (typeof that === 'number' ? isStatus(thrown, that) : that(thrown))))
      return undefined;
    throw thrown;
  };
}
