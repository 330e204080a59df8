import { NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  checkText,
  dataText,
  parseDnsCheck,
  RECORD_TYPES,
  recordData,
} from '../../../../src/contract/dns-words.ts';
import type { DnsRecordView, DnsZoneView } from '../../../../src/contract/v1/dns.ts';
import type { Action } from '../../actions/action.ts';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ActionButtons } from '../../actions/actions.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { thereBy } from '../../cluster/there.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Domain } from '../../parts/domain.tsx';
import { domainText } from '../../parts/domain-text.ts';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog, wayIfRead } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';
import { ChangeZone, NewZone, zoneThere } from './zone-form.tsx';

const route = getRouteApi('/settings');
/** Whether what a record leads to answers is no event. */
const EVERY_MS = 4_000;

/** Zones that the manager answers for. */
export function DnsZones() {
  const w = useWords(words);
  const t = useText();
  const navigate = useNavigate();
  const { zone } = route.useSearch();
  const [form, setForm] =
    useState<
      Readonly<{ kind: 'zone' } | { kind: 'record'; zone: string } | { kind: 'change'; zone: DnsZoneView }>
    >();
  const query = usePolledQuery(
    ['dns', 'zones'],
    (signal) => client.call('dns.zone.list', undefined, { signal }),
    EVERY_MS,
  );
  const go = (name: string) => void navigate({ to: '/settings', search: { tab: 'dns', zone: name } });
  const zones = query.data?.zones ?? [];
  // One that is gone stays in its form with what was typed, which says so.
  const changing =
    form?.kind === 'change' ? (zones.find(({ name }) => name === form.zone.name) ?? form.zone) : undefined;
  const chosen = zones.find(({ name }) => name === zone) ?? zones[0];
  const add = (
    <ChoiceButton
      label={w('dns.zone.new')}
      needs="admin"
      isMain={zones.length === 0}
      open={() => setForm({ kind: 'zone' })}
    />
  );
  return (
    <>
      <Asked query={query}>
        {({ listens }) => (
          <>
            <p className="note">
              {listens === undefined ? w('dns.silent') : w('dns.text', { where: listens })}
            </p>
            {chosen === undefined ? (
              <div className="card">
                <Empty title={w('dns.zone.none')} hint={w('dns.zone.new.text')}>
                  {add}
                </Empty>
              </div>
            ) : (
              <>
                <div className="tab-head">
                  <NativeSelect
                    aria-label={w('dns.zone')}
                    value={chosen.name}
                    onChange={(event) => go(event.currentTarget.value)}
                    data={zones.map(({ name }) => ({ value: name, label: domainText(name) }))}
                  />
                  <Zone zone={chosen} />
                  <div className="head-side">
                    <CopyAs
                      way={{
                        cli: `berth dns ls ${chosen.name}`,
                        route: 'dns.record.list',
                        input: { zone: chosen.name },
                      }}
                    />
                    {add}
                    <ChoiceButton
                      label={w('dns.zone.change')}
                      needs="admin"
                      icon="settings"
                      open={() => setForm({ kind: 'change', zone: chosen })}
                    />
                    <ActionButtons actions={[removal(chosen)]} />
                    <ChoiceButton
                      label={w('dns.record.new')}
                      needs="operator"
                      isMain
                      open={() => setForm({ kind: 'record', zone: chosen.name })}
                    />
                  </div>
                </div>
                <Records key={chosen.name} zone={chosen.name} />
              </>
            )}
          </>
        )}
      </Asked>
      {form?.kind === 'zone' && <NewZone onClose={() => setForm(undefined)} onMade={go} />}
      {changing !== undefined && (
        <ChangeZone key={changing.name} zone={changing} onClose={() => setForm(undefined)} />
      )}
      {/* Of the zone that was shown then, whatever becomes of it: a record of it is not made in another one. */}
      {form?.kind === 'record' && <NewRecord zone={form.zone} onClose={() => setForm(undefined)} />}
    </>
  );

  function removal({ name, records }: DnsZoneView): Action {
    return {
      id: 'zone-remove',
      label: w('dns.zone.remove'),
      target: name,
      needs: 'admin',
      isDangerous: true,
      way: { cli: `berth dns zone rm ${name}`, route: 'dns.zone.delete', input: { zone: name } },
      there: zoneThere(name),
      confirm: {
        title: w('dns.zone.remove.title', { name: domainText(name) }),
        texts: [w('dns.zone.remove.text', { n: records })],
        typed: { label: t('action.type', { name }), word: name },
      },
    };
  }
}

function Zone({ zone: { serial, ttl, nameservers } }: Readonly<{ zone: DnsZoneView }>) {
  const w = useWords(words);
  return (
    <span className="note">
      {w('dns.zone.facts', { serial: String(serial), ttl, nameservers: nameservers.join(', ') })}
    </span>
  );
}

function Records({ zone }: Readonly<{ zone: string }>) {
  const w = useWords(words);
  const t = useText();
  const query = usePolledQuery(
    ['dns', 'records', zone],
    (signal) => client.call('dns.record.list', { zone }, { signal }),
    EVERY_MS,
  );
  const removal = ({ id, name }: DnsRecordView): Action => ({
    id: 'record-remove',
    label: w('dns.remove'),
    target: name,
    needs: 'operator',
    isDangerous: true,
    way: { cli: `berth dns rm ${id}`, route: 'dns.record.delete', input: { id } },
    there: thereBy('dns.record.list', { zone }, (found) => found.records.some((one) => one.id === id)),
    confirm: {
      title: w('dns.remove.title', { name: domainText(name) }),
      texts: [w('dns.remove.text')],
      typed: { label: t('action.type', { name }), word: name },
    },
  });
  return (
    <Asked query={query}>
      {({ records }) => (
        <div className="card rows">
          {records.length === 0 ? (
            <Empty title={w('dns.record.none')} hint={w('dns.record.none.hint')} />
          ) : (
            <VirtualRows
              label={w('dns.zones')}
              rows={records}
              rowHeight={48}
              maxHeight="calc(100dvh - 330px)"
              columns="minmax(100px, 1fr) 80px minmax(140px, 2fr) 80px 80px minmax(130px, 1fr) 44px"
              narrow="1fr 0.5fr 1.5fr 44px"
              heads={[
                { text: w('dns.name') },
                { text: w('dns.type') },
                { text: w('dns.data') },
                { text: 'TTL', wide: true },
                { text: w('dns.weight'), wide: true },
                { text: w('dns.check'), wide: true },
                { text: '' },
              ]}
              render={(record) => {
                const { name, data, ttl, weight, check, healthy } = record;
                return [
                  <strong key="name">
                    <Domain name={name} />
                  </strong>,
                  <span key="type">{data.type}</span>,
                  <span key="data" className="mono" title={dataText(data)}>
                    {dataText(data)}
                  </span>,
                  <span key="ttl">{ttl}</span>,
                  <span key="weight">{weight}</span>,
                  check === undefined ? (
                    <span key="check" />
                  ) : (
                    <span
                      key="check"
                      className={`state tone-${healthy === false ? 'bad' : 'good'}`}
                      title={checkText(check)}
                    >
                      {w(healthy === false ? 'dns.failing' : 'dns.healthy')}
                    </span>
                  ),
                  <span key="menu" className="row-menu">
                    <ActionMenu label={w('dns.of', { name })} items={[removal(record)]} />
                  </span>,
                ];
              }}
            />
          )}
        </div>
      )}
    </Asked>
  );
}

function NewRecord({ zone, onClose }: Readonly<{ zone: string; onClose(): void }>) {
  const w = useWords(words);
  const [name, setName] = useState('');
  const [type, setType] = useState<(typeof RECORD_TYPES)[number]>('A');
  const [data, setData] = useState('');
  const [ttl, setTtl] = useState<number | string>('');
  const [weight, setWeight] = useState<number | string>('');
  const [check, setCheck] = useState('');
  const parts = type === 'TXT' ? [data] : data.trim().split(/\s+/);
  const input = () => ({
    zone,
    name: name.trim(),
    data: recordData(type, parts),
    ...(ttl === '' ? {} : { ttl: Number(ttl) }),
    ...(weight === '' ? {} : { weight: Number(weight) }),
    ...(check === '' ? {} : { check: parseDnsCheck(check.trim(), undefined, w('dns.check')) }),
  });
  const cli = () =>
    [
      ...['berth dns add', zone, shellWord(name.trim()), type, ...parts.map(shellWord)],
      ...(ttl === '' ? [] : [`--ttl ${ttl}`]),
      ...(weight === '' ? [] : [`--weight ${weight}`]),
      ...(check === '' ? [] : [`--check ${shellWord(check.trim())}`]),
    ].join(' ');
  return (
    <FormDialog
      title={w('dns.record.new')}
      label={w('dns.zone.make')}
      isReady={name !== '' && data !== ''}
      way={wayIfRead(() => ({ cli: cli(), route: 'dns.record.create', input: input() }))}
      about={{ name: domainText(zone), there: zoneThere(zone) }}
      onRun={() => client.call('dns.record.create', input())}
      onClose={onClose}
    >
      <TextInput
        label={w('dns.name')}
        description={w('dns.name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <NativeSelect
        label={w('dns.type')}
        value={type}
        onChange={({ currentTarget }) => {
          const found = RECORD_TYPES.find((one) => one === currentTarget.value);
          if (found !== undefined) setType(found);
        }}
        data={RECORD_TYPES}
      />
      <TextInput
        label={w('dns.data')}
        description={w(`dns.data.${type}`)}
        value={data}
        onChange={(event) => setData(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <NumberInput
        label={w('dns.ttl')}
        description={w('dns.ttl.hint')}
        min={0}
        allowDecimal={false}
        value={ttl}
        onChange={setTtl}
      />
      {(type === 'A' || type === 'AAAA') && (
        <>
          <NumberInput
            label={w('dns.weight')}
            description={w('dns.weight.hint')}
            min={0}
            max={255}
            allowDecimal={false}
            value={weight}
            onChange={setWeight}
          />
          <TextInput
            label={w('dns.check')}
            description={w('dns.check.hint')}
            value={check}
            onChange={(event) => setCheck(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </>
      )}
    </FormDialog>
  );
}
