import type { DockerSpec } from './container.ts';

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
