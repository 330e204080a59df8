import { Checkbox, Group, NativeSelect, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client } from '../../cluster/client.ts';
import { useWords } from '../../i18n/text.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { type Draft, networkCli, newNetwork } from './new-network.ts';
import { words } from './words.ts';

const FIRST: Draft = {
  ...{ name: '', driver: 'xoverlay', subnet: '', range: '', gateway: '', vlanId: '', uplink: '', mtu: '' },
  ...{ encrypted: false, internal: false, ipv6: false },
};
const DRIVERS = ['xoverlay', 'vlan', 'bridge'] as const;

/** A form for `docker network create`, with what each driver has. */
export function CreateNetwork({ onClose }: Readonly<{ onClose(): void }>) {
  const w = useWords(words);
  const navigate = useNavigate();
  const [draft, setDraft] = useState(FIRST);
  const input = newNetwork(draft);
  const { driver } = draft;
  const create = async () => {
    await client.call('network.create', input);
    await navigate({ to: '/networks/$network', params: { network: input.name } });
    return false;
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
    <FormDialog
      title={w('newTitle')}
      label={w('submit')}
      way={{ cli: networkCli(input), route: 'network.create', input }}
      onRun={create}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}

type TextField = Exclude<keyof Draft, Flag | 'driver'>;
type Flag = 'encrypted' | 'internal' | 'ipv6';
