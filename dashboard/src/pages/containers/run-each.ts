export type Failed<T> = Readonly<{ item: T; error: unknown }>;

export type Outcome<T> = Readonly<{
  /** In the order in which they came. */
  failed: readonly Failed<T>[];
  /** Not begun, as it was stopped. */
  left: readonly T[];
}>;

/**
 * Does something to each, some at once; what fails does not keep others from it. What has begun when it is stopped is carried
 * through.
 * @param onDone hears how many are done, or have failed
 */
export async function runEach<T>(
  items: readonly T[],
  run: (item: T) => Promise<unknown>,
  { atOnce, signal, onDone }: Readonly<{ atOnce: number; signal: AbortSignal; onDone(count: number): void }>,
): Promise<Outcome<T>> {
  const failed: Failed<T>[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (!signal.aborted && next < items.length) {
      const item = items[next++] as T;
      try {
        await run(item);
      } catch (error) {
        failed.push({ item, error });
      }
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { failed, left: items.slice(next) };
}
