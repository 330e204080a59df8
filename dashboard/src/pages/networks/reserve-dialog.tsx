import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  network: NetworkDetail;
  /** Empty where any free one will do. */
  ip: string;
  onClose(): void;
}>;

/** Keeps an address for the container of a name. */
export function ReserveDialog({ network, ip: first, onClose }: Props) {
  const t = useText();
  const w = useWords(words);
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [ip, setIp] = useState(first);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const address = ip.trim();
  const input = { network: network.id, name: name.trim(), ...(address === '' ? {} : { ip: address }) };
  const reserve = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await client.call('ip.reserve', input);
      void queries.invalidateQueries();
      onClose();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={<strong>{w('reserveTitle', { network: network.name })}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <form onSubmit={(event) => void reserve(event)}>
        <Stack gap="md">
          {error !== undefined && <Problem error={error} />}
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
          <Group justify="space-between">
            <CopyAs
              way={{
                cli: `berth ip reserve ${shellWord(network.name)} ${shellWord(input.name || 'NAME')}${address === '' ? '' : ` --ip ${shellWord(address)}`}`,
                route: 'ip.reserve',
                input,
              }}
            />
            <Button type="submit" loading={isBusy}>
              {w('reserve')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
