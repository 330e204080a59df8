/** Runs tasks of one key one after the other, and those of different keys side by side. */
export type KeyedQueue = <R>(key: string, task: () => Promise<R>) => Promise<R>;

export function newKeyedQueue(): KeyedQueue {
  const last = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const before = last.get(key) ?? Promise.resolve();
    const run = before.then(task, task);
    const end = run
      .catch(() => {})
      .then(() => {
        if (last.get(key) === end) last.delete(key);
      });
    last.set(key, end);
    return run;
  };
}
