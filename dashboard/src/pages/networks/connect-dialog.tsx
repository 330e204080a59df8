import { TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';
import { client } from '../../cluster/client.ts';
import { useWords } from '../../i18n/text.tsx';
import { ContainerPicker } from '../../parts/container-picker.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { words } from './words.ts';

type Props = Readonly<{ network: NetworkDetail; onClose(): void }>;

/** Puts a container into the network, beside those that it is in. */
export function ConnectDialog({ network, onClose }: Props) {
  const w = useWords(words);
  const [container, setContainer] = useState('');
  const [ip, setIp] = useState('');
  const [names, setNames] = useState('');
  const only = useMemo(() => {
    const inside = new Set(network.members.map(({ id }) => id));
    const hosts = new Set(network.hostNames);
    const isHere = (host: string) => network.scope === 'cluster' || hosts.size === 0 || hosts.has(host);
    return ({ id, hostName }: ContainerView) => !inside.has(id) && isHere(hostName);
  }, [network]);
  const address = ip.trim();
  const aliases = names.split(/[\s,]+/).filter(Boolean);
  const input = {
    ...{ network: network.id, container: container.trim() },
    ...(address === '' ? {} : { ip: address }),
    ...(aliases.length === 0 ? {} : { aliases }),
  };
  const cli = [
    'docker network connect',
    ...(address === '' ? [] : [`--ip${address.includes(':') ? '6' : ''} ${shellWord(address)}`]),
    ...aliases.map((alias) => `--alias ${shellWord(alias)}`),
    shellWord(network.name),
    shellWord(input.container || 'CONTAINER'),
  ].join(' ');
  return (
    <FormDialog
      title={w('connectTitle', { network: network.name })}
      label={w('connect')}
      way={{ cli, route: 'network.connect', input }}
      onRun={() => client.call('network.connect', input)}
      onClose={onClose}
    >
      <ContainerPicker
        label={w('container')}
        description={w('containerHint')}
        placeholder={w('containerChoose')}
        value={container}
        onChange={setContainer}
        only={only}
        autoFocus
      />
      <TextInput
        label={w('ip')}
        description={w('ipHint')}
        value={ip}
        onChange={(event) => setIp(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        label={w('aliases')}
        description={w('aliasesHint')}
        value={names}
        onChange={(event) => setNames(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </FormDialog>
  );
}
