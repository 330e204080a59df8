import type { ContainerView } from '../../contract/v1/containers.ts';
import type { VolumeDetail, VolumeMount, VolumeView, volumeRoutes } from '../../contract/v1/volumes.ts';
import { BerthError } from '../../kit/errors.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { COMPOSE_LABELS } from '../../model/labels.ts';
import { volumeNames } from '../../model/volume-names.ts';
import { spansHosts } from '../../model/volume-span.ts';
import type { ReadTx } from '../../store/store.ts';
import { hostName } from '../docker/networks/find-network.ts';
import {
  allVolumes,
  engineName,
  type FoundVolume,
  findVolume,
  hostOf,
  hostsOf,
  shownName,
} from '../docker/volumes/find-volume.ts';
import { type VolumeUsers, volumeUsers, volumeView } from '../docker/volumes/volume-view.ts';
import { shownLabels, shownOptions } from '../hidden-values.ts';
import { recordView, seenView } from './container-view.ts';
import type { Handlers } from './handler.ts';

type Raw = Readonly<Record<string, unknown>>;

export const volumeHandlers: Handlers<keyof typeof volumeRoutes> = {
  'volume.list': ({ deps, query: { stack } }) =>
    deps.store.view((tx) => {
      const users = volumeUsers(tx);
      const volumes = allVolumes(tx)
        .map((found) => viewOf(tx, found, users))
        .filter((one) => stack === undefined || one.stack === stack);
      return { volumes: volumes.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    }),
  'volume.get': ({ deps, params: { volume }, principal: { role } }) => {
    const detail = deps.store.view((tx) => detailOf(tx, find(tx, volume)));
    const { labels, options } = detail;
    return { ...detail, labels: shownLabels(labels, role), options: shownOptions(options, role) };
  },
  'volume.create': async ({ deps, body, principal, about }) => {
    about(body.name);
    await deps.createVolume(body, principal.user);
    return {};
  },
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

function detailOf(tx: ReadTx, found: FoundVolume): VolumeDetail {
  const raw = volumeView(tx, found);
  const spans = found.kind === 'cluster' && spansHosts(found.record);
  return {
    ...viewOf(tx, found, volumeUsers(tx)),
    managed: found.kind === 'cluster',
    spansHosts: spans,
    mountpoint: spans ? '' : String(raw.Mountpoint ?? ''),
    createdAt: String(raw.CreatedAt ?? ''),
    createdBy: found.kind === 'cluster' ? found.record.createdBy : '',
    options: textsOf(raw.Options),
    labels: textsOf(raw.Labels),
    mounts: [...mountsOf(tx, found)].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Containers that have it, where it is in them; those that no host has reported last. */
function* mountsOf(tx: ReadTx, found: FoundVolume): Iterable<VolumeMount> {
  const name = engineName(found);
  const hostId = hostOf(found);
  const isHere = (other: string) => hostId === undefined || hostId === other;
  const told = new Set<string>();
  for (const seen of tx.all('observedContainers')) {
    const mount = isHere(seen.hostId) ? volumeMount(seen, name) : undefined;
    if (mount === undefined) continue;
    const record = seen.clusterId === undefined ? undefined : tx.get('containers', seen.clusterId);
    const view = record === undefined ? seenView(tx, seen) : recordView(tx, record);
    told.add(view.id);
    yield { ...placed(view), path: String(mount.Destination ?? ''), readOnly: mount.RW === false };
  }
  for (const record of tx.all('containers')) {
    if (told.has(record.id) || !isHere(record.assigned.hostId)) continue;
    if (volumeNames(record.desired.spec).includes(name))
      yield { ...placed(recordView(tx, record)), path: '', readOnly: false };
  }
}

function volumeMount({ mounts }: ObservedContainer, name: string): Raw | undefined {
  const all = Array.isArray(mounts) ? (mounts as Raw[]) : [];
  return all.find(({ Type, Name }) => Type === 'volume' && Name === name);
}

function placed({ id, name, hostName: host, state }: ContainerView): Omit<VolumeMount, 'path' | 'readOnly'> {
  return { id, name, hostName: host, state };
}

function textsOf(value: unknown): Record<string, string> {
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(fields.map(([key, one]) => [key, String(one)]));
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
