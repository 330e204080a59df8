import { Button, Group, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs, useCopy } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { waysWords } from './ways-words.ts';
import '@mantine/core/styles/NumberInput.css';

type Props = Readonly<{ stack: string; service: string; onClose(): void }>;

/** Makes a trigger, and shows its URL this once. */
export function TriggerDialog({ stack, service, onClose }: Props) {
  const t = useText();
  const w = useWords(waysWords);
  const copy = useCopy();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<'redeploy' | 'scale'>('redeploy');
  const [min, setMin] = useState<number | string>(1);
  const [max, setMax] = useState<number | string>(10);
  const [url, setUrl] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const action =
    kind === 'redeploy'
      ? ({ kind } as const)
      : ({ kind, min: Number(min) || 0, max: Number(max) || 1 } as const);
  const input = { stack, service, action, ...(name === '' ? {} : { name }) };
  const cli = [
    `berth trigger create ${shellWord(`${stack}/${service}`)}`,
    ...(name === '' ? [] : [`--name ${shellWord(name)}`]),
    ...(action.kind === 'scale' ? [`--scale --min ${action.min} --max ${action.max}`] : []),
  ].join(' ');
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      setUrl((await client.call('trigger.create', input)).url);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('create')}</strong>}
      // What is shown this once is not lost by a slip.
      closeOnClickOutside={false}
      closeOnEscape={url === undefined}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <Stack gap="md">
        {error !== undefined && <Problem error={error} />}
        {url === undefined && (
          <form onSubmit={(event) => void make(event)}>
            <Stack gap="md">
              <TextInput
                label={w('create.name')}
                placeholder={kind}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                autoComplete="off"
                spellCheck={false}
                data-autofocus
              />
              <NativeSelect
                label={w('create.action')}
                value={kind}
                onChange={(event) => setKind(event.currentTarget.value as 'redeploy' | 'scale')}
                data={[
                  { value: 'redeploy', label: w('does.redeploy') },
                  { value: 'scale', label: w('does.scale', { min: Number(min), max: Number(max) }) },
                ]}
              />
              {kind === 'scale' && (
                <Group grow>
                  <NumberInput
                    label={w('create.min')}
                    min={0}
                    max={10_000}
                    allowDecimal={false}
                    value={min}
                    onChange={setMin}
                  />
                  <NumberInput
                    label={w('create.max')}
                    min={1}
                    max={10_000}
                    allowDecimal={false}
                    value={max}
                    onChange={setMax}
                  />
                </Group>
              )}
              <Group justify="space-between">
                <CopyAs way={{ cli, route: 'trigger.create', input }} />
                <Button type="submit" loading={isBusy}>
                  {w('create.do')}
                </Button>
              </Group>
            </Stack>
          </form>
        )}
        {url !== undefined && (
          <>
            <Text>{w('create.how')}</Text>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
            <section aria-label={w('create.url')} tabIndex={0} className="code wrap">
              {url}
            </section>
            <Group justify="space-between">
              <Text size="sm" c="dimmed">
                {w('create.once')}
              </Text>
              <Group>
                <Button variant="default" onClick={() => setUrl(undefined)}>
                  {w('another')}
                </Button>
                <Button leftSection={<Icon name="copy" size={16} />} onClick={() => void copy(url)}>
                  {t('copy.copy')}
                </Button>
              </Group>
            </Group>
          </>
        )}
      </Stack>
    </Dialog>
  );
}
