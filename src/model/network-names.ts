import type { DockerSpec } from './container.ts';

const BUILT_IN: ReadonlySet<string> = new Set(['default', 'bridge', 'host', 'none', 'nat']);

/** Names or IDs of the networks that a spec asks for, those built into every engine left out. */
export function networkNames(spec: DockerSpec): string[] {
  const mode = spec.HostConfig?.NetworkMode;
  const endpoints = spec.NetworkingConfig?.EndpointsConfig;
  const names = new Set(typeof endpoints === 'object' && endpoints !== null ? Object.keys(endpoints) : []);
  if (typeof mode === 'string') names.add(mode);
  return [...names].filter((name) => name !== '' && !BUILT_IN.has(name) && !name.startsWith('container:'));
}
