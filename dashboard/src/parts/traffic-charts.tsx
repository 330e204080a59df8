import { client } from '../cluster/client.ts';
import { useWords } from '../i18n/text.tsx';
import type { Line } from './chart-text.ts';
import { MetricPanel, type OneChart, useFormats } from './metric-charts.tsx';
import { metricWords } from './metric-words.ts';

type Column = readonly (number | null)[];

/** Of the requests then; not known where there were none. */
function sharesOf(requests: Column, errors: Column): Column {
  return requests.map((all, i) => {
    const some = errors[i] ?? null;
    return all === null || all === 0 || some === null ? null : Math.min(1, some / all);
  });
}

/** What goes through a route, how much of it fails, and how fast it is answered. @param route its name */
export function RouteCharts({ route }: Readonly<{ route: string }>) {
  const t = useWords(metricWords);
  const { number, share, time } = useFormats();
  return (
    <MetricPanel
      of={['route', route]}
      ask={(window, signal) => client.call('metrics.route', { name: route, window }, { signal })}
      charts={({ series: { requests, errors, p50, p95 } }) => [
        {
          ...{ title: t('metrics.requests'), format: number },
          lines: [
            { label: t('metrics.requests.all'), values: requests },
            { label: t('metrics.requests.failed'), values: errors, colour: 1 },
          ],
        },
        {
          ...{ title: t('metrics.errors'), format: share, isShare: true },
          lines: [{ label: t('metrics.errors'), values: sharesOf(requests, errors), colour: 1 }],
        },
        {
          ...{ title: t('metrics.time'), format: time },
          lines: [
            { label: t('metrics.p50'), values: p50, colour: 2 },
            { label: t('metrics.p95'), values: p95, colour: 3 },
          ],
        },
      ]}
    />
  );
}

/** Of who has answered nothing. */
const NOTHING = { requests: [], errors: [], p50: [], p95: [] };

type ReleaseProps = Readonly<{
  stack: string;
  service: string;
  /** Number of the release that goes out, which is compared with the one before it. */
  newest: number;
  /** By what the new one is judged; undefined where nobody judges. */
  limits: Readonly<{ maxErrorRate: number; maxSlowdown: number }> | undefined;
}>;

/** How versions that serve beside each other answer, and what the new one is judged by: the old one and so much more. */
export function ReleaseCharts({ stack, service, newest, limits }: ReleaseProps) {
  const t = useWords(metricWords);
  const { number, share, time } = useFormats();
  return (
    <MetricPanel
      of={['releases', stack, service]}
      ask={(window, signal) => client.call('metrics.releases', { stack, service, window }, { signal })}
      charts={({ releases }) => {
        const shown = (releases.length === 0 ? [{ release: newest, series: NOTHING }] : releases).map(
          ({ release, series }) => ({
            ...{ label: t('metrics.release', { n: release }), release, ...series },
            errors: sharesOf(series.requests, series.errors),
          }),
        );
        const old = shown.find(({ release }) => release < newest);
        const lines = (of: (one: (typeof shown)[number]) => Column): readonly Line[] =>
          shown.map((one, i) => ({ label: one.label, values: of(one), colour: i }));
        const limit = (values: Column, allowed: (value: number) => number): readonly Line[] =>
          limits === undefined || old === undefined
            ? []
            : [
                {
                  ...{ label: t('metrics.allowed', { n: newest }), colour: 5, isLimit: true },
                  values: values.map((value) => (value === null ? null : allowed(value))),
                },
              ];
        const { maxErrorRate = 0, maxSlowdown = 1 } = limits ?? {};
        return [
          {
            ...{ title: t('metrics.requests'), format: number },
            lines: lines(({ requests }) => requests),
          },
          {
            ...{ title: t('metrics.errors'), format: share, isShare: true },
            lines: [
              ...lines(({ errors }) => errors),
              ...limit(old?.errors ?? [], (value) => Math.min(1, value + maxErrorRate)),
            ],
          },
          {
            ...{ title: t('metrics.p95.of'), format: time },
            lines: [...lines(({ p95 }) => p95), ...limit(old?.p95 ?? [], (value) => value * maxSlowdown)],
          },
        ] satisfies readonly OneChart[];
      }}
    />
  );
}
