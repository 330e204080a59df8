import { Button } from '@mantine/core';
import type { ComposeProblem } from '../../../../src/contract/v1/stack-sources.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { DeploymentDiff } from './deployment-diff.tsx';
import type { Check } from './use-check.ts';
import { words } from './words.ts';

type Props = Readonly<{ check: Check; hasName: boolean; onGo(place: ComposeProblem): void }>;

/** What the manager says of the text beside it. */
export function Findings({ check, hasName, onGo }: Props) {
  const w = useWords(words);
  const { checked, isOld, error, again } = check;
  const errors = checked?.problems.filter(({ severity }) => severity === 'error').length ?? 0;
  return (
    <div className="findings" aria-busy={isOld}>
      <section className="card card-body" aria-label={w('problems')}>
        <h2>
          {w('problems')}{' '}
          <span className="note" role="status">
            {isOld && hasName
              ? w('checking')
              : checked === undefined
                ? ''
                : errors === 0
                  ? w('problems.none')
                  : w('problems.count', { n: errors })}
          </span>
        </h2>
        {error !== undefined && (
          <>
            <p>{w('not.checked')}</p>
            <Problem error={error} />
            <Button variant="default" size="xs" onClick={again}>
              {w('again')}
            </Button>
          </>
        )}
        {checked !== undefined && checked.problems.length > 0 && (
          <ul className="finding-list">
            {checked.problems.map((one) => (
              <Finding
                key={`${one.file}:${one.line}:${one.column}:${one.message}`}
                problem={one}
                onGo={onGo}
              />
            ))}
          </ul>
        )}
        {checked !== undefined && checked.refusals.length > 0 && (
          <Sentences title={w('refusals')} tone="bad" texts={checked.refusals} />
        )}
        {checked !== undefined && checked.warnings.length > 0 && (
          <Sentences title={w('warnings')} tone="busy" texts={checked.warnings} />
        )}
      </section>
      <section className="card card-body" aria-label={w('changes')}>
        <h2>{w('changes')}</h2>
        {!hasName ? (
          <p className="note">{w('changes.name')}</p>
        ) : checked?.diff == null ? (
          <p className="note">{w(checked?.refusals.length ? 'changes.refused' : 'changes.mistakes')}</p>
        ) : (
          <DeploymentDiff diff={checked.diff} />
        )}
      </section>
    </div>
  );
}

type FindingProps = Readonly<{ problem: ComposeProblem; onGo(place: ComposeProblem): void }>;

function Finding({ problem, onGo }: FindingProps) {
  const w = useWords(words);
  const { severity, file, line, key, message } = problem;
  return (
    <li className={severity === 'error' ? 'tone-bad' : 'tone-busy'}>
      <button type="button" className="finding" onClick={() => onGo(problem)}>
        <span className="finding-place">
          <span className="finding-tone">{w(`problems.${severity}`)}</span>{' '}
          <bdi>{w('problems.at', { file, line })}</bdi>
        </span>
        {key !== '' && <bdi className="mono finding-key">{key}</bdi>}
        <span>{message}</span>
      </button>
    </li>
  );
}

type SentencesProps = Readonly<{ title: string; tone: 'bad' | 'busy'; texts: readonly string[] }>;

function Sentences({ title, tone, texts }: SentencesProps) {
  const said = useSaid();
  return (
    <div className={`sentences tone-${tone}`}>
      <strong>{title}</strong>
      <ul>
        {texts.map((text) => (
          <li key={text}>
            <Icon name="warn" size={16} /> {said(text)}
          </li>
        ))}
      </ul>
    </div>
  );
}
