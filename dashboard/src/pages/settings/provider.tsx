import { Button, Group, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { fieldChanges } from '../../../../src/contract/page-client.ts';
import type { OidcProviderView } from '../../../../src/contract/v1/oidc.ts';
import { OIDC_CALLBACK } from '../../../../src/contract/v1/oidc.ts';
import type { Action } from '../../actions/action.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { client } from '../../cluster/client.ts';
import { thereBy } from '../../cluster/there.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { useCopy } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FieldChanges } from '../../parts/field-changes.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Needs } from '../../parts/needs.tsx';
import { PasswordField } from '../../parts/password-field.tsx';
import { wordOf } from '../../parts/state.tsx';
import { Theirs } from '../../parts/theirs.tsx';
import { providerWords } from './provider-words.ts';

/** It is no event that another one has set it. */
const EVERY_MS = 5_000;

/** Log-in with accounts of elsewhere. */
export function Provider() {
  return (
    <Needs least="admin">
      <Inside />
    </Needs>
  );
}

function Inside() {
  const w = useWords(providerWords);
  const [isOpen, setOpen] = useState(false);
  const query = usePolledQuery(
    ['oidc'],
    (signal) => client.call('oidc.get', undefined, { signal }),
    EVERY_MS,
  );
  return (
    <>
      <Asked query={query}>
        {({ provider }) =>
          provider === undefined ? (
            <div className="card">
              <Empty title={w('none')} hint={w('text')}>
                <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setOpen(true)}>
                  {w('set')}
                </Button>
              </Empty>
            </div>
          ) : (
            <Shown provider={provider} onChange={() => setOpen(true)} />
          )
        }
      </Asked>
      {isOpen && <ProviderForm now={query.data?.provider} onClose={() => setOpen(false)} />}
    </>
  );
}

type ShownProps = Readonly<{ provider: OidcProviderView; onChange(): void }>;

function Shown({ provider: { settings, endpoints, hasSecret, redirect }, onChange }: ShownProps) {
  const w = useWords(providerWords);
  const t = useText();
  const copy = useCopy();
  const { issuer, clientId, roles, otherwise, roleClaim, nameClaim, label, address } = settings;
  const remove: Action = {
    id: 'oidc-remove',
    label: w('remove'),
    target: issuer,
    needs: 'admin',
    isDangerous: true,
    way: { cli: 'berth oidc rm', route: 'oidc.delete' },
    there: thereBy('oidc.get', undefined, (found) => found.provider?.settings.issuer === issuer),
    confirm: {
      title: w('remove.title'),
      texts: [w('remove.text')],
      typed: { label: t('action.type', { name: clientId }), word: clientId },
    },
  };
  return (
    <section className="card card-body">
      <div className="tab-head">
        <h2>{label}</h2>
        <div className="head-side">
          <Button variant="default" leftSection={<Icon name="settings" size={16} />} onClick={onChange}>
            {w('change')}
          </Button>
          <ActionButtons actions={[remove]} />
        </div>
      </div>
      <dl className="facts">
        <dt>{w('issuer')}</dt>
        <dd>{issuer}</dd>
        <dt>{w('client')}</dt>
        <dd>
          {clientId} <span className="note">{w(hasSecret ? 'hasSecret' : 'noSecret')}</span>
        </dd>
        <dt>{w('address')}</dt>
        <dd>{address}</dd>
        <dt>{w('redirect')}</dt>
        <dd>
          <Group gap="xs">
            <code>{redirect}</code>
            <Button size="compact-xs" variant="default" onClick={() => void copy(redirect, redirect)}>
              {t('copy.copy')}
            </Button>
          </Group>
        </dd>
        <dt>{w('nameClaim')}</dt>
        <dd>{nameClaim}</dd>
        {(['admin', 'operator', 'viewer'] as const).map((role) => (
          <Role key={role} name={wordOf(t, 'role', role)} claim={roleClaim} groups={roles[role]} />
        ))}
        <dt>{w('otherwise')}</dt>
        <dd>{otherwise === 'none' ? w('refused') : wordOf(t, 'role', otherwise)}</dd>
        <dt>{w('endpoints')}</dt>
        <dd>{Object.values(endpoints).join(', ')}</dd>
      </dl>
    </section>
  );
}

function Role({ name, claim, groups }: Readonly<{ name: string; claim: string; groups: readonly string[] }>) {
  if (groups.length === 0) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {claim}: {groups.join(', ')}
      </dd>
    </>
  );
}

const OTHERWISE = ['none', 'viewer', 'operator', 'admin'] as const;

type FormProps = Readonly<{ now: OidcProviderView | undefined; onClose(): void }>;

function textsOf(was: OidcProviderView['settings'] | undefined) {
  return {
    issuer: was?.issuer ?? '',
    clientId: was?.clientId ?? '',
    address: was?.address ?? location.origin,
    label: was?.label ?? 'Single sign-on',
    nameClaim: was?.nameClaim ?? 'preferred_username',
    roleClaim: was?.roleClaim ?? 'groups',
    scopes: (was?.scopes ?? ['openid', 'profile', 'email']).join(' '),
    admin: (was?.roles.admin ?? []).join('\n'),
    operator: (was?.roles.operator ?? []).join('\n'),
    viewer: (was?.roles.viewer ?? []).join('\n'),
    ca: was?.ca ?? '',
  };
}

function ProviderForm({ now, onClose }: FormProps) {
  const w = useWords(providerWords);
  const t = useText();
  /** What was there when the form was begun. */
  const [before, setBefore] = useState(now);
  const was = before?.settings;
  const isOther = before?.at !== now?.at;
  const [texts, setTexts] = useState(() => textsOf(was));
  const [secret, setSecret] = useState('');
  const [otherwise, setOtherwise] = useState<(typeof OTHERWISE)[number]>(was?.otherwise ?? 'none');
  const lines = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  const scopes = texts.scopes.split(/\s+/).filter(Boolean);
  const roles = { admin: lines(texts.admin), operator: lines(texts.operator), viewer: lines(texts.viewer) };
  const input = {
    issuer: texts.issuer.trim(),
    clientId: texts.clientId.trim(),
    address: texts.address.trim().replace(/\/$/, ''),
    label: texts.label,
    nameClaim: texts.nameClaim.trim(),
    roleClaim: texts.roleClaim.trim(),
    ...{ scopes, roles, otherwise },
    ca: texts.ca,
  };
  const withSecret = (clientSecret: string) => ({ ...input, ...(secret === '' ? {} : { clientSecret }) });
  const cli = [
    ...[
      'berth oidc set',
      ...[input.issuer || 'ISSUER', input.clientId || 'CLIENT', input.address].map(shellWord),
    ],
    ...Object.entries(roles).flatMap(([role, groups]) =>
      groups.map((group) => `--role ${shellWord(`${role}=${group}`)}`),
    ),
    `--otherwise ${otherwise}`,
    `--name-claim ${shellWord(input.nameClaim)}`,
    `--role-claim ${shellWord(input.roleClaim)}`,
    ...scopes.map((scope) => `--scope ${shellWord(scope)}`),
    `--label ${shellWord(input.label)}`,
    ...(input.ca === '' ? [] : ['--ca-file ca.pem']),
    ...(secret === '' ? [] : ['--secret-stdin < secret.txt']),
  ].join(' ');
  const own = (key: keyof typeof texts) => ({
    value: texts[key],
    onChange: ({ currentTarget: { value } }: Readonly<{ currentTarget: Readonly<{ value: string }> }>) =>
      setTexts((now) => ({ ...now, [key]: value })),
    autoComplete: 'off',
    spellCheck: false,
  });
  return (
    <FormDialog
      title={w('set')}
      text={w('set.text', { redirect: `${texts.address.replace(/\/$/, '')}${OIDC_CALLBACK}` })}
      label={w('save')}
      isReady={texts.issuer !== '' && texts.clientId !== '' && !isOther}
      way={{ cli, route: 'oidc.set', input: withSecret('SECRET') }}
      onRun={() => client.call('oidc.set', { ...withSecret(secret), was: before?.at ?? null })}
      onClose={onClose}
      size="xl"
    >
      <TextInput label={w('issuer')} description={w('issuer.hint')} data-autofocus {...own('issuer')} />
      <TextInput label={w('client')} {...own('clientId')} />
      <PasswordField
        label={w('secret')}
        description={w(before?.hasSecret === true ? 'secret.stays' : 'secret.hint')}
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
        autoComplete="new-password"
      />
      <TextInput label={w('address')} description={w('address.hint')} {...own('address')} />
      <TextInput label={w('roleClaim')} description={w('roleClaim.hint')} {...own('roleClaim')} />
      {(['admin', 'operator', 'viewer'] as const).map((role) => (
        <Textarea key={role} label={w('groups', { role: wordOf(t, 'role', role) })} rows={2} {...own(role)} />
      ))}
      <NativeSelect
        label={w('otherwise')}
        value={otherwise}
        onChange={({ currentTarget }) => {
          const found = OTHERWISE.find((one) => one === currentTarget.value);
          if (found !== undefined) setOtherwise(found);
        }}
        data={OTHERWISE.map((value) => ({
          value,
          label: value === 'none' ? w('refused') : wordOf(t, 'role', value),
        }))}
      />
      <TextInput label={w('nameClaim')} description={w('nameClaim.hint')} {...own('nameClaim')} />
      <TextInput label={w('scopes')} {...own('scopes')} />
      <TextInput label={w('label')} maxLength={60} {...own('label')} />
      <Textarea className="pem" label={w('ca')} description={w('ca.hint')} rows={3} {...own('ca')} />
      {isOther && (
        <Theirs
          onTake={() => {
            setBefore(now);
            setTexts(textsOf(now?.settings));
            setOtherwise(now?.settings.otherwise ?? 'none');
          }}
          onInsist={() => setBefore(now)}
        >
          {now === undefined ? w('theirs.gone') : w('theirs', { by: now.by })}
          {now !== undefined && (
            <FieldChanges
              label={w('theirs', { by: now.by })}
              changes={fieldChanges(was ?? {}, now.settings)}
            />
          )}
        </Theirs>
      )}
    </FormDialog>
  );
}
