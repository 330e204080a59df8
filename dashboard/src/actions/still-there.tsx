import { useEffect } from 'react';
import type { There } from '../cluster/there.ts';
import { useIsGone } from '../cluster/use-is-gone.ts';

export type Watched = Readonly<{ there: There; onGone(): void }>;

/** Tells once that what a question is about has been removed. */
export function StillThere({ there, onGone }: Watched) {
  const isGone = useIsGone(there);
  useEffect(() => {
    if (isGone) onGone();
  }, [isGone, onGone]);
  return null;
}
