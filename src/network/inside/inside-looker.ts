import { BerthError, messageOf } from '../../kit/errors.ts';
import { type LookAnswer, lookAnswerSchema } from '../../model/look.ts';
import { type Run, run as runProgram } from '../commands.ts';
import { type InsideJob, LOOK_WORD } from './look-inside.ts';

/** Has this program look around in a network namespace (`/run/docker/netns/…`). */
export type InsideLooker = (namespacePath: string, job: InsideJob) => Promise<LookAnswer>;

/** A child of the self-contained agent is there after a second or two on a slow machine. */
const START_MS = 8_000;

/**
 * By a child, as Node has no `setns`; see `namespace-sockets.ts`.
 * @param command argv that starts this program again
 */
export function insideLooker(command: readonly string[], run: Run = runProgram): InsideLooker {
  return async (namespacePath, job) => {
    const argv = ['nsenter', `--net=${namespacePath}`, '--', ...command, LOOK_WORD];
    const text = await run(argv, { input: JSON.stringify(job), timeoutMs: job.ms + START_MS });
    try {
      return lookAnswerSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new BerthError(
        'internal',
        `what was seen in ${namespacePath} is not to be read: ${messageOf(cause)}`,
      );
    }
  };
}
