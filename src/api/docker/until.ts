import type { ReadTx, Store } from '../../store/store.ts';

/**
 * Waits until `met` holds of the store, at most `ms`: an agent reports what an engine did a moment after the engine
 * has answered, and a client's next command must find it.
 * @returns whether it was met
 */
export function until(store: Store, ms: number, met: (tx: ReadTx) => boolean): Promise<boolean> {
  if (store.view(met)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (result: boolean) => {
      clearTimeout(timer);
      unwatch();
      resolve(result);
    };
    const timer = setTimeout(() => done(false), ms);
    const unwatch = store.watch(() => {
      if (store.view(met)) done(true);
    });
  });
}
