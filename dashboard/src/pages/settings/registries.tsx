import { PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Needs } from '../../parts/needs.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

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
  const [isOpen, setOpen] = useState(false);
  const query = useLiveQuery(['registries'], (signal) => client.call('registry.list', undefined, { signal }));
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
                          items={[
                            {
                              id: 'registry-out',
                              label: w('registry.out'),
                              target: registry,
                              needs: 'admin',
                              isDangerous: true,
                              way: {
                                cli: `berth registry logout ${shellWord(registry)}`,
                                route: 'registry.logout',
                                input: { registry },
                              },
                              confirm: {
                                title: w('registry.out.title', { name: registry }),
                                texts: [w('registry.out.text')],
                              },
                            },
                          ]}
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
      {isOpen && <LogIn onClose={() => setOpen(false)} />}
    </>
  );
}

function LogIn({ onClose }: Readonly<{ onClose(): void }>) {
  const w = useWords(words);
  const [registry, setRegistry] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  return (
    <FormDialog
      title={w('registry.new.title')}
      text={w('registry.new.text')}
      label={w('registry.new')}
      isReady={registry !== '' && username !== '' && password !== ''}
      onRun={() =>
        client.call('registry.login', { registry: registry.trim().toLowerCase(), username, password })
      }
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
      <TextInput
        label={w('registry.user')}
        value={username}
        onChange={(event) => setUsername(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <PasswordInput
        label={w('registry.password')}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="new-password"
      />
    </FormDialog>
  );
}
