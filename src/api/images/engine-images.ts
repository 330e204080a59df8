import type { HostUsage, PullItem } from '../../contract/v1/images.ts';
import type { RouteOutput } from '../../contract/v1/route.ts';
import type { Routes } from '../../contract/v1/routes.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Role } from '../../model/access.ts';
import { imageRepository, normalImageRef } from '../../scheduler/image-ref.ts';
import type { EngineCall } from '../docker/call.ts';
import type { DockerDeps } from '../docker/deps.ts';
import type { HostRef } from '../docker/fanout.ts';
import { imageHosts } from '../docker/images/image-hosts.ts';
import { errorIn, type ProgressLine } from '../docker/images/json-stream.ts';
import { linesOf } from '../docker/images/merge-progress.ts';
import { dropUnused } from '../docker/images/prune.ts';
import { dropImage } from '../docker/images/tag-remove.ts';
import { ask, enginePath } from '../docker/passthrough.ts';
import { askUsage, type DiskUsage } from '../docker/system/disk-usage.ts';
import { observe } from '../docker/system/observe.ts';
import { servedVersions } from '../docker/version.ts';
import { isOnHost } from '../docker/volumes/find-volume.ts';
import { registryAuthFor } from '../services/registry-logins.ts';
import { findNode } from '../v1/find-node.ts';
import type { ImageHands } from '../v1/image-hands.ts';
import { merged } from './merged.ts';

/** Removing takes an engine as long as its disk does, milliseconds. */
const ACT_MS = 15 * 60_000;

/** Images on their hosts, by the same ways as the Docker endpoint. */
export class EngineImages implements ImageHands {
  constructor(private readonly deps: DockerDeps) {}

  fills(): readonly string[] {
    const { deps } = this;
    try {
      return imageHosts({ deps }).map(({ name }) => name);
    } catch (thrown) {
      if (thrown instanceof BerthError && thrown.code === 'no_room') return [];
      throw thrown;
    }
  }

  pull(
    image: string,
    nodes: readonly string[] | undefined,
  ): (signal: AbortSignal) => AsyncIterable<PullItem> {
    const { deps } = this;
    const hosts = nodes === undefined ? imageHosts({ deps }) : this.hostsOf(nodes);
    const name = normalImageRef(image);
    const repository = imageRepository(name);
    const tag = name.slice(repository.length + 1);
    const query = new URLSearchParams({ fromImage: repository, tag });
    const auth = deps.store.view((tx) => registryAuthFor(tx, deps.vault, image, ''));
    const headers: Record<string, string> = auth === undefined ? {} : { 'x-registry-auth': auth };
    return (signal) => {
      const call = this.call(signal);
      const path = enginePath(call, '/images/create', query);
      return merged(hosts.map((host) => pullOn(call, host, { method: 'POST', path, headers, signal })));
    };
  }

  async remove(image: string, force: boolean): Promise<RouteOutput<Routes['image.remove']>> {
    const query = new URLSearchParams(force ? { force: '1' } : {});
    const { removals, warnings } = await dropImage(this.call(), image, query);
    const removed = removals.flatMap(({ Untagged, Deleted }) => Untagged ?? Deleted ?? []);
    return { removed, warnings: [...warnings] };
  }

  async prune(all: boolean): Promise<RouteOutput<Routes['image.prune']>> {
    const filters = JSON.stringify({ dangling: [String(!all)] });
    const { deleted, bytes, warnings } = await dropUnused(this.call(), new URLSearchParams({ filters }));
    const removed = deleted.filter((one) => (one as { Deleted?: unknown }).Deleted !== undefined).length;
    return { removed, bytes, warnings: [...warnings] };
  }

  async usage(role: Role): Promise<RouteOutput<Routes['disk.usage']>> {
    const { answers, warnings } = await askUsage(this.call(), new URLSearchParams(), role);
    return {
      hosts: answers.map(({ host, value }) => usageOf(host.name, value)),
      volumes: answers.flatMap(({ host, value }) => this.volumesOf(host, value)),
      warnings: [...warnings],
    };
  }

  private volumesOf(host: HostRef, { Volumes }: DiskUsage) {
    return this.deps.store.view((tx) =>
      (Volumes ?? []).flatMap((entry) => {
        const bytes = bytesOf(entry);
        const name = String(entry.Name);
        const isOwn = isOnHost(tx.get('volumes', name), { hostId: host.id });
        // Of a driver of its own an engine knows no size, and says -1.
        return bytes < 0 ? [] : [{ name: isOwn ? name : `${host.name}/${name}`, hostName: host.name, bytes }];
      }),
    );
  }

  private hostsOf(nodes: readonly string[]): HostRef[] {
    const { store, engines } = this.deps;
    const hosts = store.view((tx) => [...new Set(nodes.map((node) => findNode(tx, node)))]);
    const lost = hosts.find(({ id }) => !engines.connected(id));
    if (lost !== undefined) throw new BerthError('host_down', `host ${lost.name} is not connected`);
    return hosts.map(({ id, name }) => ({ id, name }));
  }

  private call(signal = AbortSignal.timeout(ACT_MS)): EngineCall {
    const { deps } = this;
    return { deps, apiVersion: servedVersions(deps.store).api, signal };
  }
}

type PullRequest = Parameters<typeof ask>[2];

/** What one host says of it, to its end; never throws. */
async function* pullOn(call: EngineCall, host: HostRef, request: PullRequest): AsyncGenerator<PullItem> {
  try {
    for await (const line of linesOf(await ask(call, host.id, request))) {
      const error = errorIn(line);
      if (error !== undefined) throw new BerthError('engine', error);
      yield progressOf(host, line);
    }
    await observe(call, [host.id], 'observedImages');
    yield { kind: 'pulled', host: host.name };
  } catch (thrown) {
    yield { kind: 'failed', host: host.name, reason: messageOf(thrown) };
  }
}

function progressOf({ name: host }: HostRef, { id, status, progressDetail }: ProgressLine): PullItem {
  const { current, total } = (progressDetail ?? {}) as { current?: unknown; total?: unknown };
  return {
    ...{ kind: 'progress', host, id: typeof id === 'string' ? id : '', status: String(status ?? '') },
    ...(typeof current === 'number' ? { done: current } : {}),
    ...(typeof total === 'number' ? { all: total } : {}),
  };
}

function usageOf(
  name: string,
  { LayersSize, Images, Containers, Volumes, BuildCache }: DiskUsage,
): HostUsage {
  const images = Images ?? [];
  const containers = Containers ?? [];
  const volumes = Volumes ?? [];
  const cache = BuildCache ?? [];
  const sum = (entries: readonly Entry[], of: (entry: Entry) => number) =>
    entries.reduce((all, entry) => all + Math.max(0, of(entry)), 0);
  const usedLayers = sum(
    images.filter((one) => numberOf(one.Containers) > 0),
    (one) => numberOf(one.Size) - Math.max(0, numberOf(one.SharedSize)),
  );
  const isUp = ({ State }: Entry) => State === 'running' || State === 'paused' || State === 'restarting';
  return {
    name,
    images: {
      count: images.length,
      bytes: LayersSize ?? 0,
      // As Docker's CLI counts it (docker/cli: formatter/disk_usage.go).
      reclaimable: Math.max(0, (LayersSize ?? 0) - usedLayers),
    },
    containers: {
      count: containers.length,
      bytes: sum(containers, (one) => numberOf(one.SizeRw)),
      reclaimable: sum(
        containers.filter((one) => !isUp(one)),
        (one) => numberOf(one.SizeRw),
      ),
    },
    volumes: {
      count: volumes.length,
      bytes: sum(volumes, bytesOf),
      reclaimable: sum(
        volumes.filter((one) => numberOf((one.UsageData as Entry | null | undefined)?.RefCount) === 0),
        bytesOf,
      ),
    },
    buildCache: {
      count: cache.length,
      bytes: sum(
        cache.filter((one) => one.Shared !== true),
        (one) => numberOf(one.Size),
      ),
      reclaimable: sum(
        cache.filter((one) => one.InUse !== true && one.Shared !== true),
        (one) => numberOf(one.Size),
      ),
    },
  };
}

type Entry = Readonly<Record<string, unknown>>;

function bytesOf({ UsageData }: Entry): number {
  return numberOf((UsageData as Entry | null | undefined)?.Size ?? -1);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
