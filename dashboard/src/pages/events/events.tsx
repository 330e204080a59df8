import './events.css';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useState } from 'react';
import type { PastEvent, ToldEvent } from '../../../../src/contract/v1/cluster.ts';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { eventText } from '../../parts/event-text.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { toneOf } from '../../parts/state.tsx';
import { Clock, Moment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

const route = getRouteApi('/events');
const KINDS = ['node', 'container', 'service', 'stack', 'certificate', 'network', 'volume'] as const;
/** So many are asked for, and so many more with each wish for earlier ones. */
const PAGE = 200;
const MOST = 1_000;

type Told = PastEvent & Readonly<{ event: ToldEvent }>;

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
              {events.length > 0 && <Rows events={events} />}
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

function isTold(one: PastEvent): one is Told {
  return one.event.kind !== 'reset';
}

/** How many have come since; undefined: all of them. */
function newerThan(events: readonly Told[], id: string | undefined): number | undefined {
  const at = events.findIndex((one) => one.id === id);
  if (at >= 0) return at;
  return events.length === 0 ? 0 : undefined;
}

const ICONS: Readonly<Record<ToldEvent['kind'], IconName>> = {
  ...{ node: 'hosts', container: 'containers', service: 'play', stack: 'overview', certificate: 'lock' },
  ...{ network: 'networks', volume: 'volumes' },
};

function Rows({ events }: Readonly<{ events: readonly Told[] }>) {
  const w = useWords(words);
  const t = useText();
  const { nodes } = usePicture();
  const names = useMemo(() => new Map(nodes.map(({ id, name }) => [id, name])), [nodes]);
  return (
    <VirtualRows
      label={w('title')}
      rows={events}
      rowHeight={40}
      maxHeight="calc(100dvh - 250px)"
      columns="190px 130px 1fr"
      narrow="1fr 2.2fr"
      heads={[{ text: w('time') }, { text: w('kind'), wide: true }, { text: w('what') }]}
      render={({ at, event }) => {
        const text = eventText(event, t, (id) => names.get(id) ?? id);
        return [
          <span key="time" className="figures">
            {isToday(at) ? <Clock at={at} /> : <Moment at={at} />}
          </span>,
          <span key="kind" className={`event-kind tone-${toneOfEvent(event)}`}>
            <Icon name={ICONS[event.kind]} size={15} /> {w(`kind.${event.kind}`)}
          </span>,
          <span key="what" title={text}>
            <Target event={event}>
              <bdi>{text}</bdi>
            </Target>
          </span>,
        ];
      }}
    />
  );
}

/** A telephone has no room for the day beside the hour. */
function isToday(at: number): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}

function toneOfEvent(event: ToldEvent): string {
  if (event.change === 'removed') return 'idle';
  if (event.kind === 'container') return toneOf(event.state, event.health);
  if (event.kind === 'node') return toneOf(event.state);
  if (event.kind === 'certificate') return event.worry === '' ? 'good' : 'busy';
  if (event.kind === 'service') return event.ready < event.wanted ? 'busy' : 'good';
  return 'idle';
}

/** Leads to what it has happened to, while that is there. */
function Target({ event, children }: Readonly<{ event: ToldEvent; children: React.ReactNode }>) {
  if (event.change === 'removed') return <span>{children}</span>;
  switch (event.kind) {
    case 'node':
      return (
        <Link className="quiet" to="/hosts/$host" params={{ host: event.name }}>
          {children}
        </Link>
      );
    case 'container':
      return (
        <Link className="quiet" to="/containers/$container" params={{ container: event.id }}>
          {children}
        </Link>
      );
    case 'certificate':
      return (
        <Link className="quiet" to="/router" search={{ tab: 'certificates' }}>
          {children}
        </Link>
      );
    case 'network':
      return (
        <Link className="quiet" to="/networks/$network" params={{ network: event.name }}>
          {children}
        </Link>
      );
    case 'volume':
      return (
        <Link className="quiet" to="/volumes/$volume" params={{ volume: event.name }}>
          {children}
        </Link>
      );
    case 'stack':
      return (
        <Link className="quiet" to="/stacks/$stack" params={{ stack: event.name }}>
          {children}
        </Link>
      );
    case 'service':
      return (
        <Link
          className="quiet"
          to="/stacks/$stack/services/$service"
          params={{ stack: event.stack, service: event.name }}
        >
          {children}
        </Link>
      );
  }
}
