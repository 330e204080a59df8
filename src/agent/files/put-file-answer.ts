import { putFileQuestionSchema, type StoredFile } from '../../contract/container-files.ts';
import type { Engine } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import { newLimit } from '../../kit/limit.ts';
import { withSignal } from '../../kit/linked-signal.ts';
import { putFile } from './put-file.ts';
import { runningPid } from './running-pid.ts';

/** Files that a host takes in at a time. */
const AT_ONCE = 4;
/** How long an engine may take to tell where a container's files are, milliseconds. */
const INSPECT_MS = 10_000;

/**
 * Takes in files for running containers. They come side by side and are written one piece at a time: a disk that does not
 * answer holds a thread, and this process has four, of which listings of folders may hold two.
 * @throws BerthError from the function that is returned
 */
export function putFileAnswers(
  engine: Pick<Engine, 'json'>,
  put = putFile,
): (question: unknown, signal: AbortSignal, sent: AsyncIterable<Uint8Array>) => Promise<StoredFile> {
  const disk = newLimit(1);
  let busy = 0;
  return async (question, asking, sent) => {
    const asked = putFileQuestionSchema.safeParse(question);
    if (!asked.success)
      throw new BerthError(
        'bad_request',
        'a file is put by a container’s ID, an absolute path of a folder, and a name',
      );
    const { container, ...file } = asked.data;
    if (busy >= AT_ONCE)
      throw new BerthError('unavailable', `its host is taking in ${AT_ONCE} files already`, {
        hint: 'try again when one of them is there',
      });
    busy++;
    try {
      const hint = 'start it, or use "docker cp", which also writes to what does not run';
      const pid = await withSignal([asking], INSPECT_MS, (signal) =>
        runningPid(engine, container, hint, signal),
      );
      return await put({ ...file, pid, engineId: container }, sent, disk, asking);
    } finally {
      busy--;
    }
  };
}
