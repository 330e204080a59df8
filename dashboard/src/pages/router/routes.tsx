import { Button, NativeSelect, TextInput, VisuallyHidden } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo } from 'react';
import type { RouteView } from '../../../../src/contract/v1/route-list.ts';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { domainText, domainTitle } from '../../parts/domain-text.ts';
import { Empty } from '../../parts/empty.tsx';
import { msText } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { errorText, rateText } from './route-text.ts';
import { ServiceLink } from './service-link.tsx';
import { words } from './words.ts';

const route = getRouteApi('/router');
/** Figures are of the last minute: they change as often as this, milliseconds. */
const EVERY_MS = 3_000;
const SHOWN = ['all', 'dead', 'errors', 'plain'] as const;
const SORTS = ['name', 'requests', 'errors', 'p95'] as const;
type Shown = (typeof SHOWN)[number];
type Sort = (typeof SORTS)[number];

const IS_SHOWN: Readonly<Record<Shown, (one: RouteView) => boolean>> = {
  all: () => true,
  dead: ({ ready }) => ready === 0,
  errors: ({ traffic }) => traffic.errors > 0,
  plain: ({ name, certificate }) => certificate === undefined && !name.startsWith(':'),
};
const MOST_FIRST: Readonly<Record<Exclude<Sort, 'name'>, (one: RouteView) => number>> = {
  requests: ({ traffic }) => traffic.requestsPerSecond,
  errors: ({ traffic }) => traffic.errors,
  p95: ({ traffic }) => traffic.p95 ?? -1,
};

/** Domains and ports that lead somewhere, with what goes through; ten thousand of them as well. */
export function Routes() {
  const w = useWords(words);
  const { q = '', show, sort } = route.useSearch();
  const navigate = useNavigate();
  const query = usePolledQuery(
    ['routes'],
    (signal) => client.call('route.list', { brief: true }, { signal }),
    EVERY_MS,
  );
  const shown = SHOWN.find((one) => one === show) ?? 'all';
  const sorted = SORTS.find((one) => one === sort) ?? 'name';
  const text = useDeferredValue(q).toLowerCase();
  const all = query.data?.routes;
  const found = useMemo(() => {
    const parts = text.split(/\s+/).filter(Boolean);
    const some = (all ?? []).filter(
      (one) =>
        IS_SHOWN[shown](one) &&
        parts.every((part) =>
          `${one.name} ${domainText(one.name)} ${one.service ?? one.balancer}`.toLowerCase().includes(part),
        ),
    );
    const rows = some.map((one) => ({ ...one, id: one.name }));
    if (sorted === 'name') return rows;
    return rows.sort((a, b) => MOST_FIRST[sorted](b) - MOST_FIRST[sorted](a));
  }, [all, text, shown, sorted]);
  const filter = (change: Readonly<{ q?: string; show?: string; sort?: string }>) => {
    const next = { q, show: shown === 'all' ? '' : shown, sort: sorted === 'name' ? '' : sorted, ...change };
    const search = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ''));
    void navigate({ to: '/router', search, replace: true });
  };
  const isFiltered = q !== '' || shown !== 'all';
  return (
    <Asked query={query}>
      {({ routes, missing }) => (
        <>
          <div className="filters">
            <TextInput
              aria-label={w('routes.filter')}
              placeholder={w('routes.filter')}
              leftSection={<Icon name="search" size={16} />}
              value={q}
              onChange={(event) => filter({ q: event.currentTarget.value })}
            />
            <NativeSelect
              aria-label={w('routes.show')}
              value={shown}
              onChange={({ currentTarget: { value } }) => filter({ show: value === 'all' ? '' : value })}
              data={SHOWN.map((value) => ({ value, label: w(`routes.show.${value}`) }))}
            />
            <NativeSelect
              aria-label={w('routes.sort')}
              value={sorted}
              onChange={({ currentTarget: { value } }) => filter({ sort: value === 'name' ? '' : value })}
              data={SORTS.map((value) => ({ value, label: w(`routes.sort.${value}`) }))}
            />
            <span className="note" role="status" style={{ alignSelf: 'center' }}>
              {isFiltered
                ? w('routes.some', { n: found.length, all: routes.length })
                : w('routes.count', { n: routes.length })}
            </span>
            <div className="head-side">
              <CopyAs way={{ cli: 'berth route ls', route: 'route.list' }} />
            </div>
          </div>
          {missing.length > 0 && routes.length > 0 && (
            <p className="note">{w('routes.missing', { hosts: missing.toSorted().join(', ') })}</p>
          )}
          <div className="card rows">
            {found.length > 0 && <Rows routes={found} />}
            {routes.length === 0 && <Empty title={w('routes.none')} hint={w('routes.none.hint')} />}
            {routes.length > 0 && found.length === 0 && (
              <Empty title={w('routes.noMatch')} hint={w('routes.some', { n: 0, all: routes.length })}>
                <Button variant="default" onClick={() => filter({ q: '', show: '' })}>
                  {w('routes.clear')}
                </Button>
              </Empty>
            )}
          </div>
          <p className="note">{w('routes.minute')}</p>
        </>
      )}
    </Asked>
  );
}

function Rows({ routes }: Readonly<{ routes: readonly (RouteView & Readonly<{ id: string }>)[] }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  return (
    <VirtualRows
      label={w('routes')}
      rows={routes}
      rowHeight={44}
      maxHeight="calc(100dvh - 300px)"
      columns="minmax(140px, 2.4fr) minmax(90px, 1.4fr) 60px 90px 70px 64px 64px 64px"
      narrow="1.8fr 0.8fr 0.7fr"
      heads={[
        { text: w('routes.name') },
        { text: w('routes.target'), wide: true },
        { text: w('routes.ready'), wide: true },
        { text: w('routes.requests') },
        { text: w('routes.errors') },
        { text: w('routes.p50'), wide: true },
        { text: w('routes.p95'), wide: true },
        { text: w('routes.p99'), wide: true },
      ]}
      render={({ name, service, balancer, certificate, ready, traffic }) => [
        <span key="name" className="with-lock">
          {certificate !== undefined && (
            <span title={w('routes.tls', { name: domainText(certificate) })}>
              <Icon name="lock" size={15} />
              <VisuallyHidden>{w('routes.tls', { name: domainText(certificate) })}</VisuallyHidden>
            </span>
          )}
          <Link to="/router/route/$route" params={{ route: name }} title={domainTitle(name) ?? name}>
            <bdi>{domainText(name)}</bdi>
          </Link>
        </span>,
        balancer === undefined ? (
          <ServiceLink key="to" service={service ?? ''} />
        ) : (
          <Link key="to" className="quiet" to="/router/balancer/$balancer" params={{ balancer }}>
            {balancer}
          </Link>
        ),
        <span key="ready" className={`state tone-${ready === 0 ? 'bad' : 'good'}`}>
          {ready}
        </span>,
        <span key="requests" className="figure">
          {rateText(traffic.requestsPerSecond, language)}
        </span>,
        <span key="errors" className="figure">
          {traffic.errors > 0 ? (
            <strong style={{ color: 'var(--bad)' }}>{errorText(traffic, language)}</strong>
          ) : (
            errorText(traffic, language)
          )}
        </span>,
        ...(['p50', 'p95', 'p99'] as const).map((key) => (
          <span key={key} className="figure">
            {msText(traffic[key], language)}
          </span>
        )),
      ]}
    />
  );
}
