import { useEffect } from 'react';
import type { Moves } from '../../../../src/contract/v1/moves.ts';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { MovesLists, type MovesQuestion, useMovesPlan } from '../../actions/moves-plan.tsx';
import { nodeActions, rebalanceAction } from '../../actions/node-actions.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { PlanAge, PlanFrame } from './plan-parts.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  question: MovesQuestion;
  /** The host that is drained. */
  node: Node | undefined;
  onClose(): void;
  /** Hears what is to be drawn of it. */
  onMoves(moves: Moves['waiting']): void;
}>;

/** What would move, or is moving, asked again while it does. */
function usePlan(question: MovesQuestion) {
  const job = useLiveQuery(['moves-job', ...Object.values(question)], (signal) =>
    question.kind === 'drain'
      ? client.call('node.drained', { node: question.node }, { signal })
      : client.call('cluster.rebalanced', undefined, { signal }),
  );
  const plan = useMovesPlan(question);
  const state = job.data?.state;
  const { refetch } = plan;
  useEffect(() => {
    if (state === 'done') void refetch();
  }, [state, refetch]);
  const running = state === 'running' ? job.data : undefined;
  return { job: job.data, running, plan };
}

/** The plan beside the map: the list of it, and the button that does it. */
export function PlanCard({ question, node, onClose, onMoves }: Props) {
  const t = useText();
  const w = useWords(words);
  const { running, job, plan } = usePlan(question);
  const moves = (running ?? plan.data)?.waiting;
  useEffect(() => {
    onMoves(moves ?? []);
    return () => onMoves([]);
  }, [moves, onMoves]);
  const actions =
    question.kind === 'rebalance'
      ? [rebalanceAction(t)]
      : node === undefined
        ? []
        : nodeActions(node, t).filter(({ id }) => id === 'drain');
  const title =
    question.kind === 'rebalance'
      ? w('plan.title.rebalance')
      : w('plan.title.drain', { host: node?.name ?? question.node });
  return (
    <PlanFrame title={title} onClose={onClose}>
      {plan.error !== null && running === undefined && <Problem error={plan.error} />}
      {running !== undefined && <Progress moves={running} />}
      {running === undefined && plan.data !== undefined && (
        <>
          {job?.state === 'done' && plan.data.waiting.length === 0 && (
            <p role="status">
              <span className="state tone-good">{w('plan.done', { n: job.moved.length })}</span>
            </p>
          )}
          <MovesLists moves={plan.data} kind={question.kind} />
          <PlanAge plan={plan} />
          <div className="topo-card-foot">
            <CopyAs
              way={
                question.kind === 'rebalance'
                  ? { cli: 'berth rebalance --dry-run', route: 'cluster.rebalance', input: { dryRun: true } }
                  : {
                      cli: `berth node drain ${shellWord(node?.name ?? question.node)} --dry-run`,
                      route: 'node.drain',
                      input: { node: question.node, dryRun: true },
                    }
              }
            />
            {plan.data.waiting.length > 0 && <ActionButtons actions={actions} />}
          </div>
        </>
      )}
      {running === undefined && plan.isPending && <Waiting />}
    </PlanFrame>
  );
}

function Progress({ moves }: Readonly<{ moves: Moves }>) {
  const w = useWords(words);
  const { moved, waiting } = moves;
  return (
    <>
      <p role="status">
        <span className="state tone-busy">
          {w('plan.running', { moved: moved.length, all: moved.length + waiting.length })}
        </span>
      </p>
      <MovesLists moves={moves} kind="rebalance" />
    </>
  );
}
