import type { OrphanView } from '../../../../src/contract/v1/orphans.ts';
import type { Action } from '../../actions/action.ts';
import type { Refused } from '../../actions/action-menu.tsx';
import { shellWord } from '../../parts/format.ts';
import type { words } from './words.ts';

type Say = (key: keyof (typeof words)['en'], values?: Readonly<Record<string, string | number>>) => string;

/** Two hosts may have a copy of one container each: its host tells them apart. */
export function orphanName({ hostName, name }: Pick<OrphanView, 'hostName' | 'name'>): string {
  return `${hostName}/${name}`;
}

export function adoptOrphan(one: OrphanView, w: Say): Action | Refused {
  const orphan = orphanName(one);
  const base = { id: 'adopt', label: w('adopt'), needs: 'admin' } as const;
  if (one.problem !== undefined) return { ...base, whyNot: one.problem };
  return {
    ...base,
    target: one.name,
    way: { cli: `berth orphan adopt ${shellWord(orphan)}`, route: 'orphan.adopt', input: { orphan } },
  };
}

/** Its processes and what it has written beside its volumes are nowhere else: its name is asked for. */
export function removeOrphan(one: OrphanView, w: Say): Action {
  const { name, hostName } = one;
  const orphan = orphanName(one);
  return {
    ...{ id: 'remove', label: w('remove'), target: name, needs: 'admin', isDangerous: true, isLong: true },
    way: { cli: `berth orphan rm ${shellWord(orphan)}`, route: 'orphan.remove', input: { orphan } },
    confirm: {
      title: w('remove.title', { name, host: hostName }),
      texts: [w('remove.text', { host: hostName }), w('remove.lost')],
      typed: { label: w('remove.type', { name }), word: name },
    },
  };
}
