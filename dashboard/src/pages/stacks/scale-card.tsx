import { Button, Group, NumberInput, Slider } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { ServiceView } from '../../../../src/contract/v1/services.ts';
import { ActionButtons, useActions } from '../../actions/actions.tsx';
import { nameOf, scaleAction } from '../../actions/service-actions.tsx';
import { serviceWords as actionWords } from '../../actions/service-words.ts';
import { useMay } from '../../app/session.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { useDraft } from '../../parts/draft.ts';
import { wordOf } from '../../parts/state.tsx';
import { Theirs } from '../../parts/theirs.tsx';
import { Ago } from '../../parts/time.tsx';
import { limitsOf } from './limits.ts';
import { serviceWords } from './service-words.ts';
import type { ServiceSpec } from './use-service.ts';
import '@mantine/core/styles/NumberInput.css';
import '@mantine/core/styles/Slider.css';

type Props = Readonly<{ service: ServiceView; spec: ServiceSpec }>;

/** The number of containers, by a slider and as a number. */
export function ScaleCard({ service, spec }: Props) {
  const t = useText();
  const w = useWords(serviceWords);
  const aw = useWords(actionWords);
  const { start } = useActions();
  const may = useMay()('operator');
  const { scaling, wanted } = service;
  const draft = useDraft(wanted, Object.is, 'scale');
  const { value, base, isChanged, theirs } = draft;
  const [isEmptied, setEmptied] = useState(false);
  const { least, most, farthest } = limitsOf(spec, scaling ?? undefined);
  const file = spec.scale.kind === 'replicated' ? spec.scale.replicas : undefined;
  const isOutside = scaling != null && value !== 0 && (value < scaling.min || value > scaling.max);
  const action = scaleAction(service, aw, value, base);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (may && isChanged && !isEmptied && theirs === undefined && !isOutside) start(action);
  };
  const label = w('scale.of', { name: nameOf(service) });
  return (
    <section className="card card-body">
      <h2>{w('scale')}</h2>
      {theirs !== undefined && (
        <Theirs onTake={draft.drop} onInsist={draft.insist}>
          {w('theirs.scale', { now: theirs, base })}
        </Theirs>
      )}
      <form onSubmit={submit}>
        <div className="slide">
          <Slider
            min={0}
            max={Math.max(farthest, value, wanted)}
            value={value}
            onChange={(chosen) => {
              setEmptied(false);
              draft.choose(chosen);
            }}
            disabled={!may || most === 0}
            thumbLabel={label}
            label={null}
            marks={[...new Set([least, scaling?.max ?? file ?? 0])].map((one) => ({
              value: one,
              // As a text: the number 0 would count as none.
              label: String(one),
            }))}
          />
          <NumberInput
            aria-label={label}
            min={0}
            max={most}
            clampBehavior="strict"
            allowDecimal={false}
            value={isEmptied ? '' : value}
            onChange={(typed) => {
              setEmptied(typed === '');
              if (typed !== '') draft.choose(Number(typed));
            }}
            // Nothing typed chooses nothing: it shows again what the slider does.
            onBlur={() => setEmptied(false)}
            disabled={!may}
          />
        </div>
        {isChanged && theirs === undefined && (
          <Group gap="xs" mt="md">
            {isOutside && scaling != null && (
              <span className="note" role="alert">
                {w('scale.outside', { min: scaling.min, max: scaling.max })}
              </span>
            )}
            {!isOutside && <ActionButtons actions={[action]} />}
            {!isOutside && <CopyAs way={action.way} of={`${action.label} ${action.target}`} />}
            {!isOutside && (
              <Button
                variant="default"
                renderRoot={(props) => (
                  <Link {...props} to="/topology" search={{ scale: nameOf(service), count: value }} />
                )}
              >
                {w('scale.map')}
              </Button>
            )}
            <Button variant="subtle" color="gray" onClick={draft.drop}>
              {w('cancel')}
            </Button>
          </Group>
        )}
      </form>
      <p className="note">{meaning()}</p>
      <Last service={service} />
      {!isChanged && scaling == null && file !== undefined && wanted !== file && (
        <Group mt="xs">
          <ActionButtons
            actions={[{ ...scaleAction(service, aw, file, wanted), label: w('scale.undo', { n: file }) }]}
          />
        </Group>
      )}
      {!may && <p className="note">{w('needs', { needed: wordOf(t, 'role', 'operator') })}</p>}
    </section>
  );

  function meaning(): string {
    if (scaling != null) return w('scale.auto', { min: scaling.min, max: scaling.max });
    if (spec.naming.kind === 'fixed') return w('scale.fixed');
    const addresses = most < 10_000 ? ` ${w('scale.addresses', { n: most })}` : '';
    if (file === undefined) return addresses;
    return `${w(isChanged || wanted !== file ? 'scale.hand' : 'scale.file', { n: file })}${addresses}`;
  }
}

/** Who has set the number last, and why. */
function Last({ service: { stack, name } }: Readonly<{ service: ServiceView }>) {
  const w = useWords(serviceWords);
  const said = useSaid();
  const { data } = useLiveQuery(['autoscale.history', stack, name], (signal) =>
    client.call('autoscale.history', { stack, service: name }, { signal }),
  );
  const last = data?.changes[0];
  if (last === undefined) return null;
  const { from, to, by, why, at } = last;
  const [before, after] = w('scale.last', { from, to, by, why: said(why), when: '\0' }).split('\0');
  return (
    <p className="note">
      {before}
      <Ago at={at} />
      {after}
    </p>
  );
}
