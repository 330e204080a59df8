import { readiness } from '../../../../src/contract/readiness.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { isScalable } from '../../actions/service-actions.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { Empty } from '../../parts/empty.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { MemberRows } from './member-rows.tsx';
import { ReleaseCard } from './release-card.tsx';
import { Runs } from './runs.tsx';
import { ScaleCard } from './scale-card.tsx';
import { serviceWords } from './service-words.ts';
import { type ServiceSpec, useService } from './use-service.ts';

/** How many containers a service has, of which version, and where. */
export function ServiceOverview() {
  const { data } = useService();
  if (data === undefined) return null;
  const { spec, ...service } = data;
  return (
    <>
      <div className="grid">
        {isScalable(service) && <ScaleCard service={service} spec={spec} />}
        <Facts service={service} spec={spec} />
      </div>
      {service.mode !== 'cron' && <ReleaseCard service={service} spec={spec} />}
      {service.mode === 'cron' && <Runs stack={service.stack} service={service.name} />}
      <Replicas service={service} />
    </>
  );
}

type FactsProps = Readonly<{
  service: ServiceView;
  spec: ServiceSpec;
}>;

function Facts({ service, spec }: FactsProps) {
  const w = useWords(serviceWords);
  const { mode, release } = service;
  const counts = readiness(service);
  const { runs, dependsOn } = spec;
  const command = [spec.container.Cmd ?? []]
    .flat()
    .map((word) => shellWord(String(word)))
    .join(' ');
  const times = runs.kind === 'cron' ? { schedule: runs.schedule, zone: runs.timeZone } : undefined;
  return (
    <section className="card card-body">
      <h2>{w('facts')}</h2>
      <dl className="facts">
        <dt>{w('image')}</dt>
        <dd>{service.image}</dd>
        {command !== '' && (
          <>
            <dt>{w('command')}</dt>
            <dd className="mono clamp" title={command}>
              <bdi>{command}</bdi>
            </dd>
          </>
        )}
        <dt>{w('mode')}</dt>
        <dd>{w(`mode.${mode}`, times)}</dd>
        {mode !== 'cron' && (
          <>
            <dt>{w('ready')}</dt>
            <dd>{w(counts.before > 0 ? 'readyOf.versions' : 'readyOf', counts)}</dd>
          </>
        )}
        <dt>{w('release')}</dt>
        <dd>#{release.number}</dd>
        {dependsOn.length > 0 && (
          <>
            <dt>{w('after')}</dt>
            <dd>{dependsOn.map((one) => one.service).join(', ')}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Replicas({ service: { stack, name, mode, wanted, release } }: Readonly<{ service: ServiceView }>) {
  const w = useWords(serviceWords);
  const { data, error } = useLiveQuery(['service.ps', stack, name], (signal) =>
    client.call('service.ps', { stack, service: name }, { signal }),
  );
  const stopped = mode === 'cron' ? 'noReplicas.cron' : 'noReplicas.stopped';
  return (
    <section className="card rows" aria-labelledby="replicas">
      <div className="card-body" style={{ paddingBottom: 0 }}>
        <h2 id="replicas">{w('replicas')}</h2>
      </div>
      {data === undefined && (error === null ? <Waiting /> : <Problem error={error} />)}
      {data?.containers.length === 0 && (
        <Empty title={w('noReplicas')} hint={w(wanted === 0 ? stopped : 'noReplicas.hint')} />
      )}
      {data !== undefined && data.containers.length > 0 && (
        <MemberRows
          label={w('replicas')}
          members={data.containers}
          maxHeight="520px"
          release={release.number}
        />
      )}
    </section>
  );
}
