import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { waysAtOnce } from '../../actions/action.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { MovesList } from '../../actions/moves-plan.tsx';
import { nameOf, scaleAction } from '../../actions/service-actions.tsx';
import { serviceWords } from '../../actions/service-words.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { NO_PLAN, type PlanOnMap, scaleOnMap } from './flows.ts';
import { PlanAge, PlanFrame } from './plan-parts.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  stack: string;
  service: string;
  /** Containers that there would be. */
  count: number;
  onClose(): void;
  /** Hears what is to be drawn of it. */
  onPlan(plan: PlanOnMap): void;
}>;

/** Where containers would come, and which would go, were there so many of a service; and the button that does it. */
export function ScalePlanCard({ stack, service, count, onClose, onPlan }: Props) {
  const w = useWords(words);
  const said = useSaid();
  const aw = useWords(serviceWords);
  const now = useLiveQuery(['service', stack, service], (signal) =>
    client.call('service.get', { stack, service }, { signal }),
  );
  // Of its moment, as every plan: read anew where its number is another one.
  const plan = useQuery({
    queryKey: ['scale-plan', stack, service, count, now.data?.wanted],
    queryFn: ({ signal }) => client.call('service.plan', { stack, service, replicas: count }, { signal }),
    gcTime: 0,
    retry: false,
  });
  const { data, error } = plan;
  useEffect(() => {
    onPlan(data === undefined ? NO_PLAN : scaleOnMap(data));
    return () => onPlan(NO_PLAN);
  }, [data, onPlan]);
  const title = w('plan.title.scale', { name: `${stack}/${service}`, n: count });
  const isOther = now.data !== undefined && now.data.wanted !== count;
  const actions = isOther ? [scaleAction(now.data, aw, count, now.data.wanted)] : [];
  const without = data?.coming.filter(({ host }) => host === undefined) ?? [];
  return (
    <PlanFrame title={title} onClose={onClose}>
      {error !== null && <Problem error={error} />}
      {plan.isPending && <Waiting />}
      {data !== undefined && (
        <>
          {data.coming.length + data.leaving.length === 0 && <p className="note">{w('plan.scale.none')}</p>}
          {without.length > 0 && (
            <p className="state tone-bad" role="alert" style={{ whiteSpace: 'normal' }}>
              {w('plan.scale.nowhere', { n: without.length, why: said(data.refusal) })}
            </p>
          )}
          <MovesList
            title={w('plan.scale.coming', { n: data.coming.length })}
            items={data.coming.map((one) => ({ ...one, id: one.name }))}
          >
            {({ host }) => <span className="note">{host ?? w('plan.scale.none.host')}</span>}
          </MovesList>
          <MovesList title={w('plan.scale.leaving', { n: data.leaving.length })} items={data.leaving}>
            {({ host }) => <span className="note">{host}</span>}
          </MovesList>
          <PlanAge plan={plan} />
        </>
      )}
      <div className="topo-card-foot">
        <CopyAs
          way={{
            cli: `berth service scale ${shellWord(`${stack}/${service}`)} ${count} --dry-run`,
            route: 'service.plan',
            input: { stack, service, replicas: count },
          }}
          more={waysAtOnce(actions)}
        />
        {now.data !== undefined && (
          <>
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link {...props} to="/stacks/$stack/services/$service" params={{ stack, service }} />
              )}
            >
              {nameOf(now.data)}
            </Button>
            <ActionButtons actions={actions} />
          </>
        )}
      </div>
    </PlanFrame>
  );
}
