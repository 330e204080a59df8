import { Link } from '@tanstack/react-router';
import { type ReactNode, Suspense } from 'react';
import type { Status } from '../../../src/contract/v1/cluster.ts';
import type { StackView } from '../../../src/contract/v1/services.ts';
import { useTitle } from '../app/shell.tsx';
import { client } from '../cluster/client.ts';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useLiveQuery } from '../cluster/use-live-query.ts';
import { useLanguage, useText } from '../i18n/text.tsx';
import { CpuMeter, MemoryMeter } from '../parts/capacity.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { eventText, isTold } from '../parts/event-text.ts';
import { useNotCounted } from '../parts/not-counted.tsx';
import { part } from '../parts/part.ts';
import { Problem } from '../parts/problem.tsx';
import { RoleLink } from '../parts/role-button.tsx';
import { toneOf, wordOf } from '../parts/state.tsx';
import { Clock, isToday, Moment } from '../parts/time.tsx';
import { Waiting } from '../parts/waiting.tsx';
import { Health } from './overview/health.tsx';

// Not of what is loaded first.
const ClusterCharts = part(async () => (await import('../parts/metric-charts.tsx')).ClusterCharts);

const MOST_EVENTS = 30;

export function OverviewPage() {
  const t = useText();
  useTitle(t('overview.title'));
  const status = useLiveQuery(['status'], (signal) => client.call('cluster.status', undefined, { signal }));
  const stacks = useLiveQuery(['stacks'], (signal) => client.call('stack.list', undefined, { signal }));
  const problem = status.error ?? stacks.error;
  return (
    <>
      <div className="head">
        <h1>{t('overview.title')}</h1>
        <div className="head-side">
          <CopyAs way={{ cli: 'berth status', route: 'cluster.status' }} />
        </div>
      </div>
      {problem !== null && status.data === undefined && <Problem error={problem} />}
      {problem === null && status.data === undefined && <Waiting />}
      {status.data !== undefined && <Health status={status.data} />}
      {status.data?.hosts.total === 0 && <NoHosts />}
      {status.data !== undefined && status.data.hosts.total > 0 && (
        <>
          <Tiles status={status.data} stacks={stacks.data?.stacks ?? []} />
          <div className="grid">
            <section className="card card-body">
              <h2>{t('overview.capacity')}</h2>
              <div style={{ display: 'grid', gap: 16 }}>
                <CpuMeter reserved={status.data.reserved} capacity={status.data.capacity} />
                <MemoryMeter reserved={status.data.reserved} capacity={status.data.capacity} />
              </div>
              <p className="note" style={{ marginBottom: 0 }}>
                {t('overview.capacity.hint')}
              </p>
            </section>
            <States status={status.data} />
          </div>
          <section className="card card-body" style={{ marginBottom: 16 }}>
            <Suspense fallback={<Waiting />}>
              <ClusterCharts />
            </Suspense>
          </section>
          <Events />
        </>
      )}
    </>
  );
}

function NoHosts() {
  const t = useText();
  return (
    <div className="card">
      <Empty title={t('overview.noHosts')} hint={t('overview.noHosts.hint')}>
        <RoleLink
          needs="admin"
          renderRoot={(props) => <Link {...props} to="/hosts" search={{ add: true }} />}
        >
          {t('hosts.add')}
        </RoleLink>
      </Empty>
    </div>
  );
}

const UNDER_WAY: ReadonlySet<string> = new Set(['releasing', 'waiting', 'paused']);

type TilesProps = Readonly<{ status: Status; stacks: readonly StackView[] }>;

function Tiles({ status: { hosts, containers }, stacks }: TilesProps) {
  const t = useText();
  const services = stacks.flatMap((stack) => stack.services);
  const isReady = ({ ready, wanted }: (typeof services)[number]) => ready >= wanted;
  const underWay = services.filter(({ release }) => UNDER_WAY.has(release.state));
  const { running = 0, finished = 0 } = containers.byState;
  return (
    <div className="grid" style={{ '--least': '140px' } as React.CSSProperties}>
      <Tile label={t('overview.hosts')} value={hosts.byState.ready ?? 0} of={hosts.total}>
        {(props) => <Link {...props} to="/hosts" />}
      </Tile>
      <Tile label={t('overview.containers')} value={running} of={containers.managed - finished}>
        {(props) => <Link {...props} to="/containers" />}
      </Tile>
      <Tile label={t('overview.services')} value={services.filter(isReady).length} of={services.length}>
        {(props) => <Link {...props} to="/stacks" />}
      </Tile>
      <Tile label={t('overview.releases')} value={underWay.length}>
        {(props) => <Link {...props} to="/stacks" />}
      </Tile>
    </div>
  );
}

type TileProps = Readonly<{
  label: string;
  value: number;
  of?: number;
  children?(props: Readonly<{ className: string; children: ReactNode }>): ReactNode;
}>;

function Tile({ label, value, of, children }: TileProps) {
  const { t, language } = useLanguage();
  const inside = (
    <>
      <span className="tile-label">{label}</span>
      <span className="tile-value">
        {new Intl.NumberFormat(language).format(value)}
        {of !== undefined && <small>{t('overview.of', { n: of })}</small>}
      </span>
    </>
  );
  if (children !== undefined) return children({ className: 'card tile', children: inside });
  return <div className="card tile">{inside}</div>;
}

function States({ status: { containers } }: Readonly<{ status: Status }>) {
  const { t, language } = useLanguage();
  const notCounted = useNotCounted();
  const states = Object.entries(containers.byState)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const number = new Intl.NumberFormat(language);
  return (
    <section className="card card-body">
      <h2>{t('overview.states')}</h2>
      {states.length === 0 && <p className="note">{t('containers.none')}</p>}
      {states.length > 0 && (
        <div className="split" aria-hidden="true">
          {states.map(([state, count]) => (
            <div key={state} className={`tone-${toneOf(state)}`} style={{ flexGrow: count }} />
          ))}
        </div>
      )}
      <ul className="legend">
        {states.map(([state, count]) => (
          <li key={state}>
            <span className={`state tone-${toneOf(state)}`}>
              <b>{number.format(count)}</b> {wordOf(t, 'state', state)}
            </span>
          </li>
        ))}
      </ul>
      {notCounted !== '' && (
        <p className="note" style={{ marginBottom: 0 }}>
          {t('overview.notCounted', { what: notCounted })}
        </p>
      )}
    </section>
  );
}

function Events() {
  const t = useText();
  const { nodes } = usePicture();
  const { data, error } = useLiveQuery(['events', 'newest'], (signal) =>
    client.call('events.list', { limit: MOST_EVENTS }, { signal }),
  );
  const happened = data?.events.filter(isTold);
  const hostName = (id: string) => nodes.find((node) => node.id === id)?.name ?? id;
  return (
    <section className="card card-body">
      <h2 id="happened">{t('overview.events')}</h2>
      {error !== null && happened === undefined && <Problem error={error} />}
      {happened?.length === 0 && <p className="note">{t('overview.events.none')}</p>}
      {happened !== undefined && happened.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
        <ul className="events" tabIndex={0} aria-labelledby="happened">
          {happened.map((one) => (
            <li key={one.id}>
              {isToday(one.at) ? <Clock at={one.at} /> : <Moment at={one.at} />}
              <span>{eventText(one.event, t, hostName)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
