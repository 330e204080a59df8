import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { Domain } from '../../parts/domain.tsx';
import { shareText, spanText } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { Triggers } from './triggers.tsx';
import { type ServiceSpec, useService } from './use-service.ts';
import { waysWords } from './ways-words.ts';
import './table.css';

/** What routers count changes without an event. */
const FIGURES_MS = 5000;

/** The ways into a service: who gets to it, when it counts as well, and who may set it off. */
export function ServiceWays() {
  const { data } = useService();
  if (data === undefined) return null;
  return (
    <>
      <Routes name={`${data.stack}/${data.name}`} />
      <Probes spec={data.spec} />
      <Triggers stack={data.stack} service={data.name} />
    </>
  );
}

function Routes({ name }: Readonly<{ name: string }>) {
  const w = useWords(waysWords);
  const { language } = useLanguage();
  const { data, error } = useLiveQuery(
    ['routes'],
    (signal) => client.call('route.list', { brief: true }, { signal }),
    FIGURES_MS,
  );
  const own = data?.routes.filter(({ service }) => service === name) ?? [];
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return (
    <section className="card card-body release" aria-labelledby="routes">
      <h2 id="routes">{w('routes')}</h2>
      {data === undefined && (error === null ? <Waiting /> : <Problem error={error} />)}
      {data !== undefined && own.length === 0 && <p className="note">{w('routes.none')}</p>}
      {own.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
        <div className="table" tabIndex={0} role="group" aria-labelledby="routes">
          <table>
            <thead>
              <tr>
                <th scope="col">{w('route')}</th>
                <th scope="col">{w('port')}</th>
                <th scope="col">{w('ready')}</th>
                <th scope="col">{w('requests')}</th>
                <th scope="col">{w('errors')}</th>
                <th scope="col">{w('p95')}</th>
              </tr>
            </thead>
            <tbody>
              {own.map(({ name: route, port, ready, traffic }) => (
                <tr key={`${route} ${port}`}>
                  <th scope="row">
                    <Domain name={route} />
                  </th>
                  <td>{port}</td>
                  <td>
                    <span className={`state tone-${ready === 0 ? 'bad' : 'good'}`}>{ready}</span>
                  </td>
                  <td>{number.format(traffic.requestsPerSecond)}</td>
                  <td>{traffic.requests === 0 ? '–' : shareText(traffic.errorRate, language)}</td>
                  <td>{traffic.p95 === null ? '–' : `${number.format(traffic.p95)} ms`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {data !== undefined && own.length > 0 && data.missing.length > 0 && (
        <p className="note">{w('missing', { hosts: data.missing.join(', ') })}</p>
      )}
    </section>
  );
}

type Probe = NonNullable<ServiceSpec['readiness']>;

function Probes({ spec: { readiness, liveness } }: Readonly<{ spec: ServiceSpec }>) {
  const w = useWords(waysWords);
  return (
    <section className="card card-body release">
      <h2>{w('probes')}</h2>
      <dl className="facts">
        <dt>{w('readiness')}</dt>
        <dd>{readiness === undefined ? w('probe.none') : <ProbeText probe={readiness} />}</dd>
        <dt>{w('liveness')}</dt>
        <dd>{liveness === undefined ? w('liveness.none') : <ProbeText probe={liveness} />}</dd>
      </dl>
    </section>
  );
}

function ProbeText({ probe }: Readonly<{ probe: Probe }>) {
  const w = useWords(waysWords);
  const { language } = useLanguage();
  const { check, intervalMs, timeoutMs, failures, successes } = probe;
  const times = {
    ...{ interval: spanText(intervalMs, language), timeout: spanText(timeoutMs, language) },
    ...{ failures, successes },
  };
  return (
    <>
      <bdi>{what()}</bdi>{' '}
      {check.kind !== 'image' && <span className="note">({w('probe.times', times)})</span>}
    </>
  );

  function what(): string {
    switch (check.kind) {
      case 'http':
        return w('probe.http', { url: `${check.scheme}://container:${check.port}${check.path}` });
      case 'tcp':
        return w('probe.tcp', { port: String(check.port) });
      case 'exec':
        return w('probe.exec', { argv: check.argv.join(' ') });
      case 'image':
        return w('probe.image');
    }
  }
}
