import { Button, Group, NumberInput, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { fieldChanges, SCHEDULE_FORM } from '../../../../src/contract/page-client.ts';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { nameOf } from '../../actions/service-actions.tsx';
import { useMay } from '../../app/session.tsx';
import { client } from '../../cluster/client.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { useDraft } from '../../parts/draft.ts';
import { FieldChanges } from '../../parts/field-changes.tsx';
import { Problem } from '../../parts/problem.tsx';
import { wordOf } from '../../parts/state.tsx';
import { Theirs } from '../../parts/theirs.tsx';
import { autoscaleCli, type Fields, fieldsOf, type Scaling, scalingFrom } from './scaling-fields.ts';
import { ScalingRules } from './scaling-rules.tsx';
import { scalingWords } from './scaling-words.ts';
import { serviceWords } from './service-words.ts';
import '@mantine/core/styles/NumberInput.css';

type Props = Readonly<{
  service: ServiceView;
  /** The rules that count; null: it does not scale by itself. */
  now: Scaling | null;
  byHand: boolean;
  /** What else may be done to them. */
  children: ReactNode;
}>;

/** What is typed, and the rules that were in force when it was begun. */
type Edit = Readonly<{ seen: Scaling | null; fields: Fields }>;
const isSame = (a: Edit, b: Edit) => fieldChanges(a.fields, b.fields).length === 0;
/** Seconds where nothing is said. */
const TIMES = { period: 60, upAfter: 120, downAfter: 300 } as const;

/** The rules by which a service scales, to be changed. */
export function ScalingForm({ service, now, byHand, children }: Props) {
  const t = useText();
  const w = useWords(scalingWords);
  const sw = useWords(serviceWords);
  const said = useSaid();
  const may = useMay()('operator');
  const queries = useQueryClient();
  const draft = useDraft<Edit>({ seen: now, fields: fieldsOf(now) }, isSame, 'rules');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const { fields } = draft.value;
  const scaling = scalingFrom(fields);
  const { stack, name } = service;
  const change = (some: Partial<Fields>) => {
    setError(undefined);
    draft.choose({ ...draft.value, fields: { ...fields, ...some } });
  };
  const isReady = now === null || draft.isChanged;
  const input = { stack, service: name, scaling, was: draft.base.seen };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!may || !isReady || scaling.kind === 'fault' || draft.theirs !== undefined) return;
    setBusy(true);
    setError(undefined);
    // As they are read back, `08:00` for `8`: what is one's own is not taken for another's.
    draft.choose({ ...draft.value, fields: fieldsOf(scaling) });
    try {
      await client.call('autoscale.set', { ...input, scaling });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  const number = (key: 'min' | 'max' | 'step' | keyof typeof TIMES, more: object = {}) => (
    <NumberInput
      label={w(key)}
      min={key === 'min' || key in TIMES ? 0 : 1}
      max={key in TIMES ? 3600 : 10_000}
      allowDecimal={false}
      value={fields[key]}
      onChange={(typed) => change({ [key]: typed === '' ? '' : Number(typed) })}
      disabled={!may}
      {...more}
    />
  );
  return (
    <section className="card card-body release" aria-labelledby="scaling-rules">
      <h2 id="scaling-rules">{w('rules')}</h2>
      <p className="note">{w(now === null ? 'rules.new' : byHand ? 'rules.hand' : 'rules.file')}</p>
      {draft.theirs !== undefined && (
        <Theirs onTake={draft.drop} onInsist={draft.insist}>
          {sw('theirs.rules')}
          <FieldChanges
            label={sw('theirs.rules')}
            changes={fieldChanges(draft.base.seen, draft.theirs.seen).map((one) => ({
              ...one,
              field: one.field || w('rules'),
            }))}
          />
        </Theirs>
      )}
      {error !== undefined && <Problem error={error} />}
      <form onSubmit={(event) => void submit(event)} className="scaling">
        <div className="scaling-numbers">
          {number('min')}
          {number('max')}
          {number('step')}
        </div>
        <ScalingRules rules={fields.rules} onChange={(rules) => change({ rules })} isDisabled={!may} />
        <Textarea
          label={w('schedules')}
          description={w('schedules.hint', { form: SCHEDULE_FORM.replaceAll('"', '') })}
          error={
            scaling.kind === 'fault'
              ? w('schedules.fault', { line: scaling.line, why: said(scaling.why) })
              : undefined
          }
          autosize
          minRows={1}
          maxRows={8}
          value={fields.schedules}
          onChange={(event) => change({ schedules: event.currentTarget.value })}
          disabled={!may}
          spellCheck={false}
        />
        <div className="scaling-numbers">
          {(['period', 'upAfter', 'downAfter'] as const).map((key) => (
            <div key={key}>{number(key, { placeholder: String(TIMES[key]) })}</div>
          ))}
        </div>
        <Group gap="xs">
          <Button
            type="submit"
            loading={isBusy}
            disabled={!may || !isReady || scaling.kind === 'fault' || draft.theirs !== undefined}
          >
            {w('save')}
          </Button>
          {draft.isChanged && (
            <Button variant="subtle" color="gray" onClick={draft.drop}>
              {w('cancel')}
            </Button>
          )}
          {scaling.kind === 'scaling' && (
            <CopyAs way={{ cli: autoscaleCli(nameOf(service), scaling), route: 'autoscale.set', input }} />
          )}
          {children}
        </Group>
        {!may && <p className="note">{sw('needs', { needed: wordOf(t, 'role', 'operator') })}</p>}
      </form>
    </section>
  );
}
