import { Link } from '@tanstack/react-router';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { Empty } from '../../parts/empty.tsx';
import { isTold } from '../../parts/event-text.ts';
import { EventRows } from '../events/event-rows.tsx';
import { words } from './words.ts';

const MOST = 200;

/** What has happened to a host and on it, newest first. */
export function EventsTab({ node }: Readonly<{ node: Node }>) {
  const w = useWords(words);
  const query = useLiveQuery(['events', 'host', node.id], (signal) =>
    client.call('events.list', { host: node.id, limit: MOST }, { signal }),
  );
  return (
    <Asked query={query}>
      {({ events }) => (
        <section className="card rows">
          {events.length === 0 && <Empty title={w('events.none')} hint={w('events.none.hint')} />}
          {events.length > 0 && <EventRows events={events.filter(isTold)} />}
          {events.length >= MOST && (
            <p className="card-body note">
              <Link to="/events" search={{ host: node.name }}>
                {w('events.all')}
              </Link>
            </p>
          )}
        </section>
      )}
    </Asked>
  );
}
