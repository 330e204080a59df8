import type { Moves } from '../../contract/v1/moves.ts';
import type { ReadTx } from '../../store/store.ts';
import type { Job, Moved, Plan } from './container-moves.ts';
import type { ApiDeps } from './deps.ts';
import { findNode } from './find-node.ts';
import type { Handlers } from './handler.ts';
import { nodeView } from './node-view.ts';

type Names = 'node.drain' | 'node.drained' | 'node.failover' | 'cluster.rebalance' | 'cluster.rebalanced';

export const moveHandlers: Handlers<Names> = {
  'node.drain': async ({ deps, params, body, about }) => {
    const [host, without] = deps.store.view((tx) => [
      findNode(tx, params.node),
      body.without.map((node) => findNode(tx, node).id),
    ]);
    about(body.dryRun ? `${host.name} (dry run)` : host.name);
    return body.dryRun
      ? planText(deps, deps.moves.planDrain(host.id, without))
      : text(deps, await deps.moves.drain(host.id));
  },
  'node.drained': ({ deps, params }) => {
    const host = deps.store.view((tx) => findNode(tx, params.node));
    return text(deps, deps.moves.drainJob(host.id));
  },
  'node.failover': ({ deps, params, about }) => {
    const host = deps.store.view((tx) => findNode(tx, params.node));
    about(host.name);
    deps.moves.release(host.id);
    return deps.store.view((tx) => nodeView(tx, host));
  },
  'cluster.rebalance': ({ deps, body, about }) => {
    if (!body.dryRun) return text(deps, deps.moves.rebalance());
    about('(dry run)');
    return planText(deps, deps.moves.planRebalance());
  },
  'cluster.rebalanced': ({ deps }) => text(deps, deps.moves.rebalanceJob()),
};

function planText(deps: ApiDeps, { moves, stays }: Plan): Moves {
  return named(deps, { state: 'planned', waiting: moves, moved: [], stays });
}

function text(deps: ApiDeps, job: Job | undefined): Moves {
  return named(deps, job ?? { state: 'none', waiting: [], moved: [], stays: [] });
}

function named(
  { store }: ApiDeps,
  { state, waiting, moved, stays }: Omit<Job, 'state'> & { state: Moves['state'] },
): Moves {
  return store.view((tx) => ({
    state,
    waiting: waiting.map((move) => withNames(tx, move)),
    moved: moved.map((move) => withNames(tx, move)),
    stays: stays.map(({ id, name, from, reason }) => ({ id, name, from: hostName(tx, from), reason })),
  }));
}

function withNames(tx: ReadTx, { id, name, from, to }: Moved): Moves['moved'][number] {
  return { id, name, from: hostName(tx, from), to: hostName(tx, to) };
}

function hostName(tx: ReadTx, hostId: string): string {
  return tx.get('hosts', hostId)?.name ?? hostId;
}
