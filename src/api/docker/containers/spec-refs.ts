import type { DockerSpec } from '../../../model/container.ts';
import type { ReadTx } from '../../../store/store.ts';
import { spanningNetwork } from '../../networks/spanning.ts';
import { findContainer } from './find.ts';

export type ResolvedSpec = Readonly<{
  spec: DockerSpec;
  /** Names of the hosts that `node/name` references asked for; at most one can be met. */
  hosts: readonly string[];
}>;

type Find = (ref: string) => { id: string; name: string };

/**
 * A spec in which everything that it refers to is named so that the host's agent finds it: containers by ID, which stays
 * through renaming as with an engine, networks that span hosts by ID, and other networks and volumes without their host.
 * @throws BerthError `not_found` for a container that does not exist
 */
export function resolveReferences(
  tx: ReadTx,
  spec: DockerSpec,
  connected: (hostId: string) => boolean,
): ResolvedSpec {
  const hosts = new Set<string>();
  const find: Find = (ref) => findContainer(tx, ref, connected);
  const local = (ref: string) => {
    const slash = ref.indexOf('/');
    if (slash <= 0) return ref;
    const [host] = tx.by('hosts', 'name', ref.slice(0, slash).toLowerCase());
    if (host === undefined) return ref;
    hosts.add(host.name);
    return ref.slice(slash + 1);
  };
  const network = (ref: string) => {
    if (ref.startsWith('container:')) return containerMode(ref, find);
    return spanningNetwork(tx, ref)?.id ?? local(ref);
  };
  const { HostConfig: given, NetworkingConfig: networking } = spec;
  const host = given ? resolvedHostConfig(given, find, network, local) : given;
  const endpoints = networking?.EndpointsConfig;
  const config =
    typeof endpoints === 'object' && endpoints !== null
      ? {
          ...networking,
          EndpointsConfig: Object.fromEntries(
            Object.entries(endpoints).map(([ref, endpoint]) => [network(ref), endpoint]),
          ),
        }
      : networking;
  const resolved = { ...spec, HostConfig: host, NetworkingConfig: config };
  return { spec: withEndpoints(tx, resolved), hosts: [...hosts] };
}

/**
 * Of a container on networks that span hosts `EndpointsConfig` names each of its networks, and `NetworkMode` one of them: so
 * what the agent connects is what the manager gave addresses for. As in Docker, endpoints alone stand for the default.
 */
function withEndpoints(tx: ReadTx, spec: DockerSpec): DockerSpec {
  const endpoints = objectOf(spec.NetworkingConfig?.EndpointsConfig);
  const [first] = Object.keys(endpoints).filter((ref) => spanningNetwork(tx, ref) !== undefined);
  const mode = spec.HostConfig?.NetworkMode;
  const isDefault = mode === undefined || mode === null || mode === '' || mode === 'default';
  if (isDefault && first !== undefined)
    return { ...spec, HostConfig: { ...spec.HostConfig, NetworkMode: Object.keys(endpoints)[0] } };
  if (typeof mode !== 'string' || spanningNetwork(tx, mode) === undefined || mode in endpoints) return spec;
  return {
    ...spec,
    NetworkingConfig: { ...spec.NetworkingConfig, EndpointsConfig: { [mode]: {}, ...endpoints } },
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function resolvedHostConfig(
  given: Readonly<Record<string, unknown>>,
  find: Find,
  network: (ref: string) => string,
  local: (ref: string) => string,
): Record<string, unknown> {
  const host: Record<string, unknown> = { ...given };
  for (const field of ['NetworkMode', 'IpcMode', 'PidMode']) {
    const mode = given[field];
    if (typeof mode !== 'string') continue;
    host[field] = field === 'NetworkMode' ? network(mode) : containerMode(mode, find);
  }
  // What stands before the colon names a container, or with Binds a volume.
  const heads = { Links: find, VolumesFrom: find, Binds: undefined };
  for (const [field, resolve] of Object.entries(heads)) {
    const list = given[field];
    if (!Array.isArray(list)) continue;
    host[field] = list.map((text: string) => {
      const [head = '', ...rest] = text.split(':');
      if (resolve === undefined) return rest.length === 0 ? text : [local(head), ...rest].join(':');
      const { id, name } = resolve(head);
      // The alias of `--link web` is the name, and must not become the ID.
      return [id, ...(rest.length === 0 && field === 'Links' ? [name] : rest)].join(':');
    });
  }
  if (Array.isArray(given.Mounts)) {
    host.Mounts = given.Mounts.map((mount: Record<string, unknown>) =>
      mount.Type === 'volume' && typeof mount.Source === 'string'
        ? { ...mount, Source: local(mount.Source) }
        : mount,
    );
  }
  return host;
}

function containerMode(mode: string, find: Find): string {
  if (!mode.startsWith('container:')) return mode;
  return `container:${find(mode.slice('container:'.length)).id}`;
}
