import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { KeptFile } from '../../model/kept-file.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';

/** How long nothing must have changed before it is looked, milliseconds. */
const QUIET_MS = 1_000;
const WATCHED: ReadonlySet<string> = new Set(['stacks', 'services', 'releases', 'containers', 'keptFiles']);

/**
 * Deletes the files of stacks that nothing needs any more: neither the stack as it is, nor a release that can be gone back to,
 * nor a container. Returns how many.
 */
export function sweepFiles(tx: WriteTx): number {
  const gone = [...tx.all('keptFiles')].filter((file) => isOver(tx, file));
  if (gone.length === 0) return 0;
  const needed = neededFiles(tx);
  const swept = gone.filter(({ id }) => !needed.has(id));
  for (const { id } of swept) tx.delete('keptFiles', id);
  return swept.length;
}

/** IDs of all that a release or a container has. */
function neededFiles(tx: ReadTx): ReadonlySet<string> {
  const needed = new Set<string>();
  const service = (files: readonly Readonly<{ file?: Readonly<{ id: string }> | undefined }>[]) => {
    for (const { file } of files) if (file !== undefined) needed.add(file.id);
  };
  for (const { spec } of tx.all('releases')) service(spec.files);
  for (const record of tx.all('services')) service(record.service.files);
  for (const { files } of tx.all('containers')) for (const { id } of files ?? []) needed.add(id);
  return needed;
}

function isOver(tx: ReadTx, { stack, superseded }: KeptFile): boolean {
  return superseded === true || (stack !== undefined && tx.get('stacks', stack) === undefined);
}

/** Sweeps whenever something has changed that may have needed one. Returns what ends it. */
export function keepFilesSwept({ store, logger }: Readonly<{ store: Store; logger: Logger }>): () => void {
  let timer: NodeJS.Timeout | undefined;
  const sweep = () => {
    timer = undefined;
    if (store.view((tx) => ![...tx.all('keptFiles')].some((file) => isOver(tx, file)))) return;
    store
      .update(sweepFiles)
      .catch((thrown) => logger.warn({ error: messageOf(thrown) }, 'files that are over were not deleted'));
  };
  const later = () => {
    timer ??= setTimeout(sweep, QUIET_MS);
  };
  const unwatch = store.watch(({ changes }) => {
    if (store.view((tx) => tx.count('keptFiles')) > 0 && changes.some(({ table }) => WATCHED.has(table)))
      later();
  });
  later();
  return () => {
    unwatch();
    clearTimeout(timer);
  };
}
