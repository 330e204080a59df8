import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { TypedWord } from '../../parts/typed-word.tsx';
import '@mantine/core/styles/Progress.css';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { perform } from '../../actions/action.ts';
import { useToasts } from '../../app/toasts.tsx';
import { nodesById, useLive } from '../../cluster/use-cluster.tsx';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { problemText } from '../../parts/problem-text.ts';
import { type BulkId, type Step, stepsOf, wayOf } from './bulk.ts';
import { bulkWords } from './bulk-words.ts';
import { type Outcome, runEach } from './run-each.ts';

/** Requests that are on their way at once. */
const AT_ONCE = 4;
/** Names that a question lists, and failures that an answer does. */
const NAMED = 10;
const TOLD = 200;

type Props = Readonly<{
  id: BulkId;
  containers: readonly ContainerView[];
  /** @param left IDs of those to which it was not done; undefined where it was not begun */
  onClose(left: ReadonlySet<string> | undefined): void;
}>;

/** Asks whether something is to be done to several containers, does it, and tells of each that fails. */
export function BulkDialog({ id, containers, onClose }: Props) {
  const t = useText();
  const w = useWords(bulkWords);
  const { show } = useToasts();
  const queries = useQueryClient();
  const label = t(`action.${id}`);
  const live = useLive();
  // What was asked is what is done, whatever becomes of them meanwhile.
  const [{ steps, skipped, away }] = useState(() => {
    const nodes = nodesById(live.snapshot().nodes);
    return stepsOf(id, containers, t, ({ hostId }) => nodes.get(hostId));
  });
  const [done, setDone] = useState<number>();
  const [isStopping, setStopping] = useState(false);
  const [outcome, setOutcome] = useState<Outcome<Step>>();
  const stop = useRef(new AbortController());
  // Who goes to another page has what was begun carried through, and nothing else begun.
  useEffect(() => () => stop.current.abort(), []);
  const isRunning = done !== undefined && outcome === undefined;

  const halt = () => {
    setStopping(true);
    stop.current.abort();
  };
  const run = async () => {
    setDone(0);
    stop.current = new AbortController();
    const result = await runEach(steps, ({ action }) => perform(action), {
      ...{ atOnce: AT_ONCE, signal: stop.current.signal, onDone: setDone },
    });
    void queries.invalidateQueries();
    if (result.failed.length + result.left.length > 0) {
      setOutcome(result);
      return;
    }
    show({ tone: 'good', title: w('done', { label, n: steps.length }) });
    onClose(new Set());
  };
  const close = () => {
    if (isRunning) halt();
    else onClose(outcome === undefined ? undefined : notDone(outcome));
  };
  return (
    <Dialog
      onClose={close}
      closeOnClickOutside={done === undefined}
      title={<strong>{w(`${id}.title`, { n: steps.length })}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      {done === undefined && (
        <Question
          id={id}
          label={label}
          steps={steps}
          skipped={skipped}
          away={away}
          onRun={() => void run()}
          onClose={close}
        />
      )}
      {isRunning && (
        <Stack gap="sm">
          <Progress value={(100 * done) / steps.length} aria-label={label} />
          <Group justify="space-between">
            <Text role="status">
              {w('working', { done, n: steps.length })}
              {isStopping && ` · ${w('stopping')}`}
            </Text>
            <Button variant="default" disabled={isStopping} onClick={halt}>
              {w('stop')}
            </Button>
          </Group>
        </Stack>
      )}
      {outcome !== undefined && <Result outcome={outcome} count={steps.length} onClose={close} />}
    </Dialog>
  );
}

function notDone({ failed, left }: Outcome<Step>): ReadonlySet<string> {
  return new Set([...failed.map(({ item }) => item), ...left].map(({ container }) => container.id));
}

type QuestionProps = Readonly<{
  id: BulkId;
  label: string;
  steps: readonly Step[];
  skipped: number;
  away: number;
  onRun(): void;
  onClose(): void;
}>;

function Question({ id, label, steps, skipped, away, onRun, onClose }: QuestionProps) {
  const t = useText();
  const w = useWords(bulkWords);
  const [typed, setTyped] = useState('');
  const way = useMemo(() => wayOf(id, steps), [id, steps]);
  const word = String(steps.length);
  const isRemoval = id === 'remove';
  const isReady = steps.length > 0 && (!isRemoval || typed === word);
  const count = (is: (step: Step) => boolean) => steps.filter(is).length;
  const up = isRemoval ? count(({ action, isAway }) => !isAway && action.way.input?.force === true) : 0;
  const left = isRemoval ? count(({ isAway }) => isAway) : 0;
  const members = isRemoval ? count(({ container }) => container.service !== undefined) : 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onRun();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {steps.length === 0 && <Text>{w('none')}</Text>}
        {steps.length > 0 && id !== 'start' && <Text>{w(`${id}.text`)}</Text>}
        {up > 0 && <Text>{w('up', { n: up })}</Text>}
        {left > 0 && <Text>{w('givenUp', { n: left })}</Text>}
        {members > 0 && <Text>{w('member', { n: members })}</Text>}
        {steps.length > 0 && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
          <ul className="moves" aria-label={w('names')} tabIndex={0}>
            {steps.slice(0, NAMED).map(({ container }) => (
              <li key={container.id}>
                <bdi>{container.name}</bdi> <span className="note">{container.hostName}</span>
              </li>
            ))}
            {steps.length > NAMED && <li>{w('more', { n: steps.length - NAMED })}</li>}
          </ul>
        )}
        {steps.length > 0 && skipped > 0 && <p className="note">{w('skipped', { n: skipped })}</p>}
        {away > 0 && <p className="note">{w('away', { n: away })}</p>}
        {isRemoval && steps.length > 0 && (
          <TypedWord
            label={w('type', { word })}
            inputMode="numeric"
            value={typed}
            onChange={setTyped}
            data-autofocus
          />
        )}
        <Group justify="space-between" mt="sm">
          <div>{way !== undefined && <CopyAs way={way} />}</div>
          <Group>
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button
              type="submit"
              disabled={!isReady}
              {...(isRemoval ? { color: 'red.9' } : { 'data-autofocus': true })}
            >
              {label}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

type ResultProps = Readonly<{ outcome: Outcome<Step>; count: number; onClose(): void }>;

function Result({ outcome: { failed, left }, count, onClose }: ResultProps) {
  const t = useText();
  const w = useWords(bulkWords);
  const { language } = useLanguage();
  return (
    <Stack gap="sm">
      <Text role="status">
        {w('some', { done: count - failed.length - left.length, n: failed.length })}
        {left.length > 0 && ` · ${w('left', { n: left.length })}`} {w('stays')}
      </Text>
      {failed.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
        <ul className="moves" aria-label={w('failed')} tabIndex={0}>
          {failed.slice(0, TOLD).map(({ item: { container }, error }) => {
            const { title, detail, hint } = problemText(error, language);
            return (
              <li key={container.id}>
                <bdi>{container.name}</bdi>
                <small>{[title, detail, hint].filter((one) => one !== undefined).join(' · ')}</small>
              </li>
            );
          })}
          {failed.length > TOLD && <li>{w('more', { n: failed.length - TOLD })}</li>}
        </ul>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('app.close')}
        </Button>
      </Group>
    </Stack>
  );
}
