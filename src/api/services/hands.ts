import { BerthError, messageOf } from '../../kit/errors.ts';
import type { DockerSpec } from '../../model/container.ts';
import type { ContainerFile } from '../../model/kept-file.ts';
import { SWARM_LABELS } from '../../model/labels.ts';
import { normalImageRef } from '../../scheduler/image-ref.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { putContainer } from '../docker/containers/put-container.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { errorIn, progressLines } from '../docker/images/json-stream.ts';
import { ask } from '../docker/passthrough.ts';
import { observe } from '../docker/system/observe.ts';
import { servedVersions } from '../docker/version.ts';
import { endContainer } from '../networks/give-back.ts';
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
  files: readonly ContainerFile[];
}>;

type Made =
  | Readonly<{ kind: 'made'; id: string; hostId: string }>
  | Readonly<{ kind: 'refused'; reason: string }>
  | Readonly<{ kind: 'image-missing'; hostId: string }>;

/** A pull that says nothing for so long is given up, milliseconds. */
const PULL_MS = 3_600_000;

/** Makes what the service controller asks for, by the same ways as the Docker endpoint. */
export class ServiceHands {
  constructor(
    private readonly deps: DockerDeps,
    readonly isOut: (containerId: string) => boolean,
  ) {}

  make(tx: WriteTx, asked: Asked): Made {
    const { placer, clock, store } = this.deps;
    const { name, spec, platform, by, service, probes, files, hostId, isFresh } = asked;
    const bound = hostId === undefined ? spec : onHost(spec, hostId);
    const wanted = { name, spec: bound, platform, by, service, probes, files, at: clock.now() };
    const desired = { state: 'running', starts: 1 } as const;
    const missing = files.find(({ id }) => tx.get('keptFiles', id) === undefined);
    if (missing !== undefined)
      return {
        kind: 'refused',
        reason: `${missing.noun} ${missing.name} is not there any more: make it anew`,
      };
    try {
      const place = isFresh === undefined ? undefined : placer.place(tx, { name, spec: bound });
      if (place !== undefined && isFresh?.(place.hostId) === false)
        return { kind: 'image-missing', hostId: place.hostId };
      const places = {
        // Where the image is fresh: a strategy might choose another host when it is asked again.
        placer: place === undefined ? placer : { place: () => place },
        connected: (id: string) => this.connected(id),
      };
      const apiVersion = servedVersions(store).api;
      const { container } = putContainer(tx, places, { ...wanted, apiVersion, desired });
      return { kind: 'made', id: container.id, hostId: container.assigned.hostId };
    } catch (thrown) {
      if (!(thrown instanceof BerthError)) throw thrown;
      const host = thrown.code === 'not_found' ? this.hostWithoutImage(tx, name, bound) : undefined;
      if (host !== undefined) return { kind: 'image-missing', hostId: host };
      return { kind: 'refused', reason: messageOf(thrown) };
    }
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

  matching(tx: ReadTx, name: string, spec: DockerSpec): readonly string[] {
    // Its expressions alone: who has no room for it, or lacks its image, is to be told of.
    const asked = { Image: '', Labels: spec.Labels ?? {} };
    const { hosts } = this.deps.placer.explain(tx, { name, spec: asked });
    return hosts.filter(({ fits }) => fits).map(({ hostId }) => hostId);
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

  connected(hostId: string): boolean {
    return this.deps.engines.connected(hostId);
  }

  /** The host that would take it, were its image there; undefined where something else is missing. */
  private hostWithoutImage(tx: ReadTx, name: string, spec: DockerSpec): string | undefined {
    const { placer } = this.deps;
    if (placer.explain(tx, { name, spec }).onlyImageMissing !== true) return undefined;
    return placer.place(tx, { name, spec: { ...spec, Image: '' } }).hostId;
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

/** As the scheduler reads it from a label: so it is kept, and holds for later placements, too. */
function onHost(spec: DockerSpec, hostId: string): DockerSpec {
  const label = SWARM_LABELS.constraints;
  const given: unknown = JSON.parse(spec.Labels?.[label] ?? '[]');
  const constraints = [...(Array.isArray(given) ? given : []), `node.id==${hostId}`];
  return { ...spec, Labels: { ...spec.Labels, [label]: JSON.stringify(constraints) } };
}
