import type { Node } from '../../../src/contract/v1/nodes.ts';
import type { Text } from '../i18n/text.tsx';
import { shellWord } from '../parts/format.ts';
import type { Action } from './action.ts';
import { DrainPlan } from './drain-plan.tsx';

/** What may be done to a host now. */
export function nodeActions({ id, name, cordoned }: Node, t: Text): readonly Action[] {
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
    way: { cli: `berth node drain ${word}`, route: 'node.drain', input },
    confirm: {
      title: t('drain.title', { name }),
      texts: [t('drain.text')],
      body: <DrainPlan node={id} />,
    },
  };
  return [cordoned ? uncordon : cordon, drain];
}
