import { type KeyboardEvent, Suspense, useCallback, useId, useMemo, useState } from 'react';
import { type Language, useLanguage, useWords } from '../i18n/text.tsx';
import { type ChartMark, type ChartProps, chartColour, extremesOf } from './chart-text.ts';
import { chartWords } from './chart-words.ts';
import { part } from './part.ts';
import './chart.css';

// The library that draws comes when the first chart does.
const Canvas = part(async () => (await import('./chart-canvas.tsx')).ChartCanvas);

const HEIGHT = 170;

/**
 * Lines over time. What it shows is there in words too: the newest figures in its head, all in its name, and each point for
 * whoever goes to it by the arrow keys.
 */
export function Chart(props: ChartProps) {
  const { title, lines, from, stepMs, format, limit, marks = [], height = HEIGHT } = props;
  const { language } = useLanguage();
  const t = useWords(chartWords);
  const id = useId();
  const count = Math.max(0, ...lines.map(({ values }) => values.length));
  /** The point that the mouse or the keys are at. */
  const [at, setAt] = useState<number | undefined>();
  const place = at === undefined || at >= count ? undefined : at;
  const extremes = useMemo(() => lines.map(({ values }) => extremesOf(values)), [lines]);
  const text = useCallback(
    (value: number | null | undefined) => (value === null || value === undefined ? '–' : format(value)),
    [format],
  );
  const isEmpty = extremes.every(({ most }) => most === undefined);
  const valueAt = (i: number) => (place === undefined ? extremes[i]?.now : lines[i]?.values[place]);
  const time = (point: number) => timeText(from + point * stepMs, stepMs, language);
  const near = place === undefined ? [] : marksAt(marks, from + place * stepMs, stepMs);
  const summary = t('chart.summary', {
    ...{ title, from: time(0), until: time(Math.max(0, count - 1)) },
    series: lines
      .map(({ label }, i) => {
        const { now, least, most, mean } = extremes[i] ?? {};
        return t('chart.series', {
          label,
          ...{ now: text(now), least: text(least), most: text(most), mean: text(mean) },
        });
      })
      .join('; '),
  });
  const values = lines.map(({ label }, i) => `${label} ${text(valueAt(i))}`).join(', ');
  const here = place ?? Math.max(0, count - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: count - 1 }[event.key];
    if (event.key === 'Escape') setAt(undefined);
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(count - 1, Math.max(0, to)));
  };
  return (
    <figure className="chart">
      <figcaption className="chart-head">
        <h3>{title}</h3>
        <ul className="chart-lines">
          {lines.map((line, i) => (
            <li key={line.label}>
              <span
                style={{ '--line-colour': `var(${chartColour(line, i)})` } as React.CSSProperties}
                aria-hidden="true"
              />
              {lines.length > 1 && <bdi>{line.label}</bdi>}
              <b>{text(valueAt(i))}</b>
            </li>
          ))}
          {limit !== undefined && (
            <li className="note">
              {limit.label} {format(limit.value)}
            </li>
          )}
        </ul>
        {place !== undefined && <span className="chart-time">{[time(place), ...near].join(' · ')}</span>}
      </figcaption>
      <div
        className="chart-place"
        style={{ height }}
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-describedby={id}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={here}
        aria-valuetext={[t('chart.at', { time: time(here), values }), ...near].join(', ')}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(undefined)}
      >
        <Suspense fallback={null}>
          <Canvas {...props} height={height} at={place} onAt={setAt} timeText={timeText} />
        </Suspense>
        {isEmpty && <p className="chart-none">{t('chart.none')}</p>}
        <span id={id} hidden>
          {`${summary} ${t('chart.keys')}`}
        </span>
      </div>
    </figure>
  );
}

function marksAt(marks: readonly ChartMark[], at: number, stepMs: number): readonly string[] {
  return marks
    .filter((mark) => mark.at >= at - stepMs / 2 && mark.at < at + stepMs / 2)
    .map(({ text }) => text);
}

/** The hour of the day, to the second where points are closer than a minute. */
function timeText(at: number, stepMs: number, language: Language): string {
  const seconds = stepMs < 60_000 ? ({ second: '2-digit' } as const) : {};
  const format = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...seconds } as const;
  return new Intl.DateTimeFormat(language, format).format(at);
}

/** What the marks of charts above it mean, with their times; nothing where there are none. */
export function MarkList({ marks }: Readonly<{ marks: readonly ChartMark[] }>) {
  const { language } = useLanguage();
  const t = useWords(chartWords);
  if (marks.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
    <ul className="chart-marks" tabIndex={0} aria-label={t('chart.marks')}>
      {marks.toReversed().map(({ at, short, text }) => (
        <li key={`${at} ${short} ${text}`}>
          <time dateTime={new Date(at).toISOString()}>{timeText(at, 1_000, language)}</time>
          <bdi>{text}</bdi>
        </li>
      ))}
    </ul>
  );
}
