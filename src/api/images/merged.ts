/** What several sources give, as it comes; ends when all have. Whoever leaves ends them all. */
export async function* merged<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  type Next = Readonly<{ source: AsyncGenerator<T>; result: IteratorResult<T> }>;
  const next = async (source: AsyncGenerator<T>): Promise<Next> => ({ source, result: await source.next() });
  const pending = new Map(sources.map((source) => [source, next(source)]));
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      if (result.done === true) pending.delete(source);
      else {
        pending.set(source, next(source));
        yield result.value;
      }
    }
  } finally {
    for (const source of sources) void source.return(undefined).catch(() => undefined);
  }
}
