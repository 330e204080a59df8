import { Button, Group, Loader, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { NetworkMember, ReachResult, ReachStep } from '../../../../src/contract/v1/networks.ts';
import { client } from '../../cluster/client.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { ContainerPicker } from '../../parts/container-picker.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  /** The first two of them are what is tried unless others are chosen. */
  members: readonly NetworkMember[];
  onClose(): void;
}>;

/** Tries whether one container reaches another, and shows the way between them step by step. */
export function ReachDialog({ members, onClose }: Props) {
  const t = useText();
  const w = useWords(words);
  const [from, setFrom] = useState(members[0]?.name ?? '');
  const [to, setTo] = useState(members[1]?.name ?? '');
  const [port, setPort] = useState('');
  const [result, setResult] = useState<ReachResult>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const number = Number.parseInt(port, 10);
  const input = {
    ...{ from: from.trim(), to: to.trim() },
    ...(Number.isNaN(number) ? {} : { port: number }),
  };
  const test = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    setResult(undefined);
    try {
      setResult(await client.call('network.test', input));
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const cli = `berth network test ${shellWord(input.from || 'FROM')} ${shellWord(input.to || 'TO')}${
    input.port === undefined ? '' : ` --port ${input.port}`
  }`;
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('testTitle')}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <form onSubmit={(event) => void test(event)}>
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {w('testText')}
          </Text>
          <Group grow align="flex-start" className="reach-ends">
            <ContainerPicker
              label={w('testFrom')}
              placeholder={w('containerChoose')}
              value={from}
              onChange={setFrom}
              autoFocus
            />
            <ContainerPicker
              label={w('testTo')}
              placeholder={w('containerChoose')}
              value={to}
              onChange={setTo}
            />
          </Group>
          <TextInput
            label={w('testPort')}
            description={w('testPortHint')}
            value={port}
            onChange={(event) => setPort(event.currentTarget.value)}
            inputMode="numeric"
            pattern="[0-9]{1,5}"
            autoComplete="off"
          />
          <Group justify="space-between">
            <CopyAs way={{ cli, route: 'network.test', input }} />
            <Group>
              <Button
                variant="default"
                onClick={() => {
                  setFrom(to);
                  setTo(from);
                  setResult(undefined);
                }}
              >
                {w('testSwap')}
              </Button>
              <Button type="submit" loading={isBusy}>
                {result === undefined ? w('testRun') : w('testAgain')}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
      <div aria-live="polite" className="reach-result">
        {isBusy && (
          <div className="note">
            <Loader size="xs" aria-hidden="true" /> {w('testBusy')}
          </div>
        )}
        {error !== undefined && <Problem error={error} />}
        {result !== undefined && <Result result={result} />}
      </div>
    </Dialog>
  );
}

const TONES = { ok: 'good', failed: 'bad', unknown: 'busy', skipped: 'idle' } as const;
const ICONS: Readonly<Record<ReachStep['state'], IconName>> = {
  ...{ ok: 'well', failed: 'down', unknown: 'warn', skipped: 'clock' },
};

function Result({ result }: Readonly<{ result: ReachResult }>) {
  const w = useWords(words);
  const said = useSaid();
  const { verdict, from, to, steps } = result;
  const isPartly = verdict === 'reached' && steps.some(({ state }) => state === 'failed');
  const tone = verdict === 'broken' ? 'bad' : verdict === 'unknown' || isPartly ? 'busy' : 'good';
  const names = { from: from.name, to: to.name };
  return (
    <>
      <div className={`health tone-${tone}`}>
        <Icon name={tone === 'good' ? 'well' : tone === 'bad' ? 'down' : 'warn'} size={22} />
        <strong>
          <bdi>{isPartly ? w('verdict.reachedBut', names) : w(`verdict.${verdict}`, names)}</bdi>
        </strong>
      </div>
      <ol className="steps" aria-label={w('testSteps')}>
        {steps.map(({ id, state, text, hint }) => (
          <li key={id} className={`tone-${TONES[state]}`}>
            <Icon name={ICONS[state]} size={20} />
            <div>
              <strong>{w(`step.${id}`)}</strong> <span className="note">{w(`step.${state}`)}</span>
              {text !== '' && <div dir="auto">{said(text)}</div>}
              {hint !== undefined && (
                <div className="note" dir="auto">
                  {said(hint)}
                </div>
              )}
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
