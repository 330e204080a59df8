import type { Release } from '../../../../src/contract/v1/releases.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { nameOf, rollbackAction } from '../../actions/service-actions.tsx';
import { serviceWords as actionWords } from '../../actions/service-words.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { FieldChanges } from '../../parts/field-changes.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { Ago } from '../../parts/time.tsx';
import { ReleaseCharts } from '../../parts/traffic-charts.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { Cause } from './cause.tsx';
import { releaseWords } from './release-words.ts';
import { useService, useServiceName } from './use-service.ts';

/** Who has released what, what was different, and the way back to each. */
export function ServiceReleases() {
  const w = useWords(releaseWords);
  const params = useServiceName();
  const { data: service } = useService();
  const { data, error } = useLiveQuery(['release.history', params.stack, params.service], (signal) =>
    client.call('release.history', params, { signal }),
  );
  if (data === undefined || service === undefined)
    return error === null ? <Waiting /> : <Problem error={error} />;
  const { routes, listeners } = service.spec;
  return (
    <>
      {routes.length + listeners.length > 0 && (
        <section className="card card-body release" aria-labelledby="answers">
          <h2 id="answers">{w('answers')}</h2>
          <ReleaseCharts {...params} newest={service.release.number} limits={undefined} />
        </section>
      )}
      <section className="card card-body" aria-labelledby="history">
        <div className="head" style={{ marginBottom: 6 }}>
          <h2 id="history" style={{ margin: 0 }}>
            {w('history')}
          </h2>
          <div className="head-side">
            <CopyAs
              way={{
                cli: `berth release history ${shellWord(nameOf(service))}`,
                route: 'release.history',
                input: params,
              }}
            />
          </div>
        </div>
        <p className="note">{w('history.hint')}</p>
        <ol className="releases">
          {data.releases.map((release) => (
            <Row key={release.number} release={release} service={service} />
          ))}
        </ol>
      </section>
    </>
  );
}

type RowProps = Readonly<{ release: Release; service: ServiceView }>;

function Row({ release, service }: RowProps) {
  const w = useWords(releaseWords);
  const aw = useWords(actionWords);
  const said = useSaid();
  const { number: n, state, image, reason, changes, at, cause } = release;
  const isCurrent = n === service.release.number;
  const back = { ...rollbackAction(service, aw, n), label: w('bring') };
  return (
    <li>
      <div className="releases-head">
        <strong>#{n}</strong>
        {isCurrent ? <span className="chip">{w('current')}</span> : null}
        <span>{w(`state.${state}`)}</span>
        <span className="note">
          <Cause release={release} />, <Ago at={at} />
        </span>
        {!isCurrent && !service.removing && service.mode !== 'cron' && (
          <div className="head-side">
            <ActionButtons actions={[back]} />
          </div>
        )}
      </div>
      <div className="note mono">{image}</div>
      {reason !== '' && <p className="release-reason">{said(reason)}</p>}
      {changes.length > 0 && (
        <details>
          <summary>{w('changes', { n: changes.length })}</summary>
          <FieldChanges label={w('changesOf', { n })} changes={changes} />
        </details>
      )}
      {changes.length === 0 && cause.kind === 'deploy' && (
        <p className="note">{w(n === 1 ? 'first' : 'noChanges')}</p>
      )}
    </li>
  );
}
