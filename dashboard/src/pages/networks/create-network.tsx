import { Button, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Draft, networkCli, newNetwork } from './new-network.ts';
import { words } from './words.ts';

const FIRST: Draft = {
  ...{ name: '', driver: 'xoverlay', subnet: '', range: '', gateway: '', vlanId: '', uplink: '', mtu: '' },
  ...{ encrypted: false, internal: false, ipv6: false },
};
const DRIVERS = ['xoverlay', 'vlan', 'bridge'] as const;

/** A form for `docker network create`, with what each driver has. */
export function CreateNetwork({ onClose }: Readonly<{ onClose(): void }>) {
  const t = useText();
  const w = useWords(words);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(FIRST);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const input = newNetwork(draft);
  const { driver } = draft;
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await client.call('network.create', input);
      await queries.invalidateQueries();
      await navigate({ to: '/networks/$network', params: { network: input.name } });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const text = (field: TextField, label: string, description: string, required = false) => (
    <TextInput
      label={label}
      description={description}
      value={draft[field]}
      onChange={(event) => {
        const { value } = event.currentTarget;
        setDraft((before) => ({ ...before, [field]: value }));
      }}
      required={required}
      withAsterisk={false}
      autoComplete="off"
      spellCheck={false}
      {...(field === 'name' ? { 'data-autofocus': true, dir: 'auto' } : {})}
    />
  );
  const flag = (field: Flag, label: string, description?: string) => (
    <Checkbox
      label={label}
      {...(description === undefined ? {} : { description })}
      checked={draft[field]}
      onChange={(event) => {
        const { checked } = event.currentTarget;
        setDraft((before) => ({ ...before, [field]: checked }));
      }}
    />
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={<strong>{w('newTitle')}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <form onSubmit={(event) => void create(event)}>
        <Stack gap="md">
          {error !== undefined && <Problem error={error} />}
          {text('name', w('newName'), w('newNameHint'), true)}
          <NativeSelect
            label={w('newDriver')}
            value={driver}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setDraft((before) => ({ ...before, driver: value }));
            }}
            data={DRIVERS.map((value) => ({ value, label: w(`driver.${value}`) }))}
          />
          {driver === 'vlan' ? (
            <>
              {text('subnet', w('newSubnet'), w('newSubnetVlan'), true)}
              <Group grow align="flex-start">
                {text('range', w('newRange'), w('newRangeHint'))}
                {text('gateway', w('newGateway'), w('newGatewayHint'))}
              </Group>
              <Group grow align="flex-start">
                {text('vlanId', w('newVlan'), w('newVlanHint'))}
                {text('uplink', w('newUplink'), w('newUplinkHint'))}
              </Group>
            </>
          ) : (
            text('subnet', w('newSubnet'), w('newSubnetHint'))
          )}
          {driver === 'xoverlay' && flag('encrypted', w('newEncrypted'), w('newEncryptedHint'))}
          {flag('internal', w('newInternal'), w('newInternalHint'))}
          {flag('ipv6', w('newIpv6'))}
          {driver !== 'bridge' && text('mtu', w('newMtu'), w('newMtuHint'))}
          <Group justify="space-between">
            <CopyAs way={{ cli: networkCli(input), route: 'network.create', input }} />
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

type TextField = Exclude<keyof Draft, Flag | 'driver'>;
type Flag = 'encrypted' | 'internal' | 'ipv6';
