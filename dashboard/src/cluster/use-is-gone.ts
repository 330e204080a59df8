import { useId, useRef } from 'react';
import type { There } from './there.ts';
import { useLiveQuery } from './use-live-query.ts';

/** Not of everything its removal is an event. */
const EVERY_MS = 5_000;

/** Somebody has removed it while it was shown, as far as that is known. */
export function useIsGone(there: There | undefined): boolean {
  // Of this dialog alone: of another one of its name the next dialog asks anew.
  const id = useId();
  const isGone = useRef(false);
  const { data } = useLiveQuery(
    ['there', id],
    async (signal) => {
      // What is gone does not come back: under its name there is another one then.
      isGone.current ||= there !== undefined && !(await there(signal));
      return !isGone.current;
    },
    there === undefined ? undefined : EVERY_MS,
  );
  return data === false;
}
