import { Button, Group, Menu, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { useActions } from '../../actions/actions.tsx';
import { type Host, rareContainerActions, whyAway } from '../../actions/container-actions.ts';
import { useMay, useWho } from '../../app/session.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { wordOf } from '../../parts/state.tsx';
import { containerWords } from './words.ts';

/** What is done to a container more seldom. */
export function MoreMenu({ container, host }: Readonly<{ container: ContainerView; host: Host }>) {
  const t = useText();
  const w = useWords(containerWords);
  const { start } = useActions();
  const may = useMay();
  const { role } = useWho();
  const [isRenaming, setRenaming] = useState(false);
  const why = may('operator')
    ? whyAway(container, host, t)
    : t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', 'operator') });
  const isAllowed = why === undefined;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{w('more')}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!isAllowed && <Menu.Label>{why}</Menu.Label>}
          {rareContainerActions(container, t, host).map((action) => (
            <Menu.Item
              key={action.id}
              data-disabled={!isAllowed || undefined}
              onClick={() => isAllowed && start(action)}
            >
              {action.label}
            </Menu.Item>
          ))}
          <Menu.Item data-disabled={!isAllowed || undefined} onClick={() => isAllowed && setRenaming(true)}>
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
  const [name, setName] = useState(old);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    client
      .call('container.rename', { container: id, name })
      .then(() => {
        show({ tone: 'good', title: w('renamed', { old, name }) });
        onClose();
      })
      .catch(setError)
      .finally(() => setBusy(false));
  };
  const way = {
    cli: `docker rename ${shellWord(old)} ${shellWord(name)}`,
    route: 'container.rename',
    input: { container: id, name },
  } as const;
  return (
    <Dialog
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
            maxLength={255}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
          {error !== undefined && <Problem error={error} />}
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
    </Dialog>
  );
}
