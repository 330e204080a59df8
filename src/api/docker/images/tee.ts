import { PassThrough, type Readable } from 'node:stream';
import { BerthError } from '../../../kit/errors.ts';

/** A branch that takes nothing for this long holds all others up, and is dropped (milliseconds). */
const STALL_MS = 60_000;

export type Tee = Readonly<{
  /** One stream for each branch. Destroying it drops it; the others go on. */
  branches: readonly PassThrough[];
  /** Resolves when the source has ended, or no branch is left; rejects where the source broke off. */
  finished: Promise<void>;
}>;

/**
 * Sends one stream to several readers. The slowest sets the pace, so no more than a few chunks are in memory; one that
 * is destroyed, or takes nothing for a minute, is left out. The source is not destroyed.
 */
export function tee(source: Readable, count: number, stallMs = STALL_MS): Tee {
  const branches = Array.from({ length: count }, () => new PassThrough());
  // A dropped branch tells its reader; here nobody needs to hear.
  for (const branch of branches) branch.on('error', () => undefined);
  return { branches, finished: pump(source, branches, stallMs) };
}

async function pump(source: Readable, branches: readonly PassThrough[], stallMs: number): Promise<void> {
  try {
    // Leaving the loop early must not destroy the client's connection, on which it still gets its answer.
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      const open = branches.filter((branch) => !branch.destroyed);
      if (open.length === 0) return;
      await Promise.all(open.map((branch) => give(branch, chunk, stallMs)));
    }
    for (const branch of branches) branch.end();
  } catch (thrown) {
    const error = new BerthError('bad_request', 'the upload broke off before its end', { cause: thrown });
    for (const branch of branches) branch.destroy(error);
    throw error;
  }
}

/** Resolves when the branch can take more, or is gone. */
function give(branch: PassThrough, chunk: unknown, stallMs: number): Promise<void> {
  if (branch.write(chunk)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      branch.destroy(
        new BerthError('timeout', `the host took nothing of the upload for ${stallMs / 1000} s`),
      );
    }, stallMs);
    const done = () => {
      clearTimeout(timer);
      branch.off('drain', done).off('close', done);
      resolve();
    };
    branch.on('drain', done).on('close', done);
  });
}
