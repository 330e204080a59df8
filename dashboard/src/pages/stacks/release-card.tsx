import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Problem } from '../../parts/problem.tsx';
import type { Tone } from '../../parts/state.tsx';
import { Ago } from '../../parts/time.tsx';
import { ReleaseCharts } from '../../parts/traffic-charts.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { Cause } from './cause.tsx';
import { Next } from './next.tsx';
import { releaseWords } from './release-words.ts';
import { ShiftPolicy } from './shift-policy.tsx';
import type { ServiceSpec } from './use-service.ts';
import { Versions } from './versions.tsx';
import { WeightForm } from './weight-form.tsx';

/** What routers count changes without an event. */
const FIGURES_MS = 5000;

const TONES: Readonly<Record<string, Tone>> = {
  ...{ releasing: 'busy', waiting: 'busy', confirmed: 'busy', paused: 'bad', done: 'good' },
  ...{ failed: 'bad', 'rolled-back': 'bad' },
};

type Props = Readonly<{ service: ServiceView; spec: ServiceSpec }>;

/** How far the release is that is wanted, and how its versions answer. */
export function ReleaseCard({ service, spec }: Props) {
  const w = useWords(releaseWords);
  const said = useSaid();
  const { stack, name, current, wanted } = service;
  const { data, error } = useLiveQuery(
    ['release.status', stack, name],
    (signal) => client.call('release.status', { stack, service: name }, { signal }),
    FIGURES_MS,
  );
  if (data === undefined)
    return (
      <section className="card card-body">{error === null ? <Waiting /> : <Problem error={error} />}</section>
    );
  const { release, kind, waiting, coming, versions, missing } = data;
  const { number: n, state, reason, shift } = release;
  const tone = TONES[state] ?? 'idle';
  const isUnderWay = ['releasing', 'waiting', 'confirmed', 'paused'].includes(state);
  const hasRoutes = spec.routes.length + spec.listeners.length > 0;
  const isShared = shift !== undefined && isUnderWay && release.cause.kind !== 'rollback';
  return (
    <section className="card card-body release" aria-labelledby="release">
      <h2 id="release">
        {w('title', { n })} <span className="chip">{w(`kind.${kind}`)}</span>
      </h2>
      <p className="release-line">
        <span className={`state tone-${tone}`}>{w(`state.${state}`)}</span>{' '}
        <span className="note">
          <Cause release={release} />, <Ago at={release.at} />
        </span>
      </p>
      {reason !== '' && <p className="release-reason">{said(reason)}</p>}
      {waiting !== '' && <p className="release-reason">{w('waiting', { why: said(waiting) })}</p>}
      {isUnderWay && (
        <Meter
          label={w('progress')}
          used={Math.min(current, wanted)}
          all={wanted}
          text={w('ready', { ready: current, all: wanted })}
          isGoal
        />
      )}
      {coming !== undefined && <Next coming={coming} />}
      {isShared && <WeightForm service={service} shift={shift} canServe={current > 0} />}
      {isShared && spec.update.shift !== undefined && (
        <ShiftPolicy policy={spec.update.shift} update={spec.update} at={shift.step} />
      )}
      {(versions.length > 1 || versions.some(({ traffic }) => traffic.requests > 0)) && (
        <Versions versions={versions} missing={missing} />
      )}
      {(isShared || versions.length > 1) && hasRoutes && (
        <div className="version-charts">
          <ReleaseCharts stack={stack} service={name} newest={n} limits={spec.update.shift?.analysis} />
        </div>
      )}
    </section>
  );
}
