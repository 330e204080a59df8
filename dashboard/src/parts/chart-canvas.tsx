import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Language, useLanguage } from '../i18n/text.tsx';
import { byteStep, type ChartProps, chartColour, lonelyPoints, stacked } from './chart-text.ts';

type Props = ChartProps &
  Readonly<{
    height: number;
    at: number | undefined;
    onAt(at: number | undefined): void;
    timeText(at: number, stepMs: number, language: Language): string;
  }>;

const FONT = '12px system-ui, sans-serif';
/** Room for lines' names at marks, pixels. */
const HEAD = 16;
/** Lines across, at the most. */
const LINES = 4;
/** Of a point that has no line, pixels. */
const POINT = 5;
const DASH = [6, 4] as const;
const FILL = '26';
const STACKED_FILL = '80';
/** On top of the highest point. */
const ABOVE = 1.08;

/** The picture of a chart, which says nothing that is not also in words. */
export function ChartCanvas(props: Props) {
  const { lines, from, stepMs, isBytes = false, isStacked = false, sync, height, at } = props;
  const { language } = useLanguage();
  const scheme = useComputedColorScheme('light');
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  // What is drawn asks for the newest.
  const newest = useRef(props);
  newest.current = props;
  const labels = lines.map(({ label, colour = '' }) => `${label} ${colour}`).join('\n');
  const data = useMemo(() => dataOf({ lines, from, stepMs, isStacked }), [lines, from, stepMs, isStacked]);
  const first = useRef(data);
  first.current = data;

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is made anew where it looks otherwise, and only then
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const width = () => Math.max(40, parent.clientWidth);
    const made = new uPlot(optionsOf(newest, width(), language, parent), first.current, parent);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: width(), height: newest.current.height }),
    );
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [labels, language, scheme, isStacked, isBytes, sync, height]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  // By the keys: the mouse has its own.
  useEffect(() => {
    const { current } = plot;
    if (current === undefined || current.cursor.idx === at) return;
    const x = at === undefined ? undefined : current.data[0][at];
    if (x === undefined) current.setCursor({ left: -10, top: -10 }, false);
    else current.setCursor({ left: current.valToPos(x, 'x'), top: current.over.clientHeight / 2 }, false);
  }, [at]);

  return <div ref={place} aria-hidden="true" />;
}

function dataOf({
  lines,
  from,
  stepMs,
  isStacked,
}: Pick<Props, 'lines' | 'from' | 'stepMs' | 'isStacked'>): uPlot.AlignedData {
  const shown = isStacked === true ? stacked(lines) : lines;
  const count = Math.max(0, ...lines.map(({ values }) => values.length));
  const times = Array.from({ length: count }, (_, i) => from + i * stepMs);
  return [times, ...shown.map(({ values }) => [...values])];
}

function optionsOf(
  newest: Readonly<{ current: Props }>,
  width: number,
  language: Language,
  parent: HTMLElement,
): uPlot.Options {
  const { lines, isBytes = false, isStacked = false, sync, height } = newest.current;
  const style = getComputedStyle(parent);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--chart-mark'), font: FONT, ticks: { show: false } };
  const grid = { stroke: colour('--line'), width: 1 };
  return {
    ...{ width, height, ms: 1, legend: { show: false } },
    // Without figures there are no times below, in whose place the lowest number would reach.
    padding: [HEAD, 8, (_, __, sides) => (sides[2] === true ? 0 : 8), 0],
    cursor: {
      ...{ y: false, drag: { x: false, y: false }, focus: { prox: -1 } },
      ...(sync === undefined ? {} : { sync: { key: sync, scales: ['x', null] } }),
    },
    scales: {
      x: { time: true },
      y: { range: (_, __, most) => [0, topOf(newest.current, most)] },
    },
    series: [
      {},
      ...lines.map((line, i) => {
        const stroke = colour(chartColour(line, i));
        return {
          ...{ label: line.label, stroke, width: 1.5 },
          points: {
            ...{ show: true, size: POINT, fill: stroke, width: 0 },
            filter: (plot: uPlot, series: number) => lonelyPoints([...(plot.data[series] ?? [])]),
          },
          ...(line.isLimit === true ? { dash: [...DASH] } : {}),
          ...(lines.length === 1 || isStacked ? { fill: stroke + (isStacked ? STACKED_FILL : FILL) } : {}),
        };
      }),
    ],
    bands: isStacked ? lines.slice(1).map((_, i) => ({ series: [i + 2, i + 1] })) : [],
    axes: [
      {
        ...{ ...axis, grid: { show: false }, space: 70, size: 28 },
        values: (_, splits) => splits.map((at) => newest.current.timeText(at, splitsStep(splits), language)),
      },
      {
        ...{ ...axis, grid, size: 72, gap: 6 },
        values: (_, splits) => withoutSame(splits.map((value) => newest.current.format(value))),
        ...(isBytes
          ? { splits: (_, __, least, most) => byteSplits(least, most) }
          : { space: height / (LINES + 1) }),
      },
    ],
    hooks: {
      setCursor: [(plot) => newest.current.onAt(plot.cursor.idx ?? undefined)],
      draw: [(plot) => drawOver(plot, newest.current, colour)],
    },
  };
}

function topOf({ limit, isBytes, isShare }: Props, most: number | null): number {
  const highest = most ?? 0;
  // A limit far above would press the line flat.
  const isNear = limit !== undefined && limit.value <= highest * 4;
  const top = Math.max(highest, isNear ? limit.value : 0) * ABOVE;
  if (top > 0) return top;
  if (isBytes === true) return 1024;
  return isShare === true ? 1 : 0.1;
}

/** Of small figures several lines would have the same text. */
function withoutSame(texts: readonly string[]): string[] {
  return texts.map((text, i) => (text === texts[i - 1] ? '' : text));
}

function byteSplits(least: number, most: number): number[] {
  const step = byteStep(most - least, LINES);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function splitsStep(splits: readonly number[]): number {
  return (splits[1] ?? 0) - (splits[0] ?? 0);
}

/** The limit across, and marks upright with what they are, as far as there is room. */
function drawOver(plot: uPlot, { limit, marks = [] }: Props, colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.strokeStyle = colour('--chart-mark');
  ctx.fillStyle = colour('--chart-mark');
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  const across = limit === undefined ? -1 : plot.valToPos(limit.value, 'y', true);
  if (across >= bbox.top) line(ctx, bbox.left, across, bbox.left + bbox.width, across);
  let taken = Number.NEGATIVE_INFINITY;
  for (const { at, short } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    line(ctx, x, bbox.top - 4 * ratio, x, bbox.top + bbox.height);
    const width = ctx.measureText(short).width;
    const left = Math.min(x - width / 2, bbox.left + bbox.width - width);
    if (left < taken) continue;
    ctx.fillText(short, left, bbox.top - 6 * ratio);
    taken = left + width + 6 * ratio;
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}
