import { SegmentedControl } from '@mantine/core';
import '@mantine/core/styles/SegmentedControl.css';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useState } from 'react';
import { messageOf } from '../../../src/contract/page-client.ts';
import type { RouteOutput } from '../../../src/contract/v1/route.ts';
import type { Routes } from '../../../src/contract/v1/routes.ts';
import { client } from '../cluster/client.ts';
import { useSaid } from '../i18n/said/use-said.ts';
import { type Language, useLanguage, useWords } from '../i18n/text.tsx';
import { Chart, MarkList } from './chart.tsx';
import { useMarks } from './chart-marks.ts';
import type { ChartProps } from './chart-text.ts';
import { bytesText, msText, shareText } from './format.ts';
import { metricWords } from './metric-words.ts';
import { Problem } from './problem.tsx';
import { Waiting } from './waiting.tsx';

/** Seconds. */
const WINDOWS = [600, 3600, 21_600] as const;
type Window = (typeof WINDOWS)[number];
/** Hosts measure as often. */
const AGAIN_MS = 5_000;

/** What every answer with figures over time has. */
type Charted = Omit<RouteOutput<Routes['metrics.cluster']>, 'series'>;

/** Asks again as often as there is a new point. */
function useMetrics<T extends Charted>(
  key: readonly string[],
  window: Window,
  ask: (window: Window, signal: AbortSignal) => Promise<T>,
) {
  return useQuery({
    queryKey: ['metrics', ...key, String(window)],
    queryFn: ({ signal }) => ask(window, signal),
    refetchInterval: ({ state }) => Math.max(AGAIN_MS, (state.data?.stepMs ?? 0) / 2),
    // What was seen stays until there is something newer.
    placeholderData: (before) => before,
    retry: false,
  });
}

/** `0.25`, `12`. */
export function numberText(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
}

export function useFormats() {
  const { language } = useLanguage();
  return useMemo(
    () => ({
      number: (value: number) => numberText(value, language),
      bytes: (value: number) => bytesText(value, language),
      rate: (value: number) => `${bytesText(value, language)}/s`,
      share: (value: number) => shareText(value, language),
      time: (value: number) => msText(value, language),
    }),
    [language],
  );
}

export type OneChart = Omit<ChartProps, 'from' | 'stepMs' | 'marks' | 'sync'>;

type PanelProps<T extends Charted> = Readonly<{
  /** What it is of. */
  of: readonly string[];
  ask(window: Window, signal: AbortSignal): Promise<T>;
  /** Of the newest figures. */
  charts(data: T): readonly OneChart[];
  heading?: ReactNode;
}>;

/** Charts of one thing, all of the same time, with the marks of that time below. */
export function MetricPanel<T extends Charted>({ of, ask, charts, heading }: PanelProps<T>) {
  const t = useWords(metricWords);
  const said = useSaid();
  const [window, setWindow] = useState<Window>(600);
  const { data, error } = useMetrics(of, window, ask);
  const marks = useMarks(data?.marks);
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  const sync = of.join(' ');
  return (
    <>
      <div className="charts-head">
        {heading}
        <SegmentedControl
          size="xs"
          aria-label={t('metrics.window')}
          value={String(window)}
          onChange={(value) => setWindow(Number(value) as Window)}
          data={WINDOWS.map((seconds) => ({ value: String(seconds), label: t(`metrics.window.${seconds}`) }))}
        />
        <span className="note" role="status">
          {error === null ? said(data.silent) : t('metrics.stale', { reason: messageOf(error) })}
        </span>
      </div>
      <div className="charts">
        {charts(data).map((one) => (
          <Chart key={one.title} {...one} from={data.from} stepMs={data.stepMs} marks={marks} sync={sync} />
        ))}
      </div>
      <MarkList marks={marks} />
    </>
  );
}

type Flow = Readonly<
  Record<'networkIn' | 'networkOut' | 'diskRead' | 'diskWrite', readonly (number | null)[]>
>;

/** What goes over networks and disks, the same for whatever it is of. */
function useFlows() {
  const t = useWords(metricWords);
  const { rate } = useFormats();
  return ({ networkIn, networkOut, diskRead, diskWrite }: Flow): readonly OneChart[] => [
    {
      ...{ title: t('metrics.network'), format: rate, isBytes: true },
      lines: [
        { label: t('metrics.in'), values: networkIn },
        { label: t('metrics.out'), values: networkOut },
      ],
    },
    {
      ...{ title: t('metrics.disk'), format: rate, isBytes: true },
      lines: [
        { label: t('metrics.read'), values: diskRead },
        { label: t('metrics.write'), values: diskWrite },
      ],
    },
  ];
}

function useLimit() {
  const t = useWords(metricWords);
  return (value: number) => (value > 0 ? { value, label: t('metrics.limit') } : undefined);
}

/** @param container its ID */
export function ContainerCharts({ container }: Readonly<{ container: string }>) {
  const t = useWords(metricWords);
  const { number, bytes } = useFormats();
  const flows = useFlows();
  const limit = useLimit();
  return (
    <MetricPanel
      of={['container', container]}
      ask={(window, signal) => client.call('metrics.container', { container, window }, { signal })}
      charts={({ series, coreLimit, memoryLimit }) => [
        {
          ...{ title: t('metrics.cpu'), format: number, limit: limit(coreLimit) },
          lines: [{ label: t('metrics.cpu'), values: series.cpu }],
        },
        {
          ...{ title: t('metrics.memory'), format: bytes, isBytes: true, limit: limit(memoryLimit) },
          lines: [{ label: t('metrics.memory'), values: series.memory, colour: 2 }],
        },
        ...flows(series),
        {
          ...{ title: t('metrics.pids'), format: number },
          lines: [{ label: t('metrics.pids'), values: series.pids, colour: 3 }],
        },
      ]}
    />
  );
}

/** @param host its ID or name */
export function HostCharts({ host }: Readonly<{ host: string }>) {
  const t = useWords(metricWords);
  const { number, bytes } = useFormats();
  const flows = useFlows();
  const limit = useLimit();
  return (
    <MetricPanel
      of={['host', host]}
      ask={(window, signal) => client.call('metrics.host', { node: host, window }, { signal })}
      charts={({ series, cores, memorySize, dockerDiskSize }) => [
        {
          ...{ title: t('metrics.cpu'), format: number, isStacked: true, limit: limit(cores) },
          lines: [
            { label: t('metrics.cpu.user'), values: series.cpuUser },
            { label: t('metrics.cpu.system'), values: series.cpuSystem },
            { label: t('metrics.cpu.wait'), values: series.cpuWait, colour: 4 },
            { label: t('metrics.cpu.stolen'), values: series.cpuStolen, colour: 3 },
          ],
        },
        {
          ...{ title: t('metrics.memory'), format: bytes, isBytes: true, limit: limit(memorySize) },
          lines: [
            { label: t('metrics.memory.used'), values: series.memory, colour: 2 },
            { label: t('metrics.memory.swap'), values: series.swap, colour: 4 },
          ],
        },
        ...flows(series),
        {
          ...{ title: t('metrics.load'), format: number },
          lines: [{ label: t('metrics.load'), values: series.load, colour: 3 }],
        },
        {
          ...{ title: t('metrics.dockerDisk'), format: bytes, isBytes: true, limit: limit(dockerDiskSize) },
          lines: [{ label: t('metrics.dockerDisk'), values: series.dockerDisk, colour: 5 }],
        },
      ]}
    />
  );
}

/** Sums over the containers of a service. */
export function ServiceCharts({ stack, service }: Readonly<{ stack: string; service: string }>) {
  const t = useWords(metricWords);
  const { number, bytes } = useFormats();
  const flows = useFlows();
  return (
    <MetricPanel
      of={['service', stack, service]}
      ask={(window, signal) => client.call('metrics.service', { stack, service, window }, { signal })}
      charts={({ series }) => [
        {
          ...{ title: t('metrics.cpu'), format: number },
          lines: [{ label: t('metrics.cpu'), values: series.cpu }],
        },
        {
          ...{ title: t('metrics.memory'), format: bytes, isBytes: true },
          lines: [{ label: t('metrics.memory'), values: series.memory, colour: 2 }],
        },
        ...flows(series),
        {
          ...{ title: t('metrics.containers'), format: number },
          lines: [{ label: t('metrics.containers'), values: series.containers, colour: 3 }],
        },
      ]}
    />
  );
}

/** What all hosts have in use, against what there is of it. */
export function ClusterCharts() {
  const t = useWords(metricWords);
  const { number, bytes } = useFormats();
  const limit = useLimit();
  const newest = (values: readonly (number | null)[]) => values.findLast((value) => value !== null) ?? 0;
  return (
    <MetricPanel
      of={['cluster']}
      heading={<h2>{t('metrics.use')}</h2>}
      ask={(window, signal) => client.call('metrics.cluster', { window }, { signal })}
      charts={({ series }) => [
        {
          ...{ title: t('metrics.cpu'), format: number, limit: limit(newest(series.cores)) },
          lines: [{ label: t('metrics.cpu'), values: series.cpu }],
        },
        {
          ...{
            title: t('metrics.memory'),
            format: bytes,
            isBytes: true,
            limit: limit(newest(series.memorySize)),
          },
          lines: [{ label: t('metrics.memory'), values: series.memory, colour: 2 }],
        },
      ]}
    />
  );
}
