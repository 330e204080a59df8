type Come<T> = Readonly<
  { source: AsyncGenerator<T> } & ({ result: IteratorResult<T> } | { thrown: unknown })
>;

/** What several sources give, as it comes; ends when all have. Whoever leaves ends them all. */
export async function* merged<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  // Not by a race for each value: one who is silent would hold on to all races until he speaks.
  const come: Come<T>[] = [];
  let wake = () => {};
  const tell = (next: Come<T>) => {
    come.push(next);
    wake();
  };
  const ask = (source: AsyncGenerator<T>) =>
    void source.next().then(
      (result) => tell({ source, result }),
      (thrown) => tell({ source, thrown }),
    );
  try {
    for (const source of sources) ask(source);
    for (let open = sources.length; open > 0; ) {
      const next = come.shift();
      if (next === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      else if ('thrown' in next) throw next.thrown;
      else if (next.result.done === true) open--;
      else {
        ask(next.source);
        yield next.result.value;
      }
    }
  } finally {
    for (const source of sources) void source.return(undefined).catch(() => undefined);
  }
}
