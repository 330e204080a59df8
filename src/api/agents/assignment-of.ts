import type { Assignment } from '../../contract/link.ts';
import type { Container, DockerSpec } from '../../model/container.ts';
import type { ReadTx } from '../../store/store.ts';

/** What the host of `container` must hold for it: the container and the cluster's networks and volumes that it uses. */
export function assignmentOf(tx: ReadTx, container: Container): Assignment {
  const { id, name, apiVersion, desired, assigned } = container;
  const networks = networkNames(desired.spec).flatMap((reference) => {
    for (const network of [tx.get('networks', reference), ...tx.by('networks', 'name', reference)]) {
      if (network?.hostId === assigned.hostId) return [{ id: network.id, spec: network.spec }];
    }
    return [];
  });
  const volumes = volumeNames(desired.spec).flatMap((reference) => {
    const volume = tx.get('volumes', reference);
    return volume?.hostId === assigned.hostId ? [{ spec: { ...volume.spec, Name: volume.name } }] : [];
  });
  return { id, name, apiVersion, desired, needs: { networks, volumes } };
}

/** Names or IDs of the networks that a spec asks for, those built into every engine left out. */
export function networkNames(spec: DockerSpec): string[] {
  const mode = spec.HostConfig?.NetworkMode;
  const endpoints = spec.NetworkingConfig?.EndpointsConfig;
  const names = new Set(typeof endpoints === 'object' && endpoints !== null ? Object.keys(endpoints) : []);
  if (typeof mode === 'string') names.add(mode);
  return [...names].filter((name) => name !== '' && !BUILT_IN.has(name) && !name.startsWith('container:'));
}

const BUILT_IN: ReadonlySet<string> = new Set(['default', 'bridge', 'host', 'none', 'nat']);

/** Names of the volumes that a spec mounts: `HostConfig.Binds` whose source is no path, and `Mounts` of type volume. */
export function volumeNames(spec: DockerSpec): string[] {
  const names = new Set<string>();
  for (const bind of strings(spec.HostConfig?.Binds)) {
    const source = bind.split(':')[0] ?? '';
    if (bind.includes(':') && source !== '' && !source.startsWith('/')) names.add(source);
  }
  const mounts = spec.HostConfig?.Mounts;
  for (const mount of Array.isArray(mounts) ? mounts : []) {
    if (typeof mount !== 'object' || mount === null || mount.Type !== 'volume') continue;
    if (typeof mount.Source === 'string' && mount.Source !== '') names.add(mount.Source);
  }
  return [...names];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}
