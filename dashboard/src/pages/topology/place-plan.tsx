import { Button, NumberInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import type { Plan } from '../../../../src/contract/v1/cluster.ts';
import { client } from '../../cluster/client.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { NO_PLAN, type PlanOnMap } from './flows.ts';
import {
  NO_PLACE,
  type PlaceDraft,
  type PlaceQuestion,
  placeCli,
  placeQuestion,
  placesOf,
  placesOnMap,
} from './place-question.ts';
import { PlanAge, PlanFrame } from './plan-parts.tsx';
import { words } from './words.ts';

/** So many hosts that do not fit are named. */
const MOST_HOSTS = 20;

type Props = Readonly<{
  onClose(): void;
  /** Hears what is to be drawn of it. */
  onPlan(plan: PlanOnMap): void;
}>;

/** Where containers of an image would go; nothing is made. */
export function PlacePlanCard({ onClose, onPlan }: Props) {
  const w = useWords(words);
  const [draft, setDraft] = useState(NO_PLACE);
  const [asked, setAsked] = useState<PlaceQuestion>();
  const plan = useQuery({
    queryKey: ['place-plan', asked],
    queryFn: ({ signal }) => client.call('plan.make', asked ?? placeQuestion(draft), { signal }),
    enabled: asked !== undefined,
    gcTime: 0,
    retry: false,
  });
  const { data, error } = plan;
  useEffect(() => {
    onPlan(data === undefined ? NO_PLAN : placesOnMap(data));
    return () => onPlan(NO_PLAN);
  }, [data, onPlan]);
  const isReady = draft.image.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) setAsked(placeQuestion(draft));
  };
  return (
    <PlanFrame title={w('place.title')} onClose={onClose}>
      <form onSubmit={submit} className="topo-place">
        <Fields draft={draft} onChange={(part) => setDraft({ ...draft, ...part })} />
        <div className="topo-card-foot">
          <Button type="submit" disabled={!isReady} loading={plan.isFetching}>
            {w('place.ask')}
          </Button>
          <CopyAs way={{ cli: placeCli(draft), route: 'plan.make', input: placeQuestion(draft) }} />
        </div>
      </form>
      {error !== null && <Problem error={error} />}
      {asked !== undefined && plan.isPending && <Waiting />}
      {data !== undefined && (
        <>
          <Places plan={data} image={asked?.spec.Image ?? ''} />
          <PlanAge plan={plan} />
        </>
      )}
    </PlanFrame>
  );
}

type FieldsProps = Readonly<{ draft: PlaceDraft; onChange(part: Partial<PlaceDraft>): void }>;

function Fields({ draft, onChange }: FieldsProps) {
  const w = useWords(words);
  return (
    <>
      <TextInput
        label={w('place.image')}
        placeholder="nginx:alpine"
        value={draft.image}
        onChange={(event) => onChange({ image: event.currentTarget.value })}
        autoComplete="off"
        spellCheck={false}
      />
      <div className="topo-place-row">
        <NumberInput
          label={w('place.count')}
          min={1}
          max={100}
          allowDecimal={false}
          value={draft.count}
          onChange={(count) => onChange({ count })}
        />
        <NumberInput
          label={w('place.cpus')}
          min={0}
          step={0.5}
          value={draft.cpus}
          onChange={(cpus) => onChange({ cpus })}
        />
        <NumberInput
          label={w('place.memory')}
          min={0}
          allowDecimal={false}
          value={draft.memory}
          onChange={(memory) => onChange({ memory })}
        />
      </div>
      <TextInput
        label={w('place.constraints')}
        description={w('place.constraints.hint')}
        placeholder="rack==r1"
        value={draft.constraints}
        onChange={(event) => onChange({ constraints: event.currentTarget.value })}
        autoComplete="off"
        spellCheck={false}
      />
    </>
  );
}

function Places({ plan, image }: Readonly<{ plan: Plan; image: string }>) {
  const w = useWords(words);
  const said = useSaid();
  const { hosts, nowhere, why } = placesOf(plan);
  const unfit = plan.hosts.filter(({ fits }) => !fits);
  return (
    <div role="status">
      {nowhere > 0 && (
        <p className="state tone-bad topo-wrap">{w('plan.scale.nowhere', { n: nowhere, why: said(why) })}</p>
      )}
      {plan.imageMissing === true && <p className="note">{w('place.pulled', { image })}</p>}
      {hosts.length > 0 && (
        <ul className="topo-places" aria-label={w('place.where')}>
          {hosts.map(({ host, count }) => (
            <li key={host}>
              <bdi>{host}</bdi> <span className="note">{w('containers', { n: count })}</span>
            </li>
          ))}
        </ul>
      )}
      {unfit.length > 0 && (
        <details>
          <summary>{w('place.unfit', { n: unfit.length })}</summary>
          <ul className="topo-places">
            {unfit.slice(0, MOST_HOSTS).map(({ hostId, hostName, reasons }) => (
              <li key={hostId}>
                <bdi>{hostName}</bdi>{' '}
                <span className="note">{reasons.map(said).join(w('place.between'))}</span>
              </li>
            ))}
          </ul>
          {unfit.length > MOST_HOSTS && (
            <p className="note">{w('place.unfit.more', { n: unfit.length - MOST_HOSTS })}</p>
          )}
        </details>
      )}
    </div>
  );
}
