import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Status, Warning } from '../../../../src/contract/v1/cluster.ts';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { WarningLine } from './warning-line.tsx';
import { words } from './words.ts';
import './health.css';

/** As many as the manager gives. */
const MOST = 1000;

/** How the cluster is in one line, and what wants an eye, the worst first. */
export function Health({ status: { hosts, warningDetails } }: Readonly<{ status: Status }>) {
  const t = useText();
  const w = useWords(words);
  const [isWhole, setWhole] = useState(false);
  const { total, listed } = warningDetails ?? { total: 0, listed: [] };
  const down = hosts.byState.down ?? 0;
  const isBad = down > 0 || listed.some(({ severity }) => severity === 'bad');
  const tone = isBad ? 'bad' : total > 0 ? 'busy' : 'good';
  const icon = { bad: 'down', busy: 'warn', good: 'well' } as const;
  const text = down > 0 ? t('overview.down', { n: down }) : t('overview.warnings', { n: total });
  const more = total - countOf(listed);
  return (
    <section className={`health tone-${tone}`} aria-live="polite">
      <Icon name={icon[tone]} size={26} />
      <div className="health-text">
        <strong>{total === 0 && down === 0 ? t('overview.well') : text}</strong>
        {down > 0 && total > down && <div>{t('overview.warnings', { n: total })}</div>}
        {isWhole && more > 0 ? <Whole first={listed} /> : <Lines warnings={listed} />}
        {more > 0 && (
          <div className="health-more">
            <Button
              variant="default"
              size="compact-sm"
              aria-expanded={isWhole}
              onClick={() => setWhole(!isWhole)}
            >
              {isWhole ? w('fewer') : w('all', { n: total })}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}

/** All of them, asked for only where somebody wants to see them. */
function Whole({ first }: Readonly<{ first: readonly Warning[] }>) {
  const w = useWords(words);
  const { data } = useLiveQuery(['status', 'all'], (signal) =>
    client.call('cluster.status', { warnings: MOST }, { signal }),
  );
  const { total, listed } = data?.warningDetails ?? { total: 0, listed: first };
  const more = total - countOf(listed);
  return (
    <>
      <Lines warnings={listed} />
      {more > 0 && <div className="note">{w('more', { n: more })}</div>}
    </>
  );
}

function Lines({ warnings }: Readonly<{ warnings: readonly Warning[] }>) {
  if (warnings.length === 0) return null;
  return (
    <ul>
      {warnings.map((one) => (
        <WarningLine key={one.text} warning={one} />
      ))}
    </ul>
  );
}

function countOf(warnings: readonly Warning[]): number {
  return warnings.reduce((sum, { count }) => sum + count, 0);
}
