import './events.css';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { ToldEvent } from '../../../../src/contract/v1/cluster.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { eventText, type Told } from '../../parts/event-text.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { toneOf } from '../../parts/state.tsx';
import { Clock, isToday, Moment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

const ICONS: Readonly<Record<ToldEvent['kind'], IconName>> = {
  ...{ node: 'hosts', container: 'containers', service: 'play', stack: 'overview', certificate: 'lock' },
  ...{ network: 'networks', volume: 'volumes' },
};

/** What has happened, one below the other. */
export function EventRows({ events }: Readonly<{ events: readonly Told[] }>) {
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
