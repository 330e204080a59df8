import { useMemo } from 'react';
import type { Mark } from '../../../src/contract/v1/metrics.ts';
import { useSaid } from '../i18n/said/use-said.ts';
import { useWords } from '../i18n/text.tsx';
import type { ChartMark } from './chart-text.ts';
import { chartWords } from './chart-words.ts';

/** What the API tells of moments, as charts show them. */
export function useMarks(marks: readonly Mark[] | undefined): readonly ChartMark[] {
  const t = useWords(chartWords);
  const said = useSaid();
  return useMemo(
    () =>
      (marks ?? []).map((mark) => {
        const { at, kind, ...values } = mark;
        const reason = mark.reason === undefined ? {} : { reason: said(mark.reason) };
        return { at, short: shortOf(mark), text: t(`mark.${kind}`, { ...values, ...reason }) };
      }),
    [marks, t, said],
  );
}

function shortOf({ kind, subject, number = 0, from = 0, to = 0 }: Mark): string {
  switch (kind) {
    case 'release':
      return `r${number}`;
    case 'rollback':
      return `↩ r${number}`;
    case 'weight':
      return `r${number} ${to} %`;
    case 'stopped':
      return `✕ r${number}`;
    case 'confirmed':
      return `✓ r${number}`;
    case 'scaling':
      return `${from}→${to}`;
    case 'failover':
      return '⚠ ⇄';
    case 'move':
      return '⇄';
    case 'host-down':
      return `↓ ${subject.slice(0, 12)}`;
    case 'host-back':
      return `↑ ${subject.slice(0, 12)}`;
  }
}
