import type { VolumeView } from '../../contract/v1/volumes.ts';
import { BerthError } from '../../kit/errors.ts';
import { COMPOSE_LABELS } from '../../model/labels.ts';
import type { ReadTx } from '../../store/store.ts';
import { hostName } from '../docker/networks/find-network.ts';
import {
  allVolumes,
  type FoundVolume,
  findVolume,
  hostsOf,
  shownName,
} from '../docker/volumes/find-volume.ts';
import { type VolumeUsers, volumeUsers, volumeView } from '../docker/volumes/volume-view.ts';
import type { Handlers } from './handler.ts';

export const volumeHandlers: Handlers<`volume.${'list' | 'remove'}`> = {
  'volume.list': ({ deps, query: { stack } }) =>
    deps.store.view((tx) => {
      const users = volumeUsers(tx);
      const volumes = allVolumes(tx)
        .map((found) => viewOf(tx, found, users))
        .filter((one) => stack === undefined || one.stack === stack);
      return { volumes: volumes.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    }),
  'volume.remove': async ({ deps, params: { volume } }) => {
    deps.store.view((tx) => refuseUsed(tx, volume));
    await deps.removeVolume(volume);
    return {};
  },
};

/** @throws BerthError `conflict` naming the containers that have it; `not_found` */
function refuseUsed(tx: ReadTx, name: string): void {
  const found = find(tx, name);
  const users = volumeUsers(tx).of(found);
  if (users.length > 0)
    throw new BerthError('conflict', `volume ${name} is in use by ${users.join(', ')}`, {
      hint: 'remove these first',
    });
}

function find(tx: ReadTx, name: string): FoundVolume {
  try {
    return findVolume(tx, name);
  } catch (thrown) {
    if (!(thrown instanceof BerthError && thrown.code === 'not_found')) throw thrown;
    throw new BerthError('not_found', `there is no volume "${name}"`, {
      hint: '"berth volume ls" lists them',
    });
  }
}

function viewOf(tx: ReadTx, found: FoundVolume, users: VolumeUsers): VolumeView {
  const { Driver, Labels } = volumeView(tx, found);
  const labels = (Labels ?? {}) as Readonly<Record<string, string>>;
  return {
    name: shownName(tx, found),
    driver: String(Driver ?? ''),
    hostNames: hostsOf(tx, found).map((id) => hostName(tx, id)),
    stack: labels[COMPOSE_LABELS.project] ?? '',
    key: labels[COMPOSE_LABELS.volume] ?? '',
    users: [...users.of(found)],
  };
}
