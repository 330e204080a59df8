import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Problem } from '../../parts/problem.tsx';
import { newVolume, type VolumeDraft, volumeCli } from './new-volume.ts';
import { words } from './words.ts';

const FIRST: VolumeDraft = { name: '', kind: 'local', host: '', driver: '', server: '', folder: '' };
const KINDS = ['local', 'nfs', 'other'] as const;

/** A form for `docker volume create`. */
export function CreateVolume({ onClose }: Readonly<{ onClose(): void }>) {
  const t = useText();
  const w = useWords(words);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { nodes } = usePicture();
  const [draft, setDraft] = useState(FIRST);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const input = newVolume(draft);
  const { kind, host } = draft;
  const set = (change: Partial<VolumeDraft>) => setDraft((before) => ({ ...before, ...change }));
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await client.call('volume.create', input);
      await queries.invalidateQueries();
      await navigate({ to: '/volumes/$volume', params: { volume: input.name } });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const text = (field: 'name' | 'driver' | 'server' | 'folder', label: string, description?: string) => (
    <TextInput
      label={label}
      {...(description === undefined ? {} : { description })}
      value={draft[field]}
      onChange={(event) => set({ [field]: event.currentTarget.value })}
      required
      withAsterisk={false}
      autoComplete="off"
      spellCheck={false}
      {...(field === 'name' ? { 'data-autofocus': true } : {})}
    />
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={<strong>{w('newTitle')}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <form onSubmit={(event) => void create(event)}>
        <Stack gap="md">
          {error !== undefined && <Problem error={error} />}
          {text('name', w('newName'), w('newNameHint'))}
          <NativeSelect
            label={w('newDriver')}
            value={kind}
            onChange={(event) =>
              set({ kind: KINDS.find((one) => one === event.currentTarget.value) ?? 'local' })
            }
            data={KINDS.map((value) => ({ value, label: w(`kind.${value}`) }))}
          />
          {kind === 'local' && (
            <NativeSelect
              label={w('newHost')}
              value={host}
              onChange={(event) => set({ host: event.currentTarget.value })}
              data={[
                { value: '', label: w('newAnyHost') },
                ...nodes.map(({ name }) => ({ value: name, label: name })),
              ]}
            />
          )}
          {kind === 'nfs' && text('server', w('newServer'), w('newServerHint'))}
          {kind === 'nfs' && text('folder', w('newFolder'), w('newFolderHint'))}
          {kind === 'other' && text('driver', w('newDriverName'))}
          <Group justify="space-between">
            <CopyAs way={{ cli: volumeCli(input), route: 'volume.create', input }} />
            <Group>
              <Button variant="default" onClick={onClose}>
                {w('cancel')}
              </Button>
              <Button type="submit" loading={isBusy}>
                {w('submit')}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
