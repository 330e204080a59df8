import { Loader } from '@mantine/core';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Moves } from '../../../src/contract/v1/moves.ts';
import { client } from '../cluster/client.ts';
import { useSaid } from '../i18n/said/use-said.ts';
import { useText } from '../i18n/text.tsx';
import { Problem } from '../parts/problem.tsx';

/** What would move containers to other hosts. */
export type MovesQuestion =
  | Readonly<{ kind: 'drain' /** ID. */; node: string }>
  | Readonly<{ kind: 'rebalance' }>;

/** What it would move, and where to, before it is done. It is asked once: a plan is of its moment. */
export function useMovesPlan(question: MovesQuestion): UseQueryResult<Moves> {
  return useQuery({
    queryKey: ['moves-plan', question],
    queryFn: ({ signal }) =>
      question.kind === 'drain'
        ? client.call('node.drain', { node: question.node, dryRun: true }, { signal })
        : client.call('cluster.rebalance', { dryRun: true }, { signal }),
    gcTime: 0,
  });
}

/** The plan in words, for the question before it is done. */
export function MovesPlan({ question }: Readonly<{ question: MovesQuestion }>) {
  const t = useText();
  const { data, error } = useMovesPlan(question);
  if (error !== null) return <Problem error={error} />;
  if (data === undefined)
    return (
      <div className="note" aria-busy="true">
        <Loader size="xs" /> {t('drain.planning')}
      </div>
    );
  return <MovesLists moves={data} kind={question.kind} />;
}

type ListsProps = Readonly<{ moves: Moves; kind: MovesQuestion['kind'] }>;

/** What moves, and what has to stay. */
export function MovesLists({ moves: { waiting, stays }, kind }: ListsProps) {
  const t = useText();
  const said = useSaid();
  if (waiting.length + stays.length === 0) return <p className="note">{t(`${kind}.nothing`)}</p>;
  return (
    <>
      <MovesList title={t('drain.moves', { n: waiting.length })} items={waiting}>
        {({ from, to }) => (
          <span className="note">
            {kind === 'drain' ? t('drain.to', { host: to }) : t('rebalance.fromTo', { from, to })}
          </span>
        )}
      </MovesList>
      <MovesList title={t('drain.stays', { n: stays.length })} items={stays}>
        {({ reason }) => <small>{said(reason)}</small>}
      </MovesList>
    </>
  );
}

type ListProps<T> = Readonly<{ title: string; items: readonly T[]; children(item: T): ReactNode }>;

/** Containers with what becomes of each; nothing where there are none. */
export function MovesList<T extends Readonly<{ id: string; name: string }>>({
  title,
  items,
  children,
}: ListProps<T>) {
  if (items.length === 0) return null;
  return (
    <section aria-label={title}>
      <strong>{title}</strong>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
      <ul className="moves" tabIndex={0}>
        {items.map((item) => (
          <li key={item.id}>
            <bdi>{item.name}</bdi> {children(item)}
          </li>
        ))}
      </ul>
    </section>
  );
}
