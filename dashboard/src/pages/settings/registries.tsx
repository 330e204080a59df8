import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { RegistryLoginView } from '../../../../src/contract/v1/registries.ts';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Needs } from '../../parts/needs.tsx';
import { PasswordField } from '../../parts/password-field.tsx';
import { Theirs } from '../../parts/theirs.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { logOutOf } from './setting-actions.ts';
import { words } from './words.ts';

/** Log-ins are no events. */
const EVERY_MS = 5_000;

/** With what images of private registries are pulled. */
export function Registries() {
  return (
    <Needs least="operator">
      <Logins />
    </Needs>
  );
}

function Logins() {
  const w = useWords(words);
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const query = usePolledQuery(
    ['registries'],
    (signal) => client.call('registry.list', undefined, { signal }),
    EVERY_MS,
  );
  return (
    <>
      <Asked query={query}>
        {({ logins }) => (
          <>
            <div className="tab-head">
              <span className="note">{w('registry.count', { n: logins.length })}</span>
              <div className="head-side">
                <CopyAs way={{ cli: 'berth registry ls', route: 'registry.list' }} />
                <ChoiceButton label={w('registry.new')} needs="admin" isMain open={() => setOpen(true)} />
              </div>
            </div>
            <div className="card rows">
              {logins.length === 0 ? (
                <Empty title={w('registry.none')} hint={w('registry.new.text')} />
              ) : (
                <VirtualRows
                  label={w('registries')}
                  rows={logins.map((one) => ({ ...one, id: `${one.service} ${one.registry}` }))}
                  rowHeight={48}
                  maxHeight="calc(100dvh - 260px)"
                  columns="2fr 1fr 1.4fr 1fr 1fr 44px"
                  narrow="2fr 1fr 44px"
                  heads={[
                    { text: w('registry.name') },
                    { text: w('registry.user') },
                    { text: w('registry.for'), wide: true },
                    { text: w('registry.at'), wide: true },
                    { text: w('registry.by'), wide: true },
                    { text: '' },
                  ]}
                  render={({ registry, username, service, at, by }) => [
                    <strong key="name">{registry}</strong>,
                    <bdi key="user">{username}</bdi>,
                    <span key="for">{service === '' ? w('registry.all') : service}</span>,
                    <Ago key="at" at={at} />,
                    <span key="by">{by}</span>,
                    <span key="menu" className="row-menu">
                      {service === '' && (
                        <ActionMenu
                          label={w('registry.of', { name: registry })}
                          items={[logOutOf(registry, w, t)]}
                        />
                      )}
                    </span>,
                  ]}
                />
              )}
            </div>
          </>
        )}
      </Asked>
      {isOpen && <LogIn logins={query.data?.logins ?? []} onClose={() => setOpen(false)} />}
    </>
  );
}

type LogInProps = Readonly<{ logins: readonly RegistryLoginView[]; onClose(): void }>;

function LogIn({ logins, onClose }: LogInProps) {
  const w = useWords(words);
  const [registry, setRegistry] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const input = { registry: registry.trim().toLowerCase(), username };
  // Those that were there when the form was begun: in place of another one nothing is put unseen.
  const [seen, setSeen] = useState(logins);
  const isOf = (one: RegistryLoginView) => one.registry === input.registry && one.service === '';
  const before = seen.find(isOf);
  const now = logins.find(isOf);
  const isOther = before?.at !== now?.at;
  return (
    <FormDialog
      title={w('registry.new.title')}
      text={w('registry.new.text')}
      label={w('registry.new')}
      isReady={registry !== '' && username !== '' && password !== '' && !isOther}
      way={{
        cli: `berth registry login ${shellWord(input.registry || 'REGISTRY')} -u ${shellWord(username || 'USER')} --password-stdin < password.txt`,
        route: 'registry.login',
        input: { ...input, password: 'PASSWORD' },
      }}
      onRun={() => client.call('registry.login', { ...input, password, was: before?.at ?? null })}
      onClose={onClose}
    >
      <TextInput
        label={w('registry.name')}
        description={w('registry.name.hint')}
        value={registry}
        onChange={(event) => setRegistry(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      {now !== undefined && !isOther && (
        <p className="note">{w('registry.replaces', { user: now.username, by: now.by })}</p>
      )}
      <TextInput
        label={w('registry.user')}
        value={username}
        onChange={(event) => setUsername(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <PasswordField
        label={w('registry.password')}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="new-password"
      />
      {isOther && (
        <Theirs onTake={onClose} onInsist={() => setSeen(logins)}>
          {now === undefined
            ? w('registry.theirs.gone')
            : w('registry.theirs', { user: now.username, by: now.by })}
        </Theirs>
      )}
    </FormDialog>
  );
}
