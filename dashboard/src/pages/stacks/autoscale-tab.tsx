import { useState } from 'react';
import type { ScaledView } from '../../../../src/contract/v1/autoscale.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import type { Action } from '../../actions/action.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { nameOf, serviceThere } from '../../actions/service-actions.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { shellWord } from '../../parts/format.ts';
import { ServiceCharts } from '../../parts/metric-charts.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Ago } from '../../parts/time.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { askScaling } from './ask-scaling.ts';
import { ScalingCharts } from './scaling-charts.tsx';
import { ScalingForm } from './scaling-form.tsx';
import { scalingWords } from './scaling-words.ts';
import { type ServiceSpec, useService } from './use-service.ts';

/** Figures change without an event. */
const FIGURES_MS = 5000;

/** How the number of containers follows their load: why, by which rules, and what was decided. */
export function ServiceAutoscaling() {
  const w = useWords(scalingWords);
  const { data } = useService();
  if (data === undefined) return null;
  const { spec, ...service } = data;
  if (service.mode !== 'replicated')
    return (
      <div className="card">
        <Empty title={w('numberless')} hint={w('numberless.hint')} />
      </div>
    );
  return <Autoscaling service={service} spec={spec} />;
}

type Words = ReturnType<typeof useWords<keyof (typeof scalingWords)['en']>>;
type Props = Readonly<{ service: ServiceView; spec: ServiceSpec }>;

function Autoscaling({ service, spec }: Props) {
  const w = useWords(scalingWords);
  const { stack, name } = service;
  const isScaled = service.scaling != null;
  const { data, error } = useLiveQuery(
    ['autoscale.explain', stack, name, String(isScaled)],
    (signal) => askScaling(client, { stack, service: name }, signal),
    FIGURES_MS,
  );
  // The form stays while what it is of is read again: somebody may be typing.
  const [known, setKnown] = useState<typeof data>();
  if (data !== undefined && data !== known) setKnown(data);
  if (known === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  const byHand = known?.byHand === true || (known === null && spec.scaling !== undefined);
  return (
    <>
      {known === null ? (
        <div className="card release">
          <Empty title={w('none')} hint={w(spec.scaling === undefined ? 'none.hint' : 'none.off')} />
        </div>
      ) : (
        <Now service={service} scaled={known} />
      )}
      <ScalingForm service={service} now={known?.scaling ?? null} byHand={byHand}>
        <ActionButtons
          actions={[
            ...(byHand ? [removeAction(service, spec, known?.scaling ?? null, w)] : []),
            ...(known === null ? [] : [offAction(service, known.scaling, w)]),
          ]}
        />
      </ScalingForm>
      <section className="card card-body release">
        {known === null ? (
          <ServiceCharts stack={stack} service={name} />
        ) : (
          <ScalingCharts stack={stack} service={name} scaling={known.scaling} />
        )}
      </section>
      <Decisions service={service} />
    </>
  );
}

type NowProps = Readonly<{
  service: ServiceView;
  scaled: ScaledView & Readonly<{ sentences: readonly string[] }>;
}>;

/** What is thought of its number now. */
function Now({ service, scaled: { current, wanted, why, sentences } }: NowProps) {
  const w = useWords(scalingWords);
  const said = useSaid();
  return (
    <section className="card card-body release" aria-labelledby="scaling-now">
      <div className="head" style={{ marginBottom: 6 }}>
        <h2 id="scaling-now" style={{ margin: 0 }}>
          {w('now')}
        </h2>
        <div className="head-side">
          <CopyAs
            way={{
              cli: `berth autoscale explain ${shellWord(nameOf(service))}`,
              route: 'autoscale.explain',
              input: { stack: service.stack, service: service.name },
            }}
          />
        </div>
      </div>
      <p className="release-line">
        <strong>{w('current', { n: current })}</strong>
      </p>
      {wanted !== current && <p className="release-reason">{w('wants', { n: wanted, why: said(why) })}</p>}
      <ul className="sentences">
        {sentences.map((sentence) => (
          <li key={sentence}>{said(sentence)}</li>
        ))}
      </ul>
    </section>
  );
}

/** @param was the rules that are seen: others by now are not taken away unseen */
function removeAction(
  service: ServiceView,
  spec: ServiceSpec,
  was: ScaledView['scaling'] | null,
  w: Words,
): Action {
  const { stack, name } = service;
  const target = nameOf(service);
  return {
    ...{ id: 'unscale', label: w('remove'), target, needs: 'operator' },
    way: {
      cli: `berth autoscale rm ${shellWord(target)}`,
      route: 'autoscale.remove',
      input: { stack, service: name, was },
    },
    there: serviceThere(service),
    confirm: {
      title: w('remove.title', { name: target }),
      texts: [w(spec.scaling === undefined ? 'remove.none' : 'remove.file')],
    },
  };
}

/** @param was the rules that are seen: others by now are not ended unseen */
function offAction(service: ServiceView, was: ScaledView['scaling'], w: Words): Action {
  const { stack, name } = service;
  const target = nameOf(service);
  return {
    ...{ id: 'scaling-off', label: w('off'), target, needs: 'operator' },
    way: {
      cli: `berth autoscale set --off ${shellWord(target)}`,
      route: 'autoscale.set',
      input: { stack, service: name, scaling: { kind: 'off' }, was },
    },
    there: serviceThere(service),
    confirm: { title: w('off.title', { name: target }), texts: [w('off.text')] },
  };
}

/** How the number has changed, by whom and why. */
function Decisions({ service: { stack, name } }: Readonly<{ service: ServiceView }>) {
  const w = useWords(scalingWords);
  const said = useSaid();
  const { data } = useLiveQuery(['autoscale.history', stack, name], (signal) =>
    client.call('autoscale.history', { stack, service: name }, { signal }),
  );
  return (
    <section className="card card-body" aria-labelledby="decisions">
      <h2 id="decisions">{w('history')}</h2>
      {data?.changes.length === 0 && <p className="note">{w('history.none')}</p>}
      {data !== undefined && data.changes.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
        <ol className="decisions" tabIndex={0} aria-labelledby="decisions">
          {data.changes.map(({ at, from, to, by, why }) => (
            <li key={`${at} ${from} ${to}`}>
              <b>{w('change', { from, to })}</b>
              <span>
                {said(why)} <span className="note">{w('change.by', { by })}</span>
              </span>
              <span className="note">
                <Ago at={at} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
