import { Button, Group, TextInput } from '@mantine/core';
import { type ReactNode, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { messageOf } from '../../../src/contract/page-client.ts';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { readPreference, writePreference } from '../app/preferences.ts';
import { useToasts } from '../app/toasts.tsx';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useLanguage, useText } from '../i18n/text.tsx';
import { Icon } from '../parts/icons.tsx';
import { DOWNLOADED, downloadLog, KEPT, type LogLine, useLog } from './log-lines.ts';

const LINE = 20;
const OVER = 20;

/** What a container writes, as it writes it. */
export function Logs({ container }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  const { connection, isSeen } = usePicture();
  const { lines, isCut, isRead } = useLog(container, connection.state === 'live' && isSeen);
  const [held, setHeld] = useState<readonly LogLine[]>();
  const [text, setText] = useState('');
  const [hasTimes, setTimes] = useState(readPreference('log-times') === 'yes');
  const wanted = useDeferredValue(text).toLowerCase();
  const all = held ?? lines;
  const found = useMemo(
    () => (wanted === '' ? all : all.filter((line) => line.text.toLowerCase().includes(wanted))),
    [all, wanted],
  );
  const heldBack = held === undefined ? 0 : newer(lines, held);
  return (
    <>
      <Group p="sm" gap="xs">
        <TextInput
          aria-label={t('logs.search')}
          placeholder={t('logs.search')}
          leftSection={<Icon name="search" size={16} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          style={{ flex: '1 1 180px', maxWidth: 380 }}
        />
        <Button
          variant="default"
          leftSection={<Icon name={held === undefined ? 'pause' : 'play'} size={16} />}
          onClick={() => setHeld(held === undefined ? lines : undefined)}
        >
          {t(held === undefined ? 'logs.pause' : 'logs.follow')}
        </Button>
        <Button
          variant="default"
          leftSection={<Icon name="clock" size={16} />}
          aria-pressed={hasTimes}
          onClick={() => {
            writePreference('log-times', hasTimes ? 'no' : 'yes');
            setTimes(!hasTimes);
          }}
        >
          {t('logs.times')}
        </Button>
        <Download container={container} />
        <span className="note" role="status">
          {wanted !== '' && t('logs.found', { n: found.length, all: all.length })}
          {heldBack > 0 && ` ${t('logs.held', { n: heldBack })}`}
        </span>
      </Group>
      {isCut && (
        <p className="note" style={{ margin: '0 14px 8px' }}>
          {t('logs.cut', { n: KEPT, most: DOWNLOADED })}
        </p>
      )}
      <Lines
        label={t('logs.label', { name: container.name })}
        lines={found}
        wanted={wanted}
        hasTimes={hasTimes}
        isFollowing={held === undefined}
        onLeave={() => setHeld(lines)}
        empty={isRead && all.length === 0 ? t('logs.none') : ''}
      />
    </>
  );
}

function newer(lines: readonly LogLine[], held: readonly LogLine[]): number {
  const last = lines.at(-1)?.key ?? -1;
  return last - (held.at(-1)?.key ?? -1);
}

function Download({ container }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  const { show } = useToasts();
  const [isBusy, setBusy] = useState(false);
  const run = () => {
    setBusy(true);
    downloadLog(container)
      .catch((thrown: unknown) => show({ tone: 'bad', title: messageOf(thrown) }))
      .finally(() => setBusy(false));
  };
  return (
    <Button variant="default" loading={isBusy} leftSection={<Icon name="download" size={16} />} onClick={run}>
      {t('logs.download')}
    </Button>
  );
}

type LinesProps = Readonly<{
  label: string;
  lines: readonly LogLine[];
  /** In lower case. */
  wanted: string;
  hasTimes: boolean;
  /** Its end is what is seen. */
  isFollowing: boolean;
  /** The person has scrolled away from the end. */
  onLeave(): void;
  empty: string;
}>;

function Lines({ label, lines, wanted, hasTimes, isFollowing, onLeave, empty }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const first = Math.max(0, Math.floor(view.top / LINE) - OVER);
  const last = Math.min(lines.length, Math.ceil((view.top + view.height) / LINE) + OVER);
  const widest = useMemo(() => lines.reduce((most, { text }) => Math.max(most, text.length), 0), [lines]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each line that comes moves the end
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (isFollowing) element.scrollTop = element.scrollHeight;
    setView({ top: element.scrollTop, height: element.clientHeight });
  }, [lines, isFollowing]);

  const onScroll = () => {
    const element = box.current;
    if (element !== null) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  return (
    <div
      ref={box}
      className="log"
      role="log"
      aria-label={label}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
      tabIndex={0}
      onScroll={onScroll}
      onWheel={(event) => {
        if (isFollowing && event.deltaY < 0) onLeave();
      }}
      onKeyDown={(event) => {
        if (isFollowing && ['ArrowUp', 'PageUp', 'Home'].includes(event.key)) onLeave();
      }}
    >
      {empty !== '' && (
        <p className="note" style={{ padding: '14px' }}>
          {empty}
        </p>
      )}
      <div
        style={{
          position: 'relative',
          height: lines.length * LINE,
          minWidth: `calc(${widest + (hasTimes ? 14 : 0)}ch + 40px)`,
        }}
      >
        {lines.slice(first, last).map((line, offset) => (
          <div key={line.key} className={`log-line ${line.kind}`} style={{ top: (first + offset) * LINE }}>
            {hasTimes && line.at !== '' && <Hour at={line.at} />}
            {marked(line.text, wanted)}
          </div>
        ))}
      </div>
    </div>
  );
}

function Hour({ at }: Readonly<{ at: string }>) {
  const { language } = useLanguage();
  const options = {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    // Without it midnight is 24:00 in some languages.
    hourCycle: 'h23',
  } as const;
  return <time dateTime={at}>{new Date(at).toLocaleTimeString(language, options)}</time>;
}

function marked(text: string, wanted: string): ReactNode {
  if (wanted === '') return text;
  // Not by places in the text in lower case, which may be longer: "İ" is one letter, and two there.
  const parts = text.split(new RegExp(`(${wanted.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')})`, 'i'));
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line do not move
  return parts.map((part, at) => (at % 2 === 0 ? part : <mark key={at}>{part}</mark>));
}
