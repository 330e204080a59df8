import type { ImageView } from '../../../../src/contract/v1/images.ts';
import type { Action } from '../../actions/action.ts';
import { thereBy } from '../../cluster/there.ts';
import { shellWord } from '../../parts/format.ts';
import { imageName, shortId } from './image-name.ts';

type Say = (
  key: 'remove' | 'removeTitle' | 'removeHosts' | 'removeUsed' | 'removeBuilt' | 'removePulled' | 'type',
  values?: Readonly<Record<string, string | number>>,
) => string;

/** One that no registry gives again asks for its name. */
export function removeImage(image: ImageView, w: Say): Action {
  const { id, tags, digests, hostNames, users } = image;
  const name = imageName(image);
  const isBuilt = digests.length === 0;
  // By one of several tags only that tag would go.
  const [only] = tags.length === 1 ? tags : [];
  const word = only ?? shortId(id);
  return {
    ...{ id: 'remove', label: w('remove'), target: name, needs: 'operator', isDangerous: true },
    way: {
      cli: `docker rmi ${only === undefined && tags.length > 1 ? '-f ' : ''}${shellWord(word)}`,
      route: 'image.remove',
      input: { image: only ?? id, ...(tags.length > 1 ? { force: true } : {}) },
    },
    there: thereBy(
      'image.list',
      undefined,
      ({ images }) => images.some((one) => one.id === id && (only === undefined || one.tags.includes(only))),
      hostNames,
    ),
    confirm: {
      title: w('removeTitle', { name }),
      texts: [
        w('removeHosts', { n: hostNames.length, hosts: hostNames.join(', ') }),
        ...(users.length > 0 ? [w('removeUsed', { users: users.join(', ') })] : []),
        isBuilt ? w('removeBuilt') : w('removePulled'),
      ],
      ...(isBuilt ? { typed: { label: w('type', { name: word }), word } } : {}),
    },
  };
}
