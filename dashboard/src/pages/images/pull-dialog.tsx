import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { client } from '../../cluster/client.ts';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { bytesText, shellWord } from '../../parts/format.ts';
import { Meter } from '../../parts/meter.tsx';
import { Problem } from '../../parts/problem.tsx';
import { bytesOf, type HostPull, type PullState, waiting, withItem } from './pull-state.ts';
import { words } from './words.ts';

const TONES = { waiting: 'idle', pulling: 'busy', pulled: 'good', failed: 'bad' } as const;

/** Brings an image to hosts, and shows how far each of them is. */
export function PullDialog({ onClose }: Readonly<{ onClose(): void }>) {
  const t = useText();
  const w = useWords(words);
  const queries = useQueryClient();
  const { nodes } = usePicture();
  const [image, setImage] = useState('');
  const [isSome, setSome] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [state, setState] = useState<PullState>([]);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(new Error('the dialog was closed')), []);
  const names = isSome ? nodes.map(({ name }) => name).filter((name) => chosen.has(name)) : [];
  const input = { image: image.trim(), ...(isSome ? { nodes: names } : {}) };
  const pull = async (event: FormEvent) => {
    event.preventDefault();
    const own = new AbortController();
    running.current = own;
    setBusy(true);
    setError(undefined);
    setState(names.map(waiting));
    try {
      for await (const item of client.lines('image.pull', input, { signal: own.signal }))
        setState((before) => withItem(before, item));
    } catch (thrown) {
      if (!own.signal.aborted) setError(thrown);
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{w('pullTitle')}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      <form onSubmit={(event) => void pull(event)}>
        <Stack gap="md">
          {error !== undefined && <Problem error={error} />}
          <TextInput
            label={w('pullName')}
            description={w('pullHint')}
            value={image}
            onChange={(event) => setImage(event.currentTarget.value)}
            required
            withAsterisk={false}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
          <NativeSelect
            label={w('pullWhere')}
            value={isSome ? 'some' : 'all'}
            onChange={(event) => setSome(event.currentTarget.value === 'some')}
            data={[
              { value: 'all', label: w('pullAll') },
              { value: 'some', label: w('pullSome') },
            ]}
          />
          {isSome && (
            <fieldset className="pull-hosts">
              <legend className="note">{w('pullHosts')}</legend>
              {nodes.map(({ id, name }) => (
                <Checkbox
                  key={id}
                  label={name}
                  checked={chosen.has(name)}
                  onChange={(event) => {
                    const { checked } = event.currentTarget;
                    setChosen((before) => {
                      const after = new Set(before);
                      if (checked) after.add(name);
                      else after.delete(name);
                      return after;
                    });
                  }}
                />
              ))}
            </fieldset>
          )}
          <Group justify="space-between">
            <CopyAs
              way={{ cli: `docker pull ${shellWord(input.image || 'IMAGE')}`, route: 'image.pull', input }}
            />
            {isBusy ? (
              <Button variant="default" onClick={() => running.current?.abort(new Error('stopped'))}>
                {w('pullStop')}
              </Button>
            ) : (
              <Button type="submit" disabled={isSome && names.length === 0}>
                {state.length === 0 ? w('pullStart') : w('pullAgain')}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      <ul className="pull-list" aria-live="polite">
        {state.map((one) => (
          <Host key={one.host} pull={one} />
        ))}
      </ul>
    </Dialog>
  );
}

function Host({ pull }: Readonly<{ pull: HostPull }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const { host, state, said } = pull;
  const { done, all } = bytesOf(pull);
  const text = w('pullBytes', { done: bytesText(done, language), all: bytesText(all, language) });
  return (
    <li>
      <div className="pull-host">
        <strong>{host}</strong>
        <span className={`state tone-${TONES[state]}`}>{w(`pull.${state}`)}</span>
      </div>
      {state === 'pulling' && all > 0 && (
        <Meter label={w('pullOf', { host })} used={done} all={all} text={text} hideLabel />
      )}
      {said !== '' && (
        <div className="note" dir="auto">
          {said}
        </div>
      )}
    </li>
  );
}
