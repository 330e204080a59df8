import { Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { DnsZoneView } from '../../../../src/contract/v1/dns.ts';
import { client } from '../../cluster/client.ts';
import { type There, thereBy } from '../../cluster/there.ts';
import { useWords } from '../../i18n/text.tsx';
import { domainText } from '../../parts/domain-text.ts';
import { useDraft } from '../../parts/draft.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Theirs } from '../../parts/theirs.tsx';
import { words } from './words.ts';
import {
  NO_ZONE_TEXT,
  wordsIn,
  ZONE_FIELDS,
  type ZoneText,
  zoneFlags,
  zoneInput,
  zoneProblems,
  zoneText,
} from './zone-fields.ts';

export function NewZone({ onClose, onMade }: Readonly<{ onClose(): void; onMade(name: string): void }>) {
  const w = useWords(words);
  const [name, setName] = useState('');
  const [addresses, setAddresses] = useState('');
  const [text, setText] = useState(NO_ZONE_TEXT);
  const wildcard = wordsIn(addresses);
  const settings = zoneInput(text, NO_ZONE_TEXT);
  const problems = zoneProblems(settings, w('dns.zone.needed'));
  const input = { name: name.trim(), ...settings, wildcard };
  const isReady = input.name !== '' && Object.keys(problems).length === 0;
  const to = wildcard.map((one) => ` --wildcard ${shellWord(one)}`).join('');
  return (
    <FormDialog
      title={w('dns.zone.new')}
      text={w('dns.zone.new.text')}
      label={w('dns.zone.make')}
      isReady={isReady}
      way={{
        cli: `berth dns zone add ${shellWord(input.name || 'ZONE')}${zoneFlags(settings) ?? ''}${to}`,
        route: 'dns.zone.create',
        input,
      }}
      onRun={async () => {
        const made = await client.call('dns.zone.create', input);
        onMade(made.name);
      }}
      onClose={onClose}
    >
      <TextInput
        label={w('dns.zone')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <Textarea
        label={w('dns.zone.wildcard')}
        description={w('dns.zone.wildcard.hint')}
        value={addresses}
        onChange={(event) => setAddresses(event.currentTarget.value)}
        rows={2}
        spellCheck={false}
      />
      <details className="zone-more">
        <summary>{w('dns.zone.more')}</summary>
        <SettingsFields text={text} problems={problems} onChange={setText} isNew />
      </details>
    </FormDialog>
  );
}

export function zoneThere(zone: string): There {
  return thereBy('dns.zone.list', undefined, ({ zones }) => zones.some(({ name }) => name === zone));
}

/** @param zone as it is by now: what others change meanwhile is told */
export function ChangeZone({ zone, onClose }: Readonly<{ zone: DnsZoneView; onClose(): void }>) {
  const w = useWords(words);
  const draft = useDraft(zoneText(zone), isSame);
  const settings = zoneInput(draft.value, draft.base);
  // Only of what is changed: what others do to the rest is theirs.
  const was = zoneInput(draft.base, draft.value);
  const problems = zoneProblems(settings, w('dns.zone.needed'));
  const isReady =
    Object.keys(settings).length > 0 && Object.keys(problems).length === 0 && draft.theirs === undefined;
  const flags = zoneFlags(settings);
  return (
    <FormDialog
      title={w('dns.zone.change.title', { name: domainText(zone.name) })}
      text={w('dns.zone.change.text')}
      label={w('dns.zone.save')}
      isReady={isReady}
      way={
        isReady && flags !== undefined
          ? {
              cli: `berth dns zone set ${shellWord(zone.name)}${flags}`,
              route: 'dns.zone.change',
              input: { zone: zone.name, ...settings, was },
            }
          : undefined
      }
      about={{ name: domainText(zone.name), there: zoneThere(zone.name) }}
      onRun={() => client.call('dns.zone.change', { zone: zone.name, ...settings, was })}
      onClose={onClose}
    >
      {draft.theirs !== undefined && (
        <Theirs onTake={draft.drop} onInsist={draft.insist}>
          {w('dns.zone.theirs')}
          <ul>
            {changed(draft.base, draft.theirs).map((field) => (
              <li key={field}>
                {w(`dns.zone.${field}`)}: <bdi>{draft.theirs?.[field] || w('dns.zone.empty')}</bdi>
              </li>
            ))}
          </ul>
        </Theirs>
      )}
      <SettingsFields text={draft.value} problems={problems} onChange={draft.choose} />
    </FormDialog>
  );
}

function changed(before: ZoneText, now: ZoneText) {
  return ZONE_FIELDS.filter((field) => before[field] !== now[field]);
}

function isSame(a: ZoneText, b: ZoneText): boolean {
  return changed(a, b).length === 0;
}

type FieldsProps = Readonly<{
  text: ZoneText;
  problems: Partial<ZoneText>;
  onChange(text: ZoneText): void;
  isNew?: boolean;
}>;

function SettingsFields({ text, problems, onChange, isNew = false }: FieldsProps) {
  const w = useWords(words);
  return (
    <div className="zone-fields">
      {ZONE_FIELDS.map((field) => (
        <TextInput
          key={field}
          label={w(`dns.zone.${field}`)}
          description={`${w(`dns.zone.${field}.hint`)}${isNew ? ` ${w(`dns.zone.${field}.new`)}` : ''}`}
          error={problems[field]}
          value={text[field]}
          onChange={(event) => onChange({ ...text, [field]: event.currentTarget.value })}
          inputMode={field === 'ttl' ? 'numeric' : undefined}
          autoComplete="off"
          spellCheck={false}
        />
      ))}
    </div>
  );
}
