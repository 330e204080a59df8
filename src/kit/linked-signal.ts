export type LinkedSignal = Readonly<{
  signal: AbortSignal;
  /** Fires now. */
  fire(reason: unknown): void;
  /** Lets go of the parents and of the timer; the signal does not fire any more. */
  release(): void;
}>;

/**
 * A signal that fires with the first of `parents`, or after `timeoutMs` with a `TimeoutError`. Instead of
 * `AbortSignal.any([…, AbortSignal.timeout(…)])`, which Node 20 may collect as garbage before it fires, and which leaves an
 * entry on a long-lived parent for each use.
 */
export function linkedSignal(
  parents: readonly (AbortSignal | undefined)[],
  timeoutMs?: number,
): LinkedSignal {
  const controller = new AbortController();
  const onAbort = (event: Event) => fire((event.target as AbortSignal).reason);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => fire(new DOMException(`timed out after ${timeoutMs} ms`, 'TimeoutError')),
          timeoutMs,
        );
  const release = () => {
    clearTimeout(timer);
    for (const parent of parents) parent?.removeEventListener('abort', onAbort);
  };
  const fire = (reason: unknown) => {
    release();
    controller.abort(reason);
  };
  for (const parent of parents) parent?.addEventListener('abort', onAbort, { once: true });
  const aborted = parents.find((parent) => parent?.aborted);
  if (aborted !== undefined) fire(aborted.reason);
  return { signal: controller.signal, fire, release };
}

/** Runs `task` with such a signal, for as long as the task takes. */
export async function withSignal<T>(
  parents: readonly (AbortSignal | undefined)[],
  timeoutMs: number,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, release } = linkedSignal(parents, timeoutMs);
  try {
    return await task(signal);
  } finally {
    release();
  }
}
