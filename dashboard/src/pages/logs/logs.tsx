import { ActionIcon, Button, TextInput } from '@mantine/core';
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { readPreference, writePreference } from '../../app/preferences.ts';
import { useToasts } from '../../app/toasts.tsx';
import { usePicture } from '../../cluster/use-cluster.tsx';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { bytesText } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { problemToast } from '../../parts/problem-text.ts';
import { KEPT, KEPT_BYTES } from './kept-lines.ts';
import { Lines } from './lines.tsx';
import { DOWNLOADED, DOWNLOADED_BYTES } from './log-file.ts';
import type { LogLine } from './log-line.ts';
import { downloadLog, type LogChoice, type LogStack, useLog } from './log-lines.ts';
import type { Range } from './log-range.ts';
import './logs.css';
import { MergePicker } from './merge-picker.tsx';
import { RangePicker } from './range-picker.tsx';
import { finderOf, isFound } from './segments.ts';
import { logWords } from './words.ts';

/** What a container writes, as it writes it; and others with it, in the order of time. */
export function Logs({ container }: Readonly<{ container: ContainerView }>) {
  const { containers: all } = usePicture();
  const [others, setOthers] = useState<readonly string[]>([]);
  const merged = useMemo(() => {
    const wanted = new Set(others);
    return wanted.size === 0 ? [container] : [container, ...all.filter(({ id }) => wanted.has(id))];
  }, [container, all, others]);
  return (
    <LogView name={container.name} containers={merged}>
      {(choose) => (
        <MergePicker
          container={container}
          all={all}
          chosen={others}
          onChoose={(ids) => choose(() => setOthers(ids))}
        />
      )}
    </LogView>
  );
}

type ViewProps = Readonly<{
  /** Whose it is, for those who do not see it. */
  name: string;
  containers: readonly ContainerView[];
  /** Of all containers that it has, and comes to have. */
  stack?: LogStack;
  /** What chooses whose log it is; it hands over the change that it makes. */
  children(choose: (change: () => void) => void): ReactNode;
}>;

/** A log that is followed: to be searched, held, cut out by time, and downloaded. */
export function LogView({ name, containers, stack, children }: ViewProps) {
  const w = useWords(logWords);
  const { language } = useLanguage();
  const { connection, isSeen } = usePicture();
  const [range, setRange] = useState<Range>({ is: 'newest' });
  const choice: LogChoice = { containers, range, ...(stack === undefined ? {} : { stack }) };
  const { lines, cutBy, isRead } = useLog(choice, connection.state === 'live' && isSeen);
  const [held, setHeld] = useState<readonly LogLine[]>();
  /** It was scrolled away from the end: there it goes on by itself, which it does not where it was paused. */
  const [isLeft, setLeft] = useState(false);
  const [text, setText] = useState('');
  const [isOnly, setOnly] = useState(true);
  const [hasTimes, setTimes] = usePreference('log-times');
  const [isWrapped, setWrapped] = usePreference('log-wrap');
  const [current, setCurrent] = useState<number>();
  const wanted = useDeferredValue(text);
  const finder = useMemo(() => finderOf(wanted), [wanted]);
  const everything = held ?? lines;
  const hits = useMemo(
    () => (finder === undefined ? [] : everything.filter((line) => isFound(line.text, finder))),
    [everything, finder],
  );
  const shown = finder !== undefined && isOnly ? hits : everything;
  const heldBack = held === undefined ? 0 : newer(lines, held);
  const at = hits.findIndex(({ key }) => key === current);

  const hold = (what: readonly LogLine[] | undefined, left = false) => {
    setHeld(what);
    setLeft(left);
  };
  const choose = (change: () => void) => {
    hold(undefined);
    setCurrent(undefined);
    change();
  };
  const step = (by: 1 | -1) => {
    if (hits.length === 0) return;
    // Whoever looks at a hit does not want to be carried away from it.
    hold(everything);
    const next = at < 0 ? (by === 1 ? 0 : hits.length - 1) : (at + by + hits.length) % hits.length;
    setCurrent(hits[next]?.key);
  };
  const names = stack !== undefined || containers.length > 1 ? containers.map((one) => one.name) : [];
  const none = range.is === 'newest' ? w('none') : w('noneThen');
  return (
    <>
      <div className="log-tools">
        <TextInput
          aria-label={w('search')}
          placeholder={w('search')}
          leftSection={<Icon name="search" size={16} />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setCurrent(undefined);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.nativeEvent.isComposing) step(event.shiftKey ? -1 : 1);
          }}
          style={{ flex: '1 1 180px', maxWidth: 380 }}
        />
        {finder !== undefined && (
          <>
            <ActionIcon variant="default" size={36} aria-label={w('previous')} onClick={() => step(-1)}>
              <Icon name="up" size={16} />
            </ActionIcon>
            <ActionIcon variant="default" size={36} aria-label={w('next')} onClick={() => step(1)}>
              <Icon name="downward" size={16} />
            </ActionIcon>
            <Button variant="default" aria-pressed={isOnly} onClick={() => setOnly(!isOnly)}>
              {w('only')}
            </Button>
          </>
        )}
        <Button
          variant="default"
          leftSection={<Icon name={held === undefined ? 'pause' : 'play'} size={16} />}
          onClick={() => {
            setCurrent(undefined);
            hold(held === undefined ? lines : undefined);
          }}
        >
          {w(held === undefined ? 'pause' : 'follow')}
        </Button>
        <Button
          variant="default"
          leftSection={<Icon name="clock" size={16} />}
          aria-pressed={hasTimes}
          onClick={() => setTimes(!hasTimes)}
        >
          {w('times')}
        </Button>
        <Button variant="default" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
          {w('wrap')}
        </Button>
        <RangePicker onChange={(chosen) => choose(() => setRange(chosen))} />
        {children(choose)}
        <Download choice={choice} />
        <span className="note" role="status">
          {finder !== undefined && w('found', { n: hits.length, all: everything.length })}
          {at >= 0 && ` · ${w('hit', { at: at + 1, n: hits.length })}`}
          {heldBack > 0 && ` ${w('held', { n: heldBack })}`}
        </span>
      </div>
      {cutBy !== undefined && (
        <p className="note" style={{ margin: '0 14px 8px' }}>
          {w(`cut${cutBy}`, {
            ...{ n: KEPT, kept: bytesText(KEPT_BYTES, language) },
            ...{ most: DOWNLOADED, size: bytesText(DOWNLOADED_BYTES, language) },
          })}
        </p>
      )}
      <Lines
        label={w('label', { name })}
        lines={shown}
        finder={finder}
        hasTimes={hasTimes}
        isWrapped={isWrapped}
        names={names}
        isFollowing={held === undefined}
        current={current}
        onLeave={() => hold(lines, true)}
        onReturn={() => {
          if (isLeft) hold(undefined);
        }}
        empty={isRead && everything.length === 0 ? none : ''}
      />
    </>
  );
}

function usePreference(name: 'log-times' | 'log-wrap'): readonly [boolean, (value: boolean) => void] {
  const [value, setValue] = useState(readPreference(name) === 'yes');
  return [
    value,
    (chosen) => {
      writePreference(name, chosen ? 'yes' : 'no');
      setValue(chosen);
    },
  ];
}

function newer(lines: readonly LogLine[], held: readonly LogLine[]): number {
  const last = lines.at(-1)?.key ?? -1;
  return Math.max(0, last - (held.at(-1)?.key ?? -1));
}

function Download({ choice }: Readonly<{ choice: LogChoice }>) {
  const w = useWords(logWords);
  const { language } = useLanguage();
  const { show } = useToasts();
  const [isBusy, setBusy] = useState(false);
  const run = () => {
    setBusy(true);
    const mark = (left: number | undefined) =>
      left === undefined ? w('fileEnd') : w('fileHead', { n: left });
    const most = { most: DOWNLOADED, size: bytesText(DOWNLOADED_BYTES, language) };
    downloadLog(choice, mark)
      .then((isCut) => {
        if (isCut) show({ tone: 'busy', title: w('fileCut'), text: w('fileCut.text', most) });
      })
      .catch((thrown: unknown) => show(problemToast(thrown, language)))
      .finally(() => setBusy(false));
  };
  return (
    <Button variant="default" loading={isBusy} leftSection={<Icon name="download" size={16} />} onClick={run}>
      {w('download')}
    </Button>
  );
}
