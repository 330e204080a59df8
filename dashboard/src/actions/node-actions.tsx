import type { Node } from '../../../src/contract/v1/nodes.ts';
import type { Text } from '../i18n/text.tsx';
import { shellWord } from '../parts/format.ts';
import type { Action } from './action.ts';
import { MovesPlan } from './moves-plan.tsx';
import { NodeLoss } from './node-loss.tsx';

/** What may be done to a host now. */
export function nodeActions({ id, name, cordoned, state, containers }: Node, t: Text): readonly Action[] {
  const own = { target: name, needs: 'admin' } as const;
  const input = { node: id };
  const word = shellWord(name);
  const cordon: Action = {
    ...own,
    id: 'cordon',
    label: t('action.cordon'),
    way: { cli: `berth node cordon ${word}`, route: 'node.cordon', input },
  };
  const uncordon: Action = {
    ...own,
    id: 'uncordon',
    label: t('action.uncordon'),
    way: { cli: `berth node uncordon ${word}`, route: 'node.uncordon', input },
  };
  const drain: Action = {
    ...own,
    id: 'drain',
    label: t('action.drain'),
    isDangerous: true,
    isLong: true,
    way: { cli: `berth node drain ${word}`, route: 'node.drain', input },
    confirm: {
      title: t('drain.title', { name }),
      texts: [t('drain.text')],
      body: <MovesPlan question={{ kind: 'drain', node: id }} />,
    },
  };
  const failover: Action = {
    ...own,
    id: 'failover',
    label: t('action.failover'),
    isDangerous: true,
    isLong: true,
    way: { cli: `berth node failover ${word}`, route: 'node.failover', input },
    confirm: {
      title: t('failover.title', { name }),
      texts: [t('failover.text')],
      typed: { label: t('failover.type', { name }), word: name },
    },
  };
  // Nothing that is the cluster's is on it: then it is not forced, and refused where that is not so any more.
  const isForced = containers.managed > 0 || state !== 'ready';
  const remove: Action = {
    ...own,
    id: 'remove',
    label: t('action.remove'),
    isDangerous: true,
    way: {
      cli: `berth node rm ${isForced ? '--force ' : ''}${word}`,
      route: 'node.delete',
      input: isForced ? { ...input, force: true } : input,
    },
    confirm: {
      title: t('remove.host.title', { name }),
      texts: [t('remove.host.text')],
      body: <NodeLoss node={id} name={name} />,
      typed: { label: t('action.type', { name }), word: name },
    },
  };
  return [cordoned ? uncordon : cordon, drain, ...(state === 'down' ? [failover] : []), remove];
}

/** Levels the hosts. */
export function rebalanceAction(t: Text): Action {
  return {
    id: 'rebalance',
    label: t('action.rebalance'),
    target: t('rebalance.target'),
    needs: 'admin',
    way: { cli: 'berth rebalance', route: 'cluster.rebalance', input: {} },
    isDangerous: true,
    isLong: true,
    confirm: {
      title: t('rebalance.title'),
      texts: [t('rebalance.text')],
      body: <MovesPlan question={{ kind: 'rebalance' }} />,
    },
  };
}
