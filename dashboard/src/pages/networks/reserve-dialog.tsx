import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';
import { client } from '../../cluster/client.ts';
import { useWords } from '../../i18n/text.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { words } from './words.ts';

type Props = Readonly<{
  network: NetworkDetail;
  /** Empty where any free one will do. */
  ip: string;
  onClose(): void;
}>;

/** Keeps an address for the container of a name. */
export function ReserveDialog({ network, ip: first, onClose }: Props) {
  const w = useWords(words);
  const [name, setName] = useState('');
  const [ip, setIp] = useState(first);
  const address = ip.trim();
  const input = { network: network.id, name: name.trim(), ...(address === '' ? {} : { ip: address }) };
  const options = address === '' ? '' : ` --ip ${shellWord(address)}`;
  const cli = `berth ip reserve ${shellWord(network.name)} ${shellWord(input.name || 'NAME')}${options}`;
  return (
    <FormDialog
      title={w('reserveTitle', { network: network.name })}
      label={w('reserve')}
      way={{ cli, route: 'ip.reserve', input }}
      onRun={() => client.call('ip.reserve', input)}
      onClose={onClose}
    >
      <TextInput
        label={w('reserveName')}
        description={w('reserveHint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        withAsterisk={false}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <TextInput
        label={w('ip')}
        description={w('ipHint')}
        value={ip}
        onChange={(event) => setIp(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </FormDialog>
  );
}
