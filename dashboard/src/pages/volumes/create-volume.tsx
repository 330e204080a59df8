import { NativeSelect, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useWords } from '../../i18n/text.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { newVolume, type VolumeDraft, volumeCli } from './new-volume.ts';
import { words } from './words.ts';

const FIRST: VolumeDraft = { name: '', kind: 'local', host: '', driver: '', server: '', folder: '' };
const KINDS = ['local', 'nfs', 'other'] as const;

/** A form for `docker volume create`. */
export function CreateVolume({ onClose }: Readonly<{ onClose(): void }>) {
  const w = useWords(words);
  const navigate = useNavigate();
  const { nodes } = usePicture();
  const [draft, setDraft] = useState(FIRST);
  const input = newVolume(draft);
  const { kind, host } = draft;
  const set = (change: Partial<VolumeDraft>) => setDraft((before) => ({ ...before, ...change }));
  const create = async () => {
    await client.call('volume.create', input);
    await navigate({ to: '/volumes/$volume', params: { volume: input.name } });
    return false;
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
    <FormDialog
      title={w('newTitle')}
      label={w('submit')}
      way={{ cli: volumeCli(input), route: 'volume.create', input }}
      onRun={create}
      onClose={onClose}
    >
      {text('name', w('newName'), w('newNameHint'))}
      <NativeSelect
        label={w('newDriver')}
        value={kind}
        onChange={(event) => set({ kind: KINDS.find((one) => one === event.currentTarget.value) ?? 'local' })}
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
    </FormDialog>
  );
}
