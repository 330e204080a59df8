import { Button, NativeSelect, TextInput } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { isTold, type Told } from '../../parts/event-text.ts';
import { Icon } from '../../parts/icons.tsx';
import { EventRows } from './event-rows.tsx';
import { words } from './words.ts';

const route = getRouteApi('/events');
const KINDS = ['node', 'container', 'service', 'stack', 'certificate', 'network', 'volume'] as const;
/** So many are asked for, and so many more with each wish for earlier ones. */
const PAGE = 200;
const MOST = 1_000;

/** What has happened in the cluster, as it happens; of the past what the manager still knows. */
export function EventsPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const { nodes } = usePicture();
  const { kind, host = '', q = '' } = route.useSearch();
  const navigate = useNavigate();
  const [limit, setLimit] = useState(PAGE);
  const [held, setHeld] = useState<readonly Told[]>();
  const text = useDeferredValue(q.trim());
  const chosen = KINDS.find((one) => one === kind);
  const hostId = nodes.find(({ name }) => name === host)?.id ?? (host === '' ? undefined : host);
  const query = useLiveQuery(['events', chosen ?? '', hostId ?? '', text, String(limit)], (signal) =>
    client.call(
      'events.list',
      {
        limit,
        ...(chosen === undefined ? {} : { kind: chosen }),
        ...(hostId === undefined ? {} : { host: hostId }),
        ...(text === '' ? {} : { text }),
      },
      { signal },
    ),
  );
  const filter = (change: Readonly<{ kind?: string; host?: string; q?: string }>) => {
    setHeld(undefined);
    const all = Object.entries({ kind: chosen ?? '', host, q, ...change }).filter(([, one]) => one !== '');
    void navigate({ to: '/events', search: Object.fromEntries(all), replace: true });
  };
  const fresh = useMemo(() => (query.data?.events ?? []).filter(isTold), [query.data]);
  const events = held ?? fresh;
  const newer = held === undefined ? 0 : newerThan(fresh, held[0]?.id);
  const isFiltered = chosen !== undefined || host !== '' || q !== '';
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        <span className="note" role="status">
          {held === undefined
            ? w('count', { n: events.length })
            : newer === undefined
              ? w('many', { n: fresh.length })
              : newer > 0
                ? w('newer', { n: newer })
                : w('paused')}
        </span>
        <div className="head-side">
          <Button
            variant="default"
            leftSection={<Icon name={held === undefined ? 'pause' : 'play'} size={16} />}
            onClick={() => setHeld(held === undefined ? fresh : undefined)}
          >
            {w(held === undefined ? 'pause' : 'follow')}
          </Button>
          <CopyAs way={{ cli: 'berth events', route: 'events.list' }} />
        </div>
      </div>
      <div className="filters">
        <TextInput
          aria-label={w('filter')}
          placeholder={w('filter')}
          leftSection={<Icon name="search" size={16} />}
          value={q}
          onChange={(event) => filter({ q: event.currentTarget.value })}
        />
        <NativeSelect
          aria-label={w('kind')}
          value={chosen ?? ''}
          onChange={(event) => filter({ kind: event.currentTarget.value })}
          data={[
            { value: '', label: w('kind.all') },
            ...KINDS.map((value) => ({ value, label: w(`kind.${value}`) })),
          ]}
        />
        <NativeSelect
          aria-label={w('host')}
          value={host}
          onChange={(event) => filter({ host: event.currentTarget.value })}
          data={[
            { value: '', label: w('host.all') },
            ...[...new Set([...nodes.map(({ name }) => name), ...(host === '' ? [] : [host])])].map(
              (value) => ({ value, label: value }),
            ),
          ]}
        />
      </div>
      <Asked query={query}>
        {({ next }) => (
          <>
            <div className="card rows">
              {events.length > 0 && <EventRows events={events} />}
              {events.length === 0 && !isFiltered && <Empty title={w('none')} hint={w('none.hint')} />}
              {events.length === 0 && isFiltered && (
                <Empty title={w('noMatch')} hint={w('noMatch.hint')}>
                  <Button variant="default" onClick={() => filter({ kind: '', host: '', q: '' })}>
                    {w('clear')}
                  </Button>
                </Empty>
              )}
            </div>
            {next !== undefined && held === undefined && limit < MOST && (
              <Button
                variant="default"
                mt="sm"
                loading={query.isFetching}
                onClick={() => setLimit(Math.min(MOST, limit + PAGE))}
              >
                {w('more')}
              </Button>
            )}
          </>
        )}
      </Asked>
    </>
  );
}

/** How many have come since; undefined: all of them. */
function newerThan(events: readonly Told[], id: string | undefined): number | undefined {
  const at = events.findIndex((one) => one.id === id);
  if (at >= 0) return at;
  return events.length === 0 ? 0 : undefined;
}
