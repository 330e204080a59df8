import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Clock } from '../../parts/time.tsx';
import { words } from './words.ts';

/** Around a plan that is drawn on the map. */
export function PlanFrame({
  title,
  onClose,
  children,
}: Readonly<{ title: string; onClose(): void; children: ReactNode }>) {
  const w = useWords(words);
  return (
    <section className="card card-body topo-plan" aria-label={title}>
      <div className="topo-card-head">
        <h2>
          <bdi>{title}</bdi>
        </h2>
        <Button variant="subtle" size="compact-sm" aria-label={w('plan.close')} onClick={onClose}>
          <Icon name="close" size={16} />
        </Button>
      </div>
      {children}
    </section>
  );
}

type Asked = Readonly<{ dataUpdatedAt: number; isFetching: boolean; refetch(): unknown }>;

/** Of when the plan is, and the way to a newer one. */
export function PlanAge({ plan }: Readonly<{ plan: Asked }>) {
  const w = useWords(words);
  const [before, after] = w('plan.as', { time: '\0' }).split('\0');
  return (
    <div className="topo-card-foot">
      <span className="note">
        {before}
        <Clock at={plan.dataUpdatedAt} />
        {after}
      </span>
      <Button
        variant="default"
        size="compact-sm"
        loading={plan.isFetching}
        onClick={() => void plan.refetch()}
      >
        {w('plan.again')}
      </Button>
    </div>
  );
}
