import { type FolderListing, folderQuestionSchema } from '../../contract/container-files.ts';
import type { Engine } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import { withSignal } from '../../kit/linked-signal.ts';
import { listFolder } from './container-folder.ts';
import { runningPid } from './running-pid.ts';

/** How long a folder may take, milliseconds: what is mounted there may not answer. */
const LIST_MS = 10_000;
/** So many are read at a time: one that does not answer holds a thread, and this process has four for files. */
const AT_ONCE = 2;

/** Answers what is in folders of running containers. @throws BerthError from the function that is returned */
export function folderAnswers(
  engine: Pick<Engine, 'json'>,
  list = listFolder,
): (question: unknown, signal: AbortSignal) => Promise<FolderListing> {
  let busy = 0;
  return async (question, asking) => {
    const asked = folderQuestionSchema.safeParse(question);
    if (!asked.success)
      throw new BerthError('bad_request', 'a folder is asked for by a container’s ID and an absolute path');
    const { container, path } = asked.data;
    return withSignal([asking], LIST_MS, async (signal) => {
      const hint = 'a file or folder whose path you know can be downloaded all the same';
      const pid = await runningPid(engine, container, hint, signal);
      if (busy >= AT_ONCE)
        throw new BerthError('unavailable', 'its host is listing other folders already', {
          hint: 'try again',
        });
      busy++;
      // What hangs goes on holding its thread after who has asked for it has been told.
      const listing = list(pid, container, path).finally(() => busy--);
      const late = new Promise<never>((_resolve, reject) => {
        const text = `"${path.slice(0, 200)}" did not answer within ${LIST_MS / 1000} s`;
        signal.addEventListener('abort', () => reject(new BerthError('timeout', text)), { once: true });
      });
      return Promise.race([listing, late]);
    });
  };
}
