import './router.css';
import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { RouteView } from '../../../../src/contract/v1/route-list.ts';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Domain } from '../../parts/domain.tsx';
import { domainText } from '../../parts/domain-text.ts';
import { Empty } from '../../parts/empty.tsx';
import { bytesText, msText } from '../../parts/format.ts';
import { RouteCharts } from '../../parts/traffic-charts.tsx';
import { errorText, optionTexts, rateText } from './route-text.ts';
import { ServiceLink } from './service-link.tsx';
import { words } from './words.ts';

const route = getRouteApi('/router/route/$route');
const EVERY_MS = 2_000;

/** One domain with its path, or one port: what goes through, and how it is treated. */
export function RoutePage() {
  const w = useWords(words);
  const { route: name } = route.useParams();
  useTitle(domainText(name));
  const query = usePolledQuery(
    ['route', name],
    (signal) => client.call('route.list', { name }, { signal }),
    EVERY_MS,
  );
  return (
    <Asked query={query}>
      {({ routes: [found] }) =>
        found === undefined ? (
          <div className="card">
            <Empty title={w('route.gone', { name: domainText(name) })} hint={w('route.gone.hint')}>
              <Button variant="default" renderRoot={(props) => <Link {...props} to="/router" />}>
                {w('routes')}
              </Button>
            </Empty>
          </div>
        ) : (
          <Route view={found} />
        )
      }
    </Asked>
  );
}

function Route({ view }: Readonly<{ view: RouteView }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const { name, service, balancer, port, certificate, traffic, ready } = view;
  const isDomain = !name.startsWith(':') && !name.startsWith('*');
  const options = optionTexts(view.options, w, language);
  return (
    <>
      <div className="head">
        <h1>
          <Domain name={name} />
        </h1>
        <span className={`state tone-${ready === 0 ? 'bad' : 'good'}`}>
          {w('routes.ready')} {ready}
        </span>
        <div className="head-side">
          {isDomain && (
            <Button
              variant="default"
              component="a"
              href={`${certificate === undefined ? 'http' : 'https'}://${name}`}
              target="_blank"
              rel="noreferrer"
            >
              {w('route.open')}
            </Button>
          )}
          <CopyAs way={{ cli: 'berth route ls', route: 'route.list', input: { name } }} />
        </div>
      </div>
      <div className="grid" style={{ '--least': '140px' } as React.CSSProperties}>
        <Figure label={w('routes.requests')}>{rateText(traffic.requestsPerSecond, language)}</Figure>
        <Figure label={w('routes.errors')}>{errorText(traffic, language)}</Figure>
        {(['p50', 'p95', 'p99'] as const).map((key) => (
          <Figure key={key} label={w(`routes.${key}`)}>
            {msText(traffic[key], language)}
          </Figure>
        ))}
      </div>
      <section className="card card-body" style={{ marginBottom: 16 }}>
        <RouteCharts route={name} />
      </section>
      <div className="grid">
        <section className="card card-body">
          <h2>{w('routes.target')}</h2>
          <dl className="facts">
            {service !== undefined && (
              <>
                <dt>{w('route.service')}</dt>
                <dd>
                  <ServiceLink service={service} />
                </dd>
              </>
            )}
            {balancer !== undefined && (
              <>
                <dt>{w('route.balancer')}</dt>
                <dd>
                  <Link to="/router/balancer/$balancer" params={{ balancer }}>
                    {balancer}
                  </Link>
                </dd>
              </>
            )}
            {port !== undefined && (
              <>
                <dt>{w('route.port')}</dt>
                <dd>{port}</dd>
              </>
            )}
            {!name.startsWith(':') && (
              <>
                <dt>{w('route.certificate')}</dt>
                <dd>
                  {certificate === undefined ? (
                    w('route.certificate.none')
                  ) : (
                    <Link to="/router" search={{ tab: 'certificates' }}>
                      <Domain name={certificate} />
                    </Link>
                  )}
                </dd>
              </>
            )}
          </dl>
        </section>
        <section className="card card-body">
          <h2>{w('route.options')}</h2>
          {options.length === 0 && <p className="note">{w('route.options.none')}</p>}
          <dl className="facts">
            {options.map((one) => (
              <Fact key={one.name} name={one.name}>
                {one.value}
              </Fact>
            ))}
          </dl>
        </section>
        <Traffic view={view} />
      </div>
      <Pools view={view} />
    </>
  );
}

function Figure({ label, children }: Readonly<{ label: string; children: ReactNode }>) {
  return (
    <div className="card tile">
      <span className="tile-label">{label}</span>
      <span className="tile-value">{children}</span>
    </div>
  );
}

function Fact({ name, children }: Readonly<{ name: string; children: ReactNode }>) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

const TONES = ['idle', 'good', 'idle', 'busy', 'bad', 'idle'] as const;

function Traffic({ view: { traffic } }: Readonly<{ view: RouteView }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const number = new Intl.NumberFormat(language);
  const classes = traffic.responses.flatMap((count, i) =>
    count === 0
      ? []
      : [{ count, name: i < 5 ? `${i + 1}xx` : w('route.classes.other'), tone: TONES[i] ?? 'idle' }],
  );
  return (
    <section className="card card-body">
      <h2>{w('route.traffic')}</h2>
      {traffic.requests === 0 && <p className="note">{w('route.quiet')}</p>}
      {classes.length > 0 && (
        <>
          <div className="split" aria-hidden="true">
            {classes.map(({ name, count, tone }) => (
              <div key={name} className={`tone-${tone}`} style={{ flexGrow: count }} />
            ))}
          </div>
          <ul className="legend" aria-label={w('route.classes')}>
            {classes.map(({ name, count, tone }) => (
              <li key={name}>
                <span className={`state tone-${tone}`}>
                  <b>{number.format(count)}</b> {name}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <dl className="facts" style={{ marginTop: 14 }}>
        <Fact name={w('route.requests')}>{number.format(traffic.requests)}</Fact>
        <Fact name={w('route.bytesIn')}>{bytesText(traffic.bytesIn, language)}</Fact>
        <Fact name={w('route.bytesOut')}>{bytesText(traffic.bytesOut, language)}</Fact>
      </dl>
    </section>
  );
}

function Pools({ view: { pools } }: Readonly<{ view: RouteView }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const all = pools.reduce((sum, { weight }) => sum + weight, 0);
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  return (
    <section className="card card-body">
      <h2>{w('route.pools')}</h2>
      {pools.length === 0 && <p className="note">{w('route.pools.none')}</p>}
      {pools.map(({ release, weight, traffic, servers }) => (
        <div key={release ?? 'all'} style={{ marginBottom: 14 }}>
          <p>
            <strong>
              {release === undefined ? w('route.targets') : w('route.release', { number: String(release) })}
            </strong>{' '}
            <span className="note">
              {w('route.share', { percent: percent.format(all === 0 ? 0 : weight / all) })}
              {traffic.requests > 0 &&
                ` · ${rateText(traffic.requestsPerSecond, language)}/s · ${errorText(traffic, language)} · p95 ${msText(traffic.p95, language)}`}
            </span>
          </p>
          <ul className="legend">
            {servers.map(({ address, port, state }) => (
              <li key={`${address} ${port}`}>
                <span
                  className={`state tone-${state === 'ready' ? 'good' : 'idle'}${state === 'ready' ? '' : ' hollow'}`}
                >
                  <span className="mono">
                    {address.includes(':') ? `[${address}]` : address}:{port}
                  </span>{' '}
                  {state === 'ready' || state === 'drain' || state === 'maint'
                    ? w(`route.server.${state}`)
                    : state}
                </span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
