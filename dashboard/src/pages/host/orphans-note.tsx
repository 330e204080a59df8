import { Link } from '@tanstack/react-router';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { useOrphans } from '../orphans/use-orphans.ts';
import { words } from '../orphans/words.ts';

/** Of a host that runs what a database that was put back does not know. */
export function OrphansNote({ node: { id, name } }: Readonly<{ node: Node }>) {
  const w = useWords(words);
  const own = (useOrphans().data?.orphans ?? []).filter(({ hostId }) => hostId === id);
  if (own.length === 0) return null;
  return (
    <div className="health tone-busy" role="status">
      <Icon name="warn" size={22} />
      <div>
        {w('here', { n: own.length })}{' '}
        <Link to="/orphans" search={{ q: name }}>
          {w('here.see')}
        </Link>
      </div>
    </div>
  );
}
