import { userLabels } from '../../../model/labels.ts';
import type { Volume } from '../../../model/objects.ts';
import { volumeNames } from '../../../model/volume-names.ts';
import type { ReadTx } from '../../../store/store.ts';
import { isNode } from '../images/image-list.ts';
import { hostName } from '../networks/find-network.ts';
import { type Filters, labelsMatch } from '../query.ts';
import { booleanFilter, exactTest, nameTest } from '../system/match.ts';
import { allVolumes, engineName, type FoundVolume, hostOf, hostsOf, shownName } from './find-volume.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What `docker volume ls --filter` takes; `node` is Berth's and classic Swarm's. */
export const VOLUME_FILTERS = ['dangling', 'driver', 'label', 'name', 'node'] as const;

/**
 * A volume as clients see it: the engine's own words, or, where no host has it yet, those in which it was ordered.
 * @param raw the engine's `GET /volumes/<name>`; without it, what the agent has last reported
 */
export function volumeView(tx: ReadTx, found: FoundVolume, raw?: Raw): Raw {
  const seen = raw ?? (found.seen?.raw as Raw | undefined);
  const entry = seen ?? (found.kind === 'cluster' ? ordered(found.record) : {});
  const labels = entry.Labels as Record<string, string> | null | undefined;
  return { ...entry, Name: shownName(tx, found), Labels: labels == null ? null : userLabels(labels) };
}

/**
 * The list of volumes, by name.
 * @throws BerthError `bad_request` for a filter's value that is not one
 */
export function listVolumes(tx: ReadTx, filters: Filters): Raw[] {
  const name = nameTest(filters.get('name'));
  const driver = exactTest(filters.get('driver'));
  const labels = filters.get('label') ?? [];
  const nodes = filters.get('node') ?? [];
  const dangling = booleanFilter('dangling', filters.get('dangling'));
  const used = dangling === undefined ? undefined : volumeUsers(tx);
  return allVolumes(tx)
    .map((found) => ({ found, view: volumeView(tx, found) }))
    .filter(({ found, view }) => {
      return (
        (name(String(view.Name)) || name(engineName(found))) &&
        driver(String(view.Driver)) &&
        labelsMatch((view.Labels ?? {}) as Record<string, string>, labels) &&
        (nodes.length === 0 || nodes.some((node) => isOn(tx, found, node))) &&
        (dangling === undefined || dangling !== (used?.of(found) ?? []).length > 0)
      );
    })
    .map(({ view }) => view)
    .sort((a, b) => (String(a.Name) < String(b.Name) ? -1 : 1));
}

/** On that host; one that is nowhere yet, but is to be on one, counts as being there. */
function isOn(tx: ReadTx, found: FoundVolume, node: string): boolean {
  const hosts = [...hostsOf(tx, found), ...[hostOf(found)].flatMap((id) => id ?? [])];
  return hosts.some((hostId) => isNode(tx, hostId, node));
}

/** Who mounts volumes, running or not. */
export type VolumeUsers = Readonly<{
  /** Names of the containers that have the volume; of one that is on no single host, on any of them. */
  of(found: FoundVolume): readonly string[];
}>;

export function volumeUsers(tx: ReadTx): VolumeUsers {
  /** By the volume's name and then its host. */
  const users = new Map<string, Map<string, Set<string>>>();
  const use = (hostId: string, volume: string, container: string) => {
    const hosts = users.get(volume) ?? new Map<string, Set<string>>();
    users.set(volume, hosts.set(hostId, (hosts.get(hostId) ?? new Set()).add(container)));
  };
  for (const { hostId, mounts, name, clusterId } of tx.all('observedContainers')) {
    const shown = clusterId === undefined ? undefined : tx.get('containers', clusterId)?.name;
    for (const mount of Array.isArray(mounts) ? (mounts as Raw[]) : []) {
      if (mount.Type === 'volume')
        use(hostId, String(mount.Name), shown ?? `${hostName(tx, hostId)}/${name}`);
    }
  }
  for (const { desired, assigned, name } of tx.all('containers')) {
    for (const volume of volumeNames(desired.spec)) use(assigned.hostId, volume, name);
  }
  return {
    of: (found) => {
      const hosts = users.get(engineName(found));
      const hostId = hostOf(found);
      const sets = hostId === undefined ? [...(hosts?.values() ?? [])] : [hosts?.get(hostId) ?? []];
      return [...new Set(sets.flatMap((names) => [...names]))].sort();
    },
  };
}

/** `GET /volumes/<name>` of one that no host has made yet, from the body of its `POST /volumes/create`. */
function ordered({ name, createdAt, spec }: Volume): Raw {
  return {
    CreatedAt: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    Driver: spec.Driver || 'local',
    Labels: spec.Labels ?? null,
    Mountpoint: '',
    Name: name,
    Options: spec.DriverOpts ?? null,
    Scope: 'local',
  };
}
