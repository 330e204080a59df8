import type { RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';
import { client } from '../../cluster/client.ts';
import { type Language, useLanguage, useWords } from '../../i18n/text.tsx';
import { type Line, limitAlong } from '../../parts/chart-text.ts';
import { bytesText, msText, shareText } from '../../parts/format.ts';
import { MetricPanel, numberText, type OneChart } from '../../parts/metric-charts.tsx';
import type { Metric } from './scaling-fields.ts';
import { scalingWords } from './scaling-words.ts';

type Scaling = RouteOutput<Routes['autoscale.explain']>['scaling'];

const TEXTS: Readonly<Record<Metric, (value: number, language: Language) => string>> = {
  cpu: (value, language) => shareText(value / 100, language),
  memory: (value, language) => shareText(value / 100, language),
  networkIn: (value, language) => `${bytesText(value, language)}/s`,
  networkOut: (value, language) => `${bytesText(value, language)}/s`,
  requests: numberText,
  latency: msText,
};

type Props = Readonly<{ stack: string; service: string; scaling: Scaling }>;

/** What each rule has looked at, against its limits, and the number that came of it; decisions are the marks. */
export function ScalingCharts({ stack, service, scaling }: Props) {
  const w = useWords(scalingWords);
  const { language } = useLanguage();
  const { rules, min, max } = scaling;
  return (
    <MetricPanel
      of={['scaling', stack, service]}
      ask={(window, signal) => client.call('metrics.scaling', { stack, service, window }, { signal })}
      charts={({ series }) => {
        const flat = (value: number | undefined, label: string, colour: number): readonly Line[] =>
          value === undefined
            ? []
            : [{ label, colour, isLimit: true, values: limitAlong(series.count, value) }];
        return [
          ...rules.map(
            ({ metric, above, below, target }): OneChart => ({
              ...{ title: w(`metric.${metric}`), format: (value) => TEXTS[metric](value, language) },
              isBytes: metric === 'networkIn' || metric === 'networkOut',
              lines: [
                { label: w('average'), values: series[metric] },
                ...flat(target, w('target'), 2),
                ...flat(above, w('above'), 1),
                ...flat(below, w('below'), 2),
              ],
            }),
          ),
          {
            ...{ title: w('count'), format: (value) => numberText(value, language) },
            lines: [
              { label: w('count.now'), values: series.count, colour: 3 },
              ...flat(min, w('min'), 2),
              ...flat(max, w('max'), 1),
            ],
          },
        ];
      }}
    />
  );
}
