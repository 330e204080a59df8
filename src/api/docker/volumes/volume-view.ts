import { userLabels } from '../../../model/labels.ts';
import type { Volume } from '../../../model/objects.ts';
import type { ReadTx } from '../../../store/store.ts';
import { volumeNames } from '../../agents/assignment-of.ts';
import { isNode } from '../images/image-list.ts';
import { type Filters, labelsMatch } from '../query.ts';
import { booleanFilter, exactTest, nameTest } from '../system/match.ts';
import { allVolumes, engineName, type FoundVolume, hostOf, shownName } from './find-volume.ts';

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
  const used = dangling === undefined ? undefined : volumesInUse(tx);
  return allVolumes(tx)
    .map((found) => ({ found, view: volumeView(tx, found) }))
    .filter(({ found, view }) => {
      const hostId = hostOf(found);
      return (
        (name(String(view.Name)) || name(engineName(found))) &&
        driver(String(view.Driver)) &&
        labelsMatch((view.Labels ?? {}) as Record<string, string>, labels) &&
        (nodes.length === 0 || (hostId !== undefined && nodes.some((node) => isNode(tx, hostId, node)))) &&
        (dangling === undefined || dangling !== (used?.has(useKey(hostId, engineName(found))) ?? false))
      );
    })
    .map(({ view }) => view)
    .sort((a, b) => (String(a.Name) < String(b.Name) ? -1 : 1));
}

/** Volumes that a container mounts, running or not, as `useKey` writes them. */
export function volumesInUse(tx: ReadTx): Set<string> {
  const used = new Set<string>();
  for (const { hostId, mounts } of tx.all('observedContainers')) {
    for (const mount of Array.isArray(mounts) ? (mounts as Raw[]) : []) {
      if (mount.Type === 'volume') used.add(useKey(hostId, String(mount.Name)));
    }
  }
  for (const { desired, assigned } of tx.all('containers')) {
    for (const name of volumeNames(desired.spec)) used.add(useKey(assigned.hostId, name));
  }
  return used;
}

/** A volume on a host; a name has no slash. */
export function useKey(hostId: string | undefined, name: string): string {
  return `${hostId ?? ''}/${name}`;
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
