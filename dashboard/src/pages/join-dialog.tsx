import { Button, Group, NumberInput, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { client } from '../cluster/client.ts';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useText, useWords } from '../i18n/text.tsx';
import { CopyAs, useCopy } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { shellWord } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { Problem } from '../parts/problem.tsx';
import { Moment } from '../parts/time.tsx';
import { changeOf, type LabelRow, problemOf } from './host/label-edit.ts';
import { LabelRows } from './host/label-rows.tsx';
import { useFailureDomains } from './host/use-failure-domains.ts';
import { words } from './host/words.ts';
import './host/host.css';

type Made = Readonly<{
  command: string;
  expiresAt: number;
  /** IDs of the hosts that were there before. */
  before: ReadonlySet<string>;
}>;

/** Makes the line that joins a host, and waits with the person for it to come. */
export function JoinDialog({ onClose }: Readonly<{ onClose(): void }>) {
  const t = useText();
  const w = useWords(words);
  const copy = useCopy();
  const { nodes } = usePicture();
  // Empty while another number is typed.
  const [uses, setUses] = useState<number | string>(1);
  const [hours, setHours] = useState<number | string>(1);
  const [made, setMade] = useState<Made>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const [rows, setRows] = useState<readonly LabelRow[]>([]);
  const domains = useFailureDomains();
  const problem = problemOf(rows, (key) => w('edit.twice', { key }));
  const labels = changeOf({}, rows).add;
  const flags = Object.entries(labels).map(([key, value]) => ` -l ${shellWord(`${key}=${value}`)}`);
  const input = {
    uses: Number(uses) || 1,
    ttlSeconds: (Number(hours) || 1) * 3600,
    ...(flags.length === 0 ? {} : { labels }),
  };
  const make = async (event: FormEvent) => {
    event.preventDefault();
    if (problem !== undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      const { command, expiresAt } = await client.call('token.create', input);
      setMade({ command, expiresAt, before: new Set(nodes.map(({ id }) => id)) });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const joined = made === undefined ? [] : nodes.filter(({ id }) => !made.before.has(id));
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{t('join.title')}</strong>}
      // What is shown this once is not lost by a slip.
      closeOnClickOutside={false}
      closeOnEscape={made === undefined}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="xl"
    >
      <Stack gap="md">
        <Text>{t('join.text')}</Text>
        {error !== undefined && <Problem error={error} />}
        {made === undefined && (
          <form onSubmit={(event) => void make(event)}>
            <Stack gap="md">
              <Group grow>
                <NumberInput
                  label={t('join.uses')}
                  min={1}
                  max={10_000}
                  allowDecimal={false}
                  value={uses}
                  onChange={setUses}
                  required
                  withAsterisk={false}
                  data-autofocus
                />
                <NumberInput
                  label={t('join.hours')}
                  min={1}
                  max={8760}
                  allowDecimal={false}
                  value={hours}
                  onChange={setHours}
                  required
                  withAsterisk={false}
                />
              </Group>
              <fieldset className="host-label-form host-label-group">
                <legend>{w('join.labels')}</legend>
                <p className="note">{w('join.labels.hint')}</p>
                <LabelRows rows={rows} onChange={setRows} offered={domains} />
                {problem !== undefined && (
                  <div role="alert" className="state tone-bad host-problem">
                    {problem}
                  </div>
                )}
              </fieldset>
              <Group justify="space-between">
                <div>
                  {problem === undefined && (
                    <CopyAs
                      way={{
                        cli: `berth token create --uses ${input.uses} --ttl ${input.ttlSeconds / 3600}h${flags.join('')}`,
                        route: 'token.create',
                        input,
                      }}
                    />
                  )}
                </div>
                <Button type="submit" loading={isBusy} disabled={problem !== undefined}>
                  {t('join.make')}
                </Button>
              </Group>
            </Stack>
          </form>
        )}
        {made !== undefined && (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
            <section aria-label={t('join.command')} tabIndex={0} className="code wrap">
              {made.command}
            </section>
            <Group justify="space-between">
              <Text size="sm" c="dimmed">
                {t('join.once', { time: '\0' }).split('\0')[0]}
                <Moment at={made.expiresAt} />
                {t('join.once', { time: '\0' }).split('\0')[1]}
              </Text>
              <Group>
                <Button variant="default" onClick={() => setMade(undefined)}>
                  {t('join.another')}
                </Button>
                <Button leftSection={<Icon name="copy" size={16} />} onClick={() => void copy(made.command)}>
                  {t('copy.copy')}
                </Button>
              </Group>
            </Group>
            <div role="status">
              {joined.length === 0 && <span className="state tone-busy hollow">{t('join.waiting')}</span>}
              {joined.map(({ id, name }) => (
                <div key={id}>
                  <span className="state tone-good">{t('join.joined', { name })}</span>
                </div>
              ))}
            </div>
          </>
        )}
      </Stack>
    </Dialog>
  );
}
