import { Button, Group, Menu, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { BerthError, messageOf } from '../../../../src/contract/page-client.ts';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { useActions } from '../../actions/actions.tsx';
import { rareContainerActions } from '../../actions/container-actions.ts';
import { useMay, useSession, useWho } from '../../app/session.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import { wordOf } from '../../parts/state.tsx';
import { containerWords } from './words.ts';

/** What is done to a container more seldom. */
export function MoreMenu({ container }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  const w = useWords(containerWords);
  const { start } = useActions();
  const may = useMay();
  const { role } = useWho();
  const [isRenaming, setRenaming] = useState(false);
  const isAllowed = may('operator');
  const why = t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', 'operator') });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{w('more')}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!isAllowed && <Menu.Label>{why}</Menu.Label>}
          {rareContainerActions(container, t).map((action) => (
            <Menu.Item key={action.id} disabled={!isAllowed} onClick={() => start(action)}>
              {action.label}
            </Menu.Item>
          ))}
          <Menu.Item disabled={!isAllowed} onClick={() => setRenaming(true)}>
            {w('rename')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isRenaming && <Rename container={container} onClose={() => setRenaming(false)} />}
    </>
  );
}

function Rename({ container, onClose }: Readonly<{ container: ContainerView; onClose(): void }>) {
  const { id, name: old } = container;
  const t = useText();
  const w = useWords(containerWords);
  const { show } = useToasts();
  const { end } = useSession();
  const [name, setName] = useState(old);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    client
      .call('container.rename', { container: id, name })
      .then(() => {
        show({ tone: 'good', title: w('renamed', { old, name }) });
        onClose();
      })
      .catch((thrown: unknown) => {
        setProblem(messageOf(thrown));
        if (thrown instanceof BerthError && thrown.code === 'unauthenticated') end();
      })
      .finally(() => setBusy(false));
  };
  const way = {
    cli: `docker rename ${shellWord(old)} ${shellWord(name)}`,
    route: 'container.rename',
    input: { container: id, name },
  } as const;
  return (
    <Modal
      opened
      onClose={onClose}
      title={<strong>{w('renameTitle', { name: old })}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={w('name')}
            description={w('nameHint')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem === '' ? undefined : problem}
            maxLength={255}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
          <Group justify="space-between">
            <CopyAs way={way} />
            <Group>
              <Button variant="default" onClick={onClose}>
                {t('action.cancel')}
              </Button>
              <Button type="submit" loading={isBusy} disabled={name === '' || name === old}>
                {w('save')}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
