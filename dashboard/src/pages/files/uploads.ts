import type { StoredFile } from '../../../../src/contract/container-files.ts';
import { BerthError } from '../../../../src/contract/page-client.ts';
import type { Target } from './send-file.ts';

/** `ending`: all of it has left, and its host writes the rest. */
type UploadState = 'waiting' | 'sending' | 'ending' | 'done' | 'failed' | 'cancelled';

export type Upload = Readonly<{
  id: number;
  target: Target;
  file: Blob;
  state: UploadState;
  /** Bytes that have left. */
  sent: number;
  /** Of `failed`. */
  error?: unknown;
}>;

export type Send = (
  target: Target,
  file: Blob,
  signal: AbortSignal,
  onProgress: (sent: number) => void,
) => Promise<StoredFile>;

/**
 * Files on their way to containers, one after the other: a browser has six connections to a manager for all its tabs. They go on
 * while other pages are looked at.
 */
export class Uploads {
  private list: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private current: Readonly<{ id: number; stop: AbortController }> | undefined;
  private lastId = 0;

  constructor(private readonly send: Send) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** In the order in which they came; another array only where something has changed. */
  readonly snapshot = (): readonly Upload[] => this.list;

  add(files: readonly Readonly<{ target: Target; file: Blob }>[]): void {
    const added = files.map((one): Upload => ({ ...one, id: ++this.lastId, state: 'waiting', sent: 0 }));
    this.set([...this.list, ...added]);
    this.next();
  }

  cancel(id: number): void {
    if (this.current?.id === id) this.current.stop.abort(new Error('it was cancelled'));
    this.change(id, (one) => (isUnderWay(one) ? { ...one, state: 'cancelled' } : one));
  }

  /** All of them, and nothing is left to be seen. */
  drop(): void {
    this.current?.stop.abort(new Error('who has sent it has gone'));
    this.set([]);
  }

  /** Once more, from its beginning, and behind the others. */
  retry(id: number, replace: boolean): void {
    const found = this.list.find((one) => one.id === id);
    if (found === undefined || isUnderWay(found)) return;
    this.set(this.list.filter((one) => one !== found));
    this.add([{ file: found.file, target: { ...found.target, replace: found.target.replace || replace } }]);
  }

  /** Takes those of a container that have come to an end out of the list. */
  clear(container: string): void {
    this.set(this.list.filter((one) => isUnderWay(one) || one.target.container !== container));
  }

  private next(): void {
    if (this.current !== undefined) return;
    const upload = this.list.find(({ state }) => state === 'waiting');
    if (upload === undefined) return;
    const { id, file, target } = upload;
    const stop = new AbortController();
    this.current = { id, stop };
    this.change(id, (one) => ({ ...one, state: 'sending' }));
    const onProgress = (sent: number) =>
      this.change(id, (one) =>
        isUnderWay(one) ? { ...one, sent, state: sent >= file.size ? 'ending' : 'sending' } : one,
      );
    this.send(target, file, stop.signal, onProgress)
      .then(
        () => this.change(id, (one) => ({ ...one, state: 'done', sent: file.size })),
        (error: unknown) => this.fail(id, error),
      )
      .finally(() => {
        this.current = undefined;
        this.next();
      });
  }

  private fail(id: number, error: unknown): void {
    // Nobody is logged in any more: none of the others would get through.
    const isOut = error instanceof BerthError && error.code === 'unauthenticated';
    const isHit = (one: Upload) => isUnderWay(one) && (one.id === id || isOut);
    this.set(this.list.map((one) => (isHit(one) ? { ...one, state: 'failed', error } : one)));
  }

  private change(id: number, changed: (one: Upload) => Upload): void {
    this.set(this.list.map((one) => (one.id === id ? changed(one) : one)));
  }

  private set(list: readonly Upload[]): void {
    this.list = list;
    for (const listener of this.listeners) listener();
  }
}

export function isUnderWay({ state }: Upload): boolean {
  return state === 'waiting' || state === 'sending' || state === 'ending';
}
