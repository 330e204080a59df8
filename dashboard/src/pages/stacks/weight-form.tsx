import { Button, Group, NumberInput, Slider } from '@mantine/core';
import type { FormEvent } from 'react';
import type { Release } from '../../../../src/contract/v1/releases.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import type { Action } from '../../actions/action.ts';
import { ActionButtons, useActions } from '../../actions/actions.tsx';
import { nameOf } from '../../actions/service-actions.tsx';
import { useMay } from '../../app/session.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { useDraft } from '../../parts/draft.ts';
import { shellWord } from '../../parts/format.ts';
import { wordOf } from '../../parts/state.tsx';
import { Theirs } from '../../parts/theirs.tsx';
import { releaseWords } from './release-words.ts';
import { serviceWords } from './service-words.ts';
import '@mantine/core/styles/NumberInput.css';
import '@mantine/core/styles/Slider.css';

type Props = Readonly<{
  service: ServiceView;
  shift: NonNullable<Release['shift']>;
  /** A container of the new version is ready. */
  canServe: boolean;
}>;

const MARKS = [0, 25, 50, 75, 100].map((value) => ({ value, label: `${value} %` }));

/** How many of the requests go to the new version, while both serve. */
export function WeightForm({ service, shift, canServe }: Props) {
  const t = useText();
  const w = useWords(releaseWords);
  const sw = useWords(serviceWords);
  const { start } = useActions();
  const may = useMay()('operator');
  const draft = useDraft(shift.weight, Object.is, `weight ${service.release.number}`);
  const { value, base, isChanged, theirs } = draft;
  const { number: n } = service.release;
  const name = nameOf(service);
  const action: Action = {
    ...{ id: 'weight', label: w('weight.set', { n, weight: value }), target: name, needs: 'operator' },
    way: {
      cli: `berth release weight ${shellWord(name)} ${value}`,
      route: 'release.weight',
      input: { stack: service.stack, service: service.name, weight: value, was: base, release: n },
    },
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (may && isChanged && theirs === undefined) start(action);
  };
  const label = w('weight.of', { n });
  return (
    <form onSubmit={submit} className="weight">
      <strong>{w('weight')}</strong>
      {theirs !== undefined && (
        <Theirs onTake={draft.drop} onInsist={draft.insist}>
          {sw('theirs.weight', { now: theirs, base })}
        </Theirs>
      )}
      <div className="slide marked">
        <Slider
          min={0}
          max={100}
          value={value}
          onChange={draft.choose}
          disabled={!may || !canServe}
          thumbLabel={label}
          label={null}
          marks={MARKS}
        />
        <NumberInput
          aria-label={label}
          min={0}
          max={100}
          clampBehavior="strict"
          allowDecimal={false}
          suffix=" %"
          value={value}
          onChange={(typed) => {
            if (typed !== '') draft.choose(Number(typed));
          }}
          disabled={!may || !canServe}
        />
      </div>
      {isChanged && theirs === undefined && (
        <Group gap="xs" mt="md">
          <ActionButtons actions={[action]} />
          <CopyAs way={action.way} of={`${action.label} ${action.target}`} />
          <Button variant="subtle" color="gray" onClick={draft.drop}>
            {w('cancel')}
          </Button>
        </Group>
      )}
      <p className="note">{w(canServe ? 'weight.steps' : 'weight.unready')}</p>
      {!may && <p className="note">{sw('needs', { needed: wordOf(t, 'role', 'operator') })}</p>}
    </form>
  );
}
