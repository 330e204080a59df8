import { createContext, useContext, useState } from 'react';

/** What a person has chosen in place of what is there, and what was there when they began. */
export type Draft<T> = Readonly<{ base: T; value: T }>;

type Compared<T> = Readonly<{
  /** What a form shows. */
  value: T;
  /** What was there when the person began. */
  base: T;
  isChanged: boolean;
  /** What somebody else has made of it meanwhile. */
  theirs: T | undefined;
}>;

/** A draft beside what is there by now. */
export function compared<T>(
  draft: Draft<T> | undefined,
  now: T,
  same: (a: T, b: T) => boolean = Object.is,
): Compared<T> {
  if (draft === undefined || same(draft.value, now))
    return { value: now, base: now, isChanged: false, theirs: undefined };
  const { base, value } = draft;
  return { value, base, isChanged: true, theirs: same(base, now) ? undefined : now };
}

type Held<T> = Compared<T> &
  Readonly<{
    choose(value: T): void;
    /** Back to what is there. */
    drop(): void;
    /** What was chosen goes on, over what somebody else has made of it. */
    insist(): void;
  }>;

/** Drafts of a page with tabs, by what they are of: they stay while another tab is looked at. */
export const KeptDrafts = createContext<Map<string, Draft<unknown>>>(new Map());

/**
 * A value in a form that others may change, too: what was chosen stays, and what the others have done is told.
 * @param kept what it is of among `KeptDrafts`
 */
export function useDraft<T>(now: T, same: (a: T, b: T) => boolean = Object.is, kept?: string): Held<T> {
  const drafts = useContext(KeptDrafts);
  const [draft, setOwn] = useState(
    // Of that name there are only drafts of this kind.
    () => (kept === undefined ? undefined : (drafts.get(kept) as Draft<T> | undefined)),
  );
  const setDraft = (next: Draft<T> | undefined) => {
    setOwn(next);
    if (kept === undefined) return;
    if (next === undefined) drafts.delete(kept);
    else drafts.set(kept, next);
  };
  const all = compared(draft, now, same);
  // It has come to be: whatever it is from now on is another's doing.
  if (draft !== undefined && !all.isChanged) setDraft(undefined);
  return {
    ...all,
    choose: (value) => setDraft({ base: all.base, value }),
    drop: () => setDraft(undefined),
    insist: () => setDraft({ base: now, value: all.value }),
  };
}
