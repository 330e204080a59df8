import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role } from '../../../../src/contract/page-client.ts';
import type { UserView } from '../../../../src/contract/v1/access.ts';
import type { Action } from '../../actions/action.ts';
import { ActionMenu, type Choice } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { useWho } from '../../app/session.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { useDraft } from '../../parts/draft.ts';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { PasswordField } from '../../parts/password-field.tsx';
import { SecretOnce } from '../../parts/secret-once.tsx';
import { wordOf } from '../../parts/state.tsx';
import { Theirs } from '../../parts/theirs.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { RoleField } from './role-field.tsx';
import { userActions, userThere } from './user-actions.ts';
import { words } from './words.ts';

/** Users are no events; locks begin and end by themselves. */
const EVERY_MS = 5_000;

type Form =
  | Readonly<{ kind: 'new' }>
  | Readonly<{ kind: 'role' | 'password'; user: UserView }>
  | Readonly<{ kind: 'made'; name: string; password: string }>;

export function UserList() {
  const w = useWords(words);
  const [form, setForm] = useState<Form>();
  const query = usePolledQuery(
    ['users'],
    (signal) => client.call('user.list', undefined, { signal }),
    EVERY_MS,
  );
  const close = () => setForm(undefined);
  const onPassword = (name: string) => (password: string | undefined) =>
    setForm(password === undefined ? undefined : { kind: 'made', name, password });
  return (
    <>
      <Asked query={query}>
        {({ users }) => (
          <>
            <div className="tab-head">
              <span className="note">{w('user.count', { n: users.length })}</span>
              <div className="head-side">
                <CopyAs way={{ cli: 'berth user ls', route: 'user.list' }} />
                <ChoiceButton
                  label={w('user.new')}
                  needs="admin"
                  isMain
                  open={() => setForm({ kind: 'new' })}
                />
              </div>
            </div>
            <div className="card rows">
              <Rows users={users} onForm={setForm} />
            </div>
          </>
        )}
      </Asked>
      {form?.kind === 'new' && <NewUser onClose={close} onMade={(name, made) => onPassword(name)(made)} />}
      {form?.kind === 'role' && (
        <SetRole
          user={query.data?.users.find(({ name }) => name === form.user.name) ?? form.user}
          onClose={close}
        />
      )}
      {form?.kind === 'password' && (
        <SetPassword user={form.user} onClose={close} onMade={onPassword(form.user.name)} />
      )}
      {form?.kind === 'made' && (
        <SecretOnce
          title={w('user.made', { name: form.name })}
          secret={form.password}
          text={`${w('once')}. ${w('once.text')}`}
          label={w('once.done')}
          onClose={close}
        />
      )}
    </>
  );
}

function Rows({ users, onForm }: Readonly<{ users: readonly UserView[]; onForm(form: Form): void }>) {
  const w = useWords(words);
  const t = useText();
  const { language } = useLanguage();
  const { user: own } = useWho();
  const tokens = useQuery({
    queryKey: ['tokens', 'all'],
    queryFn: ({ signal }) => client.call('apiToken.list', { all: true }, { signal }),
  });
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' });
  return (
    <VirtualRows
      label={w('users')}
      rows={users.map((user) => ({ ...user, id: user.name }))}
      rowHeight={48}
      maxHeight="calc(100dvh - 260px)"
      columns="minmax(120px, 1.4fr) 130px minmax(150px, 1.4fr) 1fr 44px"
      narrow="1.2fr 1fr 1.2fr 44px"
      heads={[
        { text: w('user.name') },
        { text: w('user.role') },
        { text: w('user.state') },
        { text: w('user.created'), wide: true },
        { text: '' },
      ]}
      render={(user) => {
        const { name, role, createdAt, locks, provider, shutOut } = user;
        const [lock] = locks;
        return [
          <span key="name" title={name}>
            <strong>{name}</strong> {name === own && <span className="chip">{w('user.you')}</span>}
          </span>,
          <span key="role" title={w(`user.role.${role}`)}>
            {wordOf(t, 'role', role)}
          </span>,
          shutOut === true ? (
            <span
              key="state"
              className="state tone-bad"
              title={w('user.shutOut.why', { issuer: provider ?? '' })}
            >
              {w('user.shutOut')}
            </span>
          ) : lock === undefined ? (
            <span key="state" className="state tone-good">
              {provider === undefined ? w('user.open') : w('user.provider', { issuer: provider })}
            </span>
          ) : (
            <span
              key="state"
              className="state tone-busy"
              title={locks
                .map(({ from, until }) => w('user.locked.until', { from, time: time.format(until) }))
                .join('\n')}
            >
              {w('user.locked', { from: lock.from })}
            </span>
          ),
          <Ago key="created" at={createdAt} />,
          <span key="menu" className="row-menu">
            <ActionMenu label={w('more', { name })} items={itemsOf(user)} />
          </span>,
        ];
      }}
    />
  );

  function itemsOf(user: UserView): readonly (Action | Choice)[] {
    return [
      {
        id: 'role',
        label: w('user.setRole'),
        needs: 'admin',
        open: () => onForm({ kind: 'role', user }),
      },
      {
        id: 'password',
        label: w('user.setPassword'),
        needs: 'admin',
        open: () => onForm({ kind: 'password', user }),
      },
      ...userActions(user, tokens.data?.tokens ?? [], w, t),
    ];
  }
}

type NewProps = Readonly<{ onClose(): void; onMade(name: string, password: string | undefined): void }>;

function NewUser({ onClose, onMade }: NewProps) {
  const w = useWords(words);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [password, setPassword] = useState('');
  const input = { name, role };
  const run = async () => {
    const made = await client.call('user.create', { ...input, ...(password === '' ? {} : { password }) });
    onMade(name, made.password);
    return false;
  };
  return (
    <FormDialog
      title={w('user.new')}
      text={w('user.new.text')}
      label={w('user.make')}
      way={{
        cli: `berth user create ${shellWord(name || 'NAME')} --role ${role}${password === '' ? '' : ' --password-stdin < password.txt'}`,
        route: 'user.create',
        input: { ...input, ...(password === '' ? {} : { password: 'PASSWORD' }) },
      }}
      isReady={name !== ''}
      onRun={run}
      onClose={onClose}
    >
      <TextInput
        label={w('user.name')}
        description={w('user.name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus
      />
      <RoleField value={role} onChange={setRole} />
      <NewPassword value={password} onChange={setPassword} />
    </FormDialog>
  );
}

type PasswordProps = Readonly<{ value: string; onChange(text: string): void }>;

function NewPassword({ value, onChange }: PasswordProps) {
  const w = useWords(words);
  return (
    <PasswordField
      label={w('user.password')}
      description={w('user.password.hint')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="new-password"
    />
  );
}

function SetRole({ user, onClose }: Readonly<{ user: UserView; onClose(): void }>) {
  const w = useWords(words);
  const t = useText();
  const draft = useDraft<Role>(user.role);
  const { value: role, base, theirs } = draft;
  const input = { user: user.name, role };
  return (
    <FormDialog
      title={w('user.setRole.of', { name: user.name })}
      text={w('user.setRole.text')}
      label={w('user.set')}
      isReady={theirs === undefined}
      way={{ cli: `berth user role ${shellWord(user.name)} ${role}`, route: 'user.role', input }}
      about={{ name: user.name, there: userThere(user) }}
      onRun={() => client.call('user.role', { ...input, was: base })}
      onClose={onClose}
    >
      <RoleField value={role} onChange={draft.choose} />
      {theirs !== undefined && (
        <Theirs onTake={draft.drop} onInsist={draft.insist}>
          {w('user.theirs', { now: wordOf(t, 'role', theirs), base: wordOf(t, 'role', base) })}
        </Theirs>
      )}
    </FormDialog>
  );
}

type SetProps = Readonly<{
  user: UserView;
  onClose(): void;
  onMade(password: string | undefined): void;
}>;

function SetPassword({ user: account, onClose, onMade }: SetProps) {
  const { name: user } = account;
  const w = useWords(words);
  const [password, setPassword] = useState('');
  const run = async () => {
    const made = await client.call('user.password', { user, ...(password === '' ? {} : { password }) });
    onMade(made.password);
    return false;
  };
  return (
    <FormDialog
      title={w('user.password.of', { name: user })}
      text={w('user.setPassword.text')}
      label={w('user.set')}
      way={{
        cli: `berth user passwd ${shellWord(user)} ${password === '' ? '--generate' : '--password-stdin < password.txt'}`,
        route: 'user.password',
        input: { user, ...(password === '' ? {} : { password: 'PASSWORD' }) },
      }}
      about={{ name: user, there: userThere(account) }}
      onRun={run}
      onClose={onClose}
    >
      <NewPassword value={password} onChange={setPassword} />
    </FormDialog>
  );
}
