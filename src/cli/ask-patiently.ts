import { type Backoff, backoffDelay } from '../kit/backoff.ts';
import { BerthError } from '../kit/errors.ts';
import type { CliContext } from './command.ts';
import { clean } from './terminal/text.ts';

/** A manager that begins anew is there again by then. */
const PATIENCE_MS = 30_000;
const PAUSES: Backoff = { baseMs: 500, maxMs: 4_000 };

/** What goes on without the one who looks at it. */
export type GoesOn = Readonly<{
  /** `what was begun`. */
  what: string;
  /** Command that shows how far it is, quoted. */
  look: string;
  /** No longer than that, milliseconds since the epoch. */
  until?: number | undefined;
}>;

/**
 * Asks for how far something is, and asks again for a while where the manager does not answer: it goes on without it.
 * @throws BerthError what the manager has refused; `unavailable`, with how to look later, where it stays away
 */
export async function askPatiently<T>(
  { clock, interrupt, out }: CliContext,
  { what, look, until }: GoesOn,
  ask: () => Promise<T>,
): Promise<T> {
  let since: number | undefined;
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await ask();
      if (since !== undefined) out.note('the manager answers again');
      return answer;
    } catch (thrown) {
      if (interrupt.aborted || !(thrown instanceof BerthError) || !thrown.retryable) throw thrown;
      const now = clock.now();
      since ??= now;
      if (now - since >= PATIENCE_MS || (until !== undefined && now >= until))
        throw new BerthError(
          'unavailable',
          `${thrown.message}, for ${Math.round((now - since) / 1000)} s; ${what} goes on all the same, or with the manager's next start`,
          { hint: `${look} shows how far it is, once the manager answers`, cause: thrown },
        );
      if (attempt === 0) out.note(`${clean(thrown.message)}; it is asked again for ${PATIENCE_MS / 1000} s`);
      await clock.sleep(backoffDelay(PAUSES, attempt), interrupt);
    }
  }
}

/** Runs what looks at it, and says where Ctrl-C has ended the looking that it was that alone. */
export async function watching<T>(
  { interrupt, out }: CliContext,
  { what, look }: GoesOn,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (interrupt.aborted) out.note(`${what} goes on all the same: ${look} shows how far it is`);
    throw thrown;
  }
}
