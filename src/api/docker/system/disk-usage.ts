import { type Role, roleAllows } from '../../../model/access.ts';
import { userLabels } from '../../../model/labels.ts';
import type { ReadTx } from '../../../store/store.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import type { DockerDeps } from '../deps.ts';
import type { FanoutResult, HostRef } from '../fanout.ts';
import { sendShown } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { isOnHost } from '../volumes/find-volume.ts';
import { askReachable } from './add-up.ts';
import { addWarnings } from './hosts.ts';

/** An engine walks through its volumes for this. */
const DF_MS = 60_000;
/** An answer is no answer any more after this. */
const OLD_MS = 60_000;

type Entry = Readonly<Record<string, unknown>>;
export type DiskUsage = Readonly<{
  LayersSize?: number;
  Images?: readonly Entry[] | null;
  Containers?: readonly Entry[] | null;
  Volumes?: readonly Entry[] | null;
  BuildCache?: readonly Entry[] | null;
  BuilderSize?: number;
}>;

/** `GET /system/df`, added up over the hosts: an image that is on three of them is listed once and takes its space thrice. */
export async function diskUsage(call: DockerCall): Promise<void> {
  const { answers, warnings } = await askUsage(call, call.query, call.principal.role);
  addWarnings(call.res, warnings);
  sendShown(
    call,
    call.deps.store.view((tx) =>
      addUp(
        tx,
        answers.map(({ host, value }) => ({ host, usage: value })),
      ),
    ),
  );
}

type Asked = Readonly<{ at: number; answer: Promise<FanoutResult<DiskUsage>> }>;
const running = new WeakSet<Asked>();
/** What was asked last, by the cluster that was asked and by what it was asked for. */
const asked = new WeakMap<DockerDeps, Map<string, Asked>>();

/**
 * What each host that can be reached uses of its disk. Engines read their disks for it: who asks while that is under way
 * gets the same answer, and a viewer gets one that is up to a minute old, so that asking again and again is no load.
 */
export function askUsage(
  { deps, apiVersion }: EngineCall,
  query: URLSearchParams,
  role: Role,
): Promise<FanoutResult<DiskUsage>> {
  const wanted = new URLSearchParams();
  for (const type of [...new Set(query.getAll('type'))].sort()) wanted.append('type', type);
  const path = enginePath({ apiVersion }, '/system/df', wanted);
  const known = asked.get(deps) ?? new Map<string, Asked>();
  asked.set(deps, known);
  const now = deps.clock.now();
  for (const [key, { at }] of known) if (Math.abs(now - at) > OLD_MS) known.delete(key);
  const before = known.get(path);
  if (before !== undefined && (running.has(before) || !roleAllows(role, 'operator'))) return before.answer;
  // Whoever asked first may go away: the others wait for it as well.
  const call = { deps, apiVersion, signal: AbortSignal.timeout(2 * DF_MS) };
  const answer = askReachable(
    call,
    (host, signal) => askJson<DiskUsage>(call, host.id, { method: 'GET', path, signal }),
    DF_MS,
  );
  const own: Asked = { at: now, answer };
  known.set(path, own);
  running.add(own);
  answer.catch(() => known.get(path) === own && known.delete(path)).finally(() => running.delete(own));
  return answer;
}

/** Adds up the hosts' answers, with the cluster's names. Parts that were not asked for (`type=`) stay out. */
export function addUp(tx: ReadTx, usages: readonly Readonly<{ host: HostRef; usage: DiskUsage }>[]): Entry {
  const images = new Map<unknown, Entry>();
  const containers: Entry[] = [];
  const volumes: Entry[] = [];
  const buildCache: Entry[] = [];
  let layersSize = 0;
  let builderSize = 0;
  for (const { host, usage } of usages) {
    layersSize += usage.LayersSize ?? 0;
    builderSize += usage.BuilderSize ?? 0;
    for (const image of usage.Images ?? []) {
      const before = images.get(image.Id);
      images.set(
        image.Id,
        before === undefined ? image : { ...before, Containers: count(before) + count(image) },
      );
    }
    for (const container of usage.Containers ?? []) containers.push(clusterContainer(tx, host, container));
    for (const volume of usage.Volumes ?? []) volumes.push(clusterVolume(tx, host, volume));
    buildCache.push(...(usage.BuildCache ?? []));
  }
  const asked = (part: keyof DiskUsage) => usages.some(({ usage }) => usage[part] !== undefined);
  return {
    ...(asked('LayersSize') ? { LayersSize: layersSize } : {}),
    ...(asked('Images') ? { Images: [...images.values()] } : {}),
    ...(asked('Containers') ? { Containers: containers } : {}),
    ...(asked('Volumes') ? { Volumes: volumes } : {}),
    ...(asked('BuildCache') ? { BuildCache: buildCache } : {}),
    ...(asked('BuilderSize') ? { BuilderSize: builderSize } : {}),
  };
}

function count(image: Entry): number {
  const containers = Number(image.Containers ?? 0);
  return Math.max(containers, 0);
}

function clusterContainer(tx: ReadTx, host: HostRef, entry: Entry): Entry {
  const known = tx.get('observedContainers', `${host.id}/${String(entry.Id)}`);
  const names = Array.isArray(entry.Names) ? entry.Names : [];
  return {
    ...entry,
    Id: known?.clusterId ?? entry.Id,
    Names: names.map((name) => `/${host.name}${String(name)}`),
    Labels: userLabels(labelsIn(entry)),
  };
}

function clusterVolume(tx: ReadTx, host: HostRef, entry: Entry): Entry {
  const name = String(entry.Name);
  const own = isOnHost(tx.get('volumes', name), { hostId: host.id });
  return { ...entry, Name: own ? name : `${host.name}/${name}`, Labels: userLabels(labelsIn(entry)) };
}

function labelsIn(entry: Entry): Record<string, string> {
  return typeof entry.Labels === 'object' && entry.Labels !== null
    ? (entry.Labels as Record<string, string>)
    : {};
}
