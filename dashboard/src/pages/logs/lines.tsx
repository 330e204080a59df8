import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { hasLeft, hasReturned } from './following.ts';
import type { LogLine } from './log-line.ts';
import { placeIn, rowsOf } from './rows-of.ts';
import { segmentsOf } from './segments.ts';
import { logWords } from './words.ts';

/** Height of a row, pixels. */
const ROW = 20;
/** Rows that are made above and below what is seen. */
const OVER = 20;
/** Width of what is beside the text, in letters, or pixels. */
const TIME = 12;
const GAP_PX = 12;
const SIDES_PX = 28;
const TONES = 6;
/** How much of the window is above a line that was gone to. */
const ABOVE = 0.3;

type Props = Readonly<{
  label: string;
  lines: readonly LogLine[];
  finder: RegExp | undefined;
  hasTimes: boolean;
  isWrapped: boolean;
  /** Names of the containers, where there are several. */
  names: readonly string[];
  /** Its end is what is seen. */
  isFollowing: boolean;
  /** Key of the line that was gone to. */
  current: number | undefined;
  /** The person has scrolled away from the end, and is there again. */
  onLeave(): void;
  onReturn(): void;
  empty: string;
}>;

/** Lines of a log; only those that are seen are made. */
export function Lines({ label, lines, finder, hasTimes, isWrapped, names, ...more }: Props) {
  const { isFollowing, current, onLeave, onReturn, empty } = more;
  const box = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  /** Where it was scrolled to when the page has last looked, or set it. */
  const seen = useRef(0);
  const [size, setSize] = useState({ width: 800, letter: 7.5 });
  const nameLetters = Math.min(size.width < 600 ? 10 : 24, Math.max(0, ...names.map(({ length }) => length)));
  const beside =
    (hasTimes ? TIME * size.letter + GAP_PX : 0) +
    (names.length > 0 ? nameLetters * size.letter + GAP_PX : 0);
  const columns = Math.max(10, Math.floor((size.width - SIDES_PX - beside) / size.letter));
  const w = useWords(logWords);
  /** What stands behind a line of which there is more. */
  const markOf = useCallback(({ left }: LogLine) => (left === 0 ? '' : ` ${w('left', { n: left })}`), [w]);
  const tops = useTops(lines, isWrapped ? columns : undefined, markOf);
  const height = isWrapped ? (tops.at(-1) ?? 0) * ROW : lines.length * ROW;
  const placeAt = (row: number) => (isWrapped ? placeIn(tops, row) : Math.max(0, Math.floor(row)));
  const topOf = (index: number) => (isWrapped ? (tops[index] ?? 0) : index) * ROW;
  const first = Math.max(0, placeAt(view.top / ROW) - OVER);
  const last = Math.min(lines.length, placeAt((view.top + view.height) / ROW) + 1 + OVER);
  const widest = useMemo(
    () => lines.reduce((most, line) => Math.max(most, line.text.length + 2 * markOf(line).length), 0),
    [lines, markOf],
  );

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () =>
      setSize({
        width: element.clientWidth,
        letter: (probe.current?.getBoundingClientRect().width ?? 750) / 100 || 7.5,
      });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each line that comes moves the end, as another size does
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    // A scroll is told in the next frame: nobody is to be taken back to the end before it.
    if (isFollowing && hasLeft(element, seen.current)) onLeave();
    else if (isFollowing) element.scrollTop = element.scrollHeight;
    look(element);
  }, [lines, isFollowing, height, size]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: gone to once, wherever lines are afterwards
  useLayoutEffect(() => {
    const element = box.current;
    const index = current === undefined ? -1 : lines.findIndex(({ key }) => key === current);
    if (element === null || index < 0) return;
    const top = topOf(index);
    if (top < element.scrollTop + ROW || top > element.scrollTop + element.clientHeight - 2 * ROW)
      element.scrollTop = top - element.clientHeight * ABOVE;
  }, [current]);

  const look = (element: HTMLDivElement) => {
    seen.current = element.scrollTop;
    setView({ top: element.scrollTop, height: element.clientHeight });
  };
  const onScroll = () => {
    const element = box.current;
    if (element === null) return;
    if (!isFollowing) {
      if (hasReturned(element, seen.current)) onReturn();
    } else if (hasLeft(element, seen.current)) onLeave();
    // What is slow to go up is seen as gone once it is far enough.
    else if (element.scrollTop < seen.current) return;
    look(element);
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
        if (isFollowing && event.deltaY < 0 && event.currentTarget.scrollTop > 0) onLeave();
      }}
      onKeyDown={(event) => {
        const isUp = ['ArrowUp', 'PageUp', 'Home'].includes(event.key);
        if (isFollowing && isUp && event.currentTarget.scrollTop > 0) onLeave();
      }}
    >
      <span ref={probe} className="log-probe" aria-hidden="true">
        {'0'.repeat(100)}
      </span>
      {empty !== '' && (
        <p className="note" style={{ padding: '14px' }}>
          {empty}
        </p>
      )}
      <div
        style={{
          position: 'relative',
          height,
          ...(isWrapped
            ? {}
            : { minWidth: `calc(${widest}ch + ${Math.ceil(beside) + SIDES_PX + GAP_PX}px)` }),
        }}
      >
        {lines.slice(first, last).map((line, offset) => (
          <div
            key={line.key}
            className={`log-line ${line.kind} ${isWrapped ? 'wrap' : ''} ${line.key === current ? 'current' : ''}`}
            style={{ top: topOf(first + offset) }}
          >
            {hasTimes && line.at !== '' && <Hour at={line.at} />}
            {names.length > 0 && line.container !== '' && (
              <span
                className={`log-of n${names.indexOf(line.container) % TONES}`}
                style={{ width: `${nameLetters}ch` }}
                title={line.container}
              >
                <bdi>{line.container}</bdi>
              </span>
            )}
            <span className="log-text">
              <Text line={line} finder={finder} isCurrent={line.key === current} />
              {line.left > 0 && <em className="log-left">{markOf(line)}</em>}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

type TextProps = Readonly<{ line: LogLine; finder: RegExp | undefined; isCurrent: boolean }>;

function Text({ line: { text, spans }, finder, isCurrent }: TextProps) {
  return segmentsOf(text, spans, finder).map(({ text: part, className, isHit }, at) => {
    const look = className === '' ? part : <span className={className}>{part}</span>;
    const own = isHit ? <mark className={isCurrent ? 'now' : ''}>{look}</mark> : look;
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line do not move
    return <span key={at}>{own}</span>;
  });
}

/** In rows from the top, of each line and of the end; nothing where lines are not broken. */
function useTops(
  lines: readonly LogLine[],
  columns: number | undefined,
  markOf: (line: LogLine) => string,
): readonly number[] {
  /** What was counted stays so for as long as the width and the language are the same. */
  const counted = useRef<{
    columns: number;
    markOf: (line: LogLine) => string;
    rows: WeakMap<LogLine, number>;
  }>(undefined);
  return useMemo(() => {
    if (columns === undefined) return [];
    if (counted.current?.columns !== columns || counted.current.markOf !== markOf)
      counted.current = { columns, markOf, rows: new WeakMap() };
    const { rows } = counted.current;
    const tops = [0];
    let top = 0;
    for (const line of lines) {
      let own = rows.get(line);
      if (own === undefined) {
        own = rowsOf(line.text + markOf(line), columns);
        rows.set(line, own);
      }
      top += own;
      tops.push(top);
    }
    return tops;
  }, [lines, columns, markOf]);
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
  return (
    <time dateTime={at} title={at}>
      {new Date(at).toLocaleTimeString(language, options)}
    </time>
  );
}
