import type { Coming } from '../../../../src/contract/v1/releases.ts';
import { serviceWords } from '../../actions/service-words.ts';
import { useWords } from '../../i18n/text.tsx';
import { Clock, isToday, Moment } from '../../parts/time.tsx';
import { releaseWords } from './release-words.ts';

/** What comes next in a release, by itself or by the buttons of the page. */
export function Next({ coming }: Readonly<{ coming: Coming }>) {
  const w = useWords(releaseWords);
  const aw = useWords(serviceWords);
  if (coming.kind === 'confirmation') {
    const what = { confirm: aw('confirm'), rollback: aw('rollback') };
    return <p className="note">{w('coming.confirmation', what)}</p>;
  }
  const next =
    coming.next.kind === 'weight'
      ? w('next.weight', { weight: coming.next.weight })
      : w(`next.${coming.next.kind}`);
  if (coming.kind === 'ready') return <p className="note">{w('coming.ready', { next })}</p>;
  const { step, of, until } = coming;
  const [before, behind] = w('coming.step', { step, of, until: '\0', next }).split('\0');
  return (
    <p className="note">
      {before}
      {isToday(until) ? <Clock at={until} /> : <Moment at={until} />}
      {behind}
    </p>
  );
}
