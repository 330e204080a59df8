import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Container, DockerSpec } from '../../model/container.ts';
import type { ContainerFile } from '../../model/kept-file.ts';
import { SWARM_LABELS } from '../../model/labels.ts';
import { say } from '../../model/said/index.ts';
import { normalImageRef } from '../../scheduler/image-ref.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { putContainer } from '../docker/containers/put-container.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { errorIn, progressLines } from '../docker/images/json-stream.ts';
import { ask } from '../docker/passthrough.ts';
import { observe } from '../docker/system/observe.ts';
import { servedVersions } from '../docker/version.ts';
import { sweepFiles } from '../files/sweep-files.ts';
import { endContainer } from '../networks/give-back.ts';
import type { Placement, Placer } from '../placement/placer.ts';
import { dropNetworks } from './drop-networks.ts';
import { forgetLogins, registryAuthFor } from './registry-logins.ts';
import { ensureObjects } from './stack-objects.ts';

/** What is asked for a container of a service; see `AskedContainer` in the controllers, whose hands these are. */
type Asked = Readonly<{
  name: string;
  spec: DockerSpec;
  platform: string | undefined;
  by: string;
  hostId?: string;
  service: NonNullable<Parameters<typeof putContainer>[2]['service']>;
  probes: Parameters<typeof putContainer>[2]['probes'];
  isFresh?(hostId: string): boolean;
  pullFailed?(hostId: string): boolean;
  chosen?: string;
  files: readonly ContainerFile[];
}>;

type HostChooser = Pick<Placer, 'place'>;
type Request = Parameters<HostChooser['place']>[1];

type Made =
  | Readonly<{ kind: 'made'; id: string; hostId: string }>
  | Readonly<{ kind: 'refused'; reason: string }>
  | Readonly<{ kind: 'image-missing'; hostId: string }>;

type Place = Readonly<{ name: string; hostId: string; lacksImage: boolean }>;

type Matching = Readonly<{ hosts: readonly string[]; outside: readonly string[] }>;

/** The host that is chosen has to pull the image first. */
class LacksImage extends Error {
  constructor(readonly hostId: string) {
    super(`host ${hostId} lacks the image`);
  }
}

/** A pull that says nothing for so long is given up, milliseconds. */
const PULL_MS = 3_600_000;

/** Makes what the service controller asks for, by the same ways as the Docker endpoint. */
export class ServiceHands {
  constructor(
    private readonly deps: DockerDeps,
    readonly isOut: (containerId: string) => boolean,
  ) {}

  make(tx: WriteTx, asked: Asked): Made {
    const { name, files } = asked;
    const missing = files.find(({ id }) => tx.get('keptFiles', id) === undefined);
    if (missing !== undefined)
      return {
        kind: 'refused',
        reason: say(`services.file.${missing.noun}`, { name: missing.name }),
      };
    try {
      const { id, assigned } = this.put(tx, asked, this.chooser(asked));
      return { kind: 'made', id, hostId: assigned.hostId };
    } catch (thrown) {
      if (thrown instanceof LacksImage) return { kind: 'image-missing', hostId: thrown.hostId };
      if (!(thrown instanceof BerthError)) throw thrown;
      const host =
        thrown.code === 'not_found' ? this.hostWithoutImage(tx, name, boundSpec(asked)) : undefined;
      if (host !== undefined) return { kind: 'image-missing', hostId: host };
      return { kind: 'refused', reason: messageOf(thrown) };
    }
  }

  places(tx: WriteTx, all: readonly Asked[]): readonly Place[] {
    return all.flatMap((asked) => {
      let lacksImage = false;
      const place: HostChooser['place'] = (inTx, request) => {
        if (asked.pullFailed === undefined) return this.deps.placer.place(inTx, request);
        const { hostId, isReady } = this.bestHost(inTx, request, asked);
        lacksImage = !isReady;
        return { hostId };
      };
      try {
        const { hostId } = this.put(tx, asked, { place }).assigned;
        return [{ name: asked.name, hostId, lacksImage }];
      } catch (thrown) {
        if (thrown instanceof BerthError) return [];
        throw thrown;
      }
    });
  }

  makeInstead(tx: WriteTx, asked: Asked, without: string): Made {
    endContainer(tx, without, this.deps.clock.now());
    return this.make(tx, asked);
  }

  ensureObjects(tx: WriteTx, ...[stack, service, by]: StackArguments): string | undefined {
    return ensureObjects(tx, { stack, service, by, at: this.deps.clock.now() });
  }

  dropNetworks(...[networks, reserved]: NetworkArguments): Promise<readonly string[]> {
    return dropNetworks(this.deps, networks, reserved);
  }

  matching(tx: ReadTx, name: string, spec: DockerSpec): Matching {
    // Its expressions alone: who has no room for it, or lacks its image, is to be told of.
    const asked = { Image: '', Labels: spec.Labels ?? {} };
    const { hosts } = this.deps.placer.explain(tx, { name, spec: asked });
    const ids = (of: typeof hosts) => of.map(({ hostId }) => hostId);
    return {
      hosts: ids(hosts.filter(({ fits }) => fits)),
      outside: ids(hosts.filter(({ outside }) => outside)),
    };
  }

  async pull(
    hostId: string,
    image: string,
    platform: string | undefined,
    signal: AbortSignal,
    service: string,
  ): Promise<void> {
    const { store, vault } = this.deps;
    const auth = store.view((tx) => registryAuthFor(tx, vault, image, service));
    const query = new URLSearchParams({
      // Without a tag engines pull all tags of a repository.
      fromImage: normalImageRef(image),
      ...(platform === undefined ? {} : { platform }),
    });
    const path = `/v${servedVersions(this.deps.store).api}/images/create?${query}`;
    const answer = await ask({ deps: this.deps }, hostId, {
      method: 'POST',
      path,
      ...(auth === undefined ? {} : { headers: { 'x-registry-auth': auth } }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(PULL_MS)]),
    });
    for await (const line of progressLines(answer.body)) {
      const error = errorIn(line);
      if (error !== undefined) throw new BerthError('engine', error, { status: 500 });
    }
    await observe({ deps: this.deps }, [hostId], 'observedImages');
  }

  forgetLogins(tx: WriteTx, service: string): void {
    forgetLogins(tx, service);
  }

  sweepFiles(tx: WriteTx): void {
    sweepFiles(tx);
  }

  connected(hostId: string): boolean {
    return this.deps.engines.connected(hostId);
  }

  private put(tx: WriteTx, asked: Asked, placer: HostChooser): Container {
    const { name, platform, by, service, probes, files } = asked;
    const places = { placer, connected: (id: string) => this.connected(id) };
    const wanted = { name, spec: boundSpec(asked), platform, by, service, probes, files };
    const apiVersion = servedVersions(this.deps.store).api;
    const desired = { state: 'running', starts: 1 } as const;
    const at = this.deps.clock.now();
    return putContainer(tx, places, { ...wanted, apiVersion, desired, at }).container;
  }

  /** Chooses as if all hosts had the image where it can be pulled: else all containers would be where the first pull was. */
  private chooser(asked: Asked): HostChooser {
    const { placer } = this.deps;
    const { pullFailed } = asked;
    if (pullFailed === undefined) return placer;
    const place: HostChooser['place'] = (tx, request) => {
      const { hostId, isReady } = this.bestHost(tx, request, asked);
      if (isReady) return { hostId };
      if (asked.isFresh === undefined && pullFailed(hostId)) {
        const having = unlessMissing(() => placer.place(tx, request));
        if (having !== undefined) return having;
      }
      throw new LacksImage(hostId);
    };
    return { place };
  }

  /**
   * Where that one would have to pull the image, the one that was chosen before, as long as it takes it: by the end of each
   * pull another one may be the best.
   */
  private bestHost(tx: ReadTx, request: Request, asked: Asked): Placement & { readonly isReady: boolean } {
    const { name, spec } = request;
    const { chosen, pullFailed } = asked;
    const best = this.anyHost(tx, request);
    if (this.isReady(tx, request, best.hostId, asked)) return { ...best, isReady: true };
    if (chosen === undefined || pullFailed?.(chosen) === true) return { ...best, isReady: false };
    try {
      const { hostId } = this.anyHost(tx, { name, spec: onHost(spec, chosen) });
      return { hostId, isReady: this.isReady(tx, request, hostId, asked) };
    } catch (thrown) {
      if (thrown instanceof BerthError) return { ...best, isReady: false };
      throw thrown;
    }
  }

  private anyHost(tx: ReadTx, { name, spec }: Request): Placement {
    return this.deps.placer.place(tx, { name, spec, anyImage: true });
  }

  /** The image need not be pulled there. */
  private isReady(tx: ReadTx, { name, spec }: Request, hostId: string, { isFresh }: Asked): boolean {
    if (isFresh !== undefined) return isFresh(hostId);
    const there = () => this.deps.placer.place(tx, { name, spec: onHost(spec, hostId) });
    return unlessMissing(there) !== undefined;
  }

  /** The host that would take it, were its image there; undefined where something else is missing. */
  private hostWithoutImage(tx: ReadTx, name: string, spec: DockerSpec): string | undefined {
    const { placer } = this.deps;
    if (placer.explain(tx, { name, spec }).onlyImageMissing !== true) return undefined;
    return this.anyHost(tx, { name, spec }).hostId;
  }
}

type NetworkArguments = [
  networks: Parameters<typeof dropNetworks>[1],
  reserved: Parameters<typeof dropNetworks>[2],
];

type StackArguments = [
  stack: Parameters<typeof ensureObjects>[1]['stack'],
  service: Parameters<typeof ensureObjects>[1]['service'],
  by: string,
];

/** Undefined where only the image is missing. */
function unlessMissing<T>(place: () => T): T | undefined {
  try {
    return place();
  } catch (thrown) {
    if (thrown instanceof BerthError && thrown.code === 'not_found') return undefined;
    throw thrown;
  }
}

function boundSpec({ spec, hostId }: Asked): DockerSpec {
  return hostId === undefined ? spec : onHost(spec, hostId);
}

/** As the scheduler reads it from a label: so it is kept, and holds for later placements, too. */
function onHost(spec: DockerSpec, hostId: string): DockerSpec {
  const label = SWARM_LABELS.constraints;
  const given: unknown = JSON.parse(spec.Labels?.[label] ?? '[]');
  const constraints = [...(Array.isArray(given) ? given : []), `node.id==${hostId}`];
  return { ...spec, Labels: { ...spec.Labels, [label]: JSON.stringify(constraints) } };
}
