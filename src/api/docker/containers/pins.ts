import type { DockerSpec } from '../../../model/container.ts';
import { networkNames } from '../../../model/network-names.ts';
import { volumeNames } from '../../../model/volume-names.ts';
import { spansHosts } from '../../../model/volume-span.ts';
import type { ReadTx, WriteTx } from '../../../store/store.ts';

/** What a container has tied to its host, where nothing was before. */
export type Pins = Readonly<{
  hostId: string;
  /** IDs. */
  networks: readonly string[];
  /** `made`: its record was made with the container. */
  volumes: readonly Readonly<{ name: string; made: boolean }>[];
}>;

/**
 * Ties the cluster's networks and volumes that a container uses to the host where it was placed, those without a host:
 * whoever uses them later is held there. A named volume that exists nowhere is made with the container, as Docker does,
 * and gets its record now, so that a second container which names it in the same moment goes to the same host.
 */
export function pinObjects(tx: WriteTx, spec: DockerSpec, hostId: string, who: string, at: number): Pins {
  const networks: string[] = [];
  const volumes: Pins['volumes'][number][] = [];
  for (const reference of networkNames(spec)) {
    for (const network of [tx.get('networks', reference), ...tx.by('networks', 'name', reference)]) {
      if (network === undefined || network.hostId !== undefined || network.span !== undefined) continue;
      tx.put('networks', { ...network, hostId });
      networks.push(network.id);
    }
  }
  for (const name of volumeNames(spec)) {
    const volume = tx.get('volumes', name);
    if (volume?.hostId !== undefined) continue;
    if (volume !== undefined && spansHosts(volume)) continue;
    if (volume !== undefined) {
      tx.put('volumes', { ...volume, hostId });
      volumes.push({ name, made: false });
      continue;
    }
    const [known] = tx.by('observedVolumes', 'name', name);
    if (known !== undefined) continue;
    const own = { Name: name, ...volumeOptions(spec, name) };
    const made = { kind: 'volume' as const, name, createdAt: at, createdBy: who, spec: own };
    tx.put('volumes', spansHosts(made) ? made : { ...made, hostId });
    volumes.push({ name, made: true });
  }
  return { hostId, networks, volumes };
}

/**
 * Takes back what a container has tied to its host that could not be made there (a driver which the host does not have):
 * it must not hold what comes later. What is there after all stays tied, and what another container names by now.
 */
export function releasePins(tx: WriteTx, { hostId, networks, volumes }: Pins): void {
  if (networks.length + volumes.length === 0) return;
  const specs = [...tx.by('containers', 'host', hostId)].map(({ desired }) => desired.spec);
  const wanted = new Set(
    specs.flatMap((spec) => [...networkNames(spec), ...volumeNames(spec).map(volumeKey)]),
  );
  const here = (one: { hostId: string }) => one.hostId === hostId;
  for (const id of networks) {
    const network = tx.get('networks', id);
    if (network?.hostId !== hostId || wanted.has(id) || wanted.has(network.name)) continue;
    if ([...tx.by('observedNetworks', 'name', network.name)].some(here)) continue;
    tx.put('networks', { ...network, hostId: undefined });
  }
  for (const { name, made } of volumes) {
    const volume = tx.get('volumes', name);
    if (volume === undefined || wanted.has(volumeKey(name))) continue;
    if (volume.hostId !== hostId && !spansHosts(volume)) continue;
    if ([...tx.by('observedVolumes', 'name', name)].some(here)) continue;
    if (made) tx.delete('volumes', name);
    else tx.put('volumes', { ...volume, hostId: undefined });
  }
}

/** Apart from a network of that name. */
function volumeKey(name: string): string {
  return `volume ${name}`;
}

/**
 * True once the host's agent has reported all networks and volumes of the cluster's that the container uses: the agent
 * makes missing ones with the container, and the client's next request may be about them (docker-compose connects a
 * container anew right after it was created).
 */
export function pinnedAreSeen(tx: ReadTx, spec: DockerSpec, hostId: string): boolean {
  const here = (one: { hostId: string }) => one.hostId === hostId;
  const networks = networkNames(spec).flatMap((reference) => [
    ...[tx.get('networks', reference)].flatMap((network) => network ?? []),
    ...tx.by('networks', 'name', reference),
  ]);
  return (
    // What spans hosts is shown from its record.
    networks
      .filter(({ span }) => span === undefined)
      .every((network) => [...tx.by('observedNetworks', 'name', network.name)].some(here)) &&
    volumeNames(spec)
      .filter((name) => tx.get('volumes', name) !== undefined)
      .every((name) => [...tx.by('observedVolumes', 'name', name)].some(here))
  );
}

/** Driver and options that the container asks for with the volume. */
function volumeOptions(spec: DockerSpec, name: string): Record<string, unknown> {
  const host: Readonly<Record<string, unknown>> = spec.HostConfig ?? {};
  for (const mount of Array.isArray(host.Mounts) ? host.Mounts : []) {
    if (mount?.Type !== 'volume' || mount.Source !== name) continue;
    const { Labels, DriverConfig } = mount.VolumeOptions ?? {};
    const { Name, Options } = DriverConfig ?? {};
    return {
      ...(Labels ? { Labels } : {}),
      ...(Name ? { Driver: Name } : {}),
      ...(Options ? { DriverOpts: Options } : {}),
    };
  }
  return typeof host.VolumeDriver === 'string' && host.VolumeDriver !== ''
    ? { Driver: host.VolumeDriver }
    : {};
}
