import { useLanguage, useWords } from '../../i18n/text.tsx';
import { shareText, spanText } from '../../parts/format.ts';
import { releaseWords } from './release-words.ts';
import type { ServiceSpec } from './use-service.ts';

type Props = Readonly<{
  policy: NonNullable<ServiceSpec['update']['shift']>;
  update: ServiceSpec['update'];
  /** Index of the step that it is at; -1: of none. */
  at: number;
}>;

/** How requests go over by themselves, and who judges. */
export function ShiftPolicy({ policy: { steps, confirm, analysis, match }, update, at }: Props) {
  const w = useWords(releaseWords);
  const { language } = useLanguage();
  return (
    <>
      {steps.length > 0 && (
        <ol className="steps" aria-label={w('steps')}>
          {steps.map(({ weight, holdMs }, index) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a policy do not move
              key={index}
              className={index < at ? 'past' : ''}
              {...(index === at ? { 'aria-current': 'step' } : {})}
            >
              {w('step', { weight, time: spanText(holdMs, language) })}
            </li>
          ))}
          <li>{w(confirm === 'by-hand' ? 'step.confirm' : 'step.all')}</li>
        </ol>
      )}
      {analysis !== undefined && (
        <p className="note">
          {w(update.onFailure === 'rollback' ? 'analysis' : 'analysis.pause', {
            errors: shareText(analysis.maxErrorRate, language),
            slowdown: analysis.maxSlowdown,
            requests: analysis.minRequests,
          })}
        </p>
      )}
      {match !== undefined && (
        <p className="note">
          {w(match.in === 'header' ? 'match' : 'match.cookie', { name: match.name, value: match.value })}
        </p>
      )}
    </>
  );
}
