import { useState } from 'react';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { Chart } from '../../parts/chart.tsx';
import { shareText } from '../../parts/format.ts';
import { releaseWords } from './release-words.ts';
import { addSample, type Sample, valuesOf } from './samples.ts';
import { millisecondsText, type Version } from './version-text.ts';

type Props = Readonly<{
  versions: readonly Version[];
  /** When these figures were read, milliseconds since the epoch. */
  at: number;
  stepMs: number;
}>;

/** How both versions have answered since the page was opened: what the judgement of a canary looks at. */
export function VersionCharts({ versions, at, stepMs }: Props) {
  const w = useWords(releaseWords);
  const { language } = useLanguage();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const next = addSample(samples, { at, versions }, stepMs);
  if (next !== samples) setSamples(next);
  if (versions.length < 2 || samples.length < 3) return null;
  const from = samples[0]?.at ?? at;
  const lines = (figure: 'errors' | 'p95') =>
    versions.map(({ release }, index) => ({
      label: `${w('version', { n: release })} (${w(index === 0 ? 'new' : 'old')})`,
      values: valuesOf(samples, release, figure),
      colour: index,
    }));
  return (
    <div className="version-charts">
      <Chart
        title={w('errors')}
        lines={lines('errors')}
        from={from}
        stepMs={stepMs}
        format={(value) => shareText(value, language)}
        sync="versions"
      />
      <Chart
        title={w('p95')}
        lines={lines('p95')}
        from={from}
        stepMs={stepMs}
        format={(value) => millisecondsText(value, language)}
        sync="versions"
      />
    </div>
  );
}
