import type { VolumeView } from '../../../../src/contract/v1/volumes.ts';
import type { Action } from '../../actions/action.ts';
import { thereBy } from '../../cluster/there.ts';
import { shellWord } from '../../parts/format.ts';

type Say = (
  key: 'remove' | 'removeTitle' | 'removeText' | 'removeNowhere' | 'removeUsed' | 'removeStack' | 'type',
  values?: Readonly<Record<string, string | number>>,
) => string;

/** What is in a volume is nowhere else: its name is asked for. */
export function removeVolume({ name, hostNames, users, stack }: VolumeView, w: Say): Action {
  return {
    ...{ id: 'remove', label: w('remove'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `berth volume rm ${shellWord(name)}`, route: 'volume.remove', input: { volume: name } },
    // Of one that was made past the cluster its host tells.
    there: thereBy(
      'volume.get',
      { volume: name },
      (found) => found.name === name,
      name.includes('/') ? hostNames : [],
    ),
    confirm: {
      title: w('removeTitle', { name }),
      texts: [
        hostNames.length === 0 ? w('removeNowhere') : w('removeText', { hosts: hostNames.join(', ') }),
        ...(users.length > 0 ? [w('removeUsed', { users: users.join(', ') })] : []),
        ...(stack === '' ? [] : [w('removeStack', { stack })]),
      ],
      typed: { label: w('type', { name }), word: name },
    },
  };
}
