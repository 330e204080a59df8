import type { Release } from '../../../../src/contract/v1/releases.ts';
import { useWords } from '../../i18n/text.tsx';
import { releaseWords } from './release-words.ts';

/** Why a release came, and by whom. */
export function Cause({ release: { cause, by } }: Readonly<{ release: Pick<Release, 'cause' | 'by'> }>) {
  const w = useWords(releaseWords);
  if (cause.kind !== 'rollback') return w(`cause.${cause.kind}`, { by });
  return w(cause.automatic ? 'cause.automatic' : 'cause.rollback', { by, to: cause.to });
}
