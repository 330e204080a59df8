/** Runs tasks, at most `width` at once, in the order in which they came. */
export function newLimit(width: number): <R>(task: () => Promise<R>) => Promise<R> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      // The place goes over to the next one, so that nobody comes in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
