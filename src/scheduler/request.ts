import { BerthError } from '../kit/errors.ts';
import type { DockerSpec } from '../model/container.ts';
import { composePlacement } from './compose-placement.ts';
import { type Expression, type ExpressionType, parseExpression } from './expression.ts';
import { type PortNeed, portNeeds } from './ports.ts';
import { type Resources, resourcesOf } from './resources.ts';
import { PLACEMENT_LABELS, specExpressions } from './spec-expressions.ts';

export type Dependency = Readonly<{
  /** Name or ID of the container whose host is the only one that will do. */
  ref: string;
  /** As the user wrote it: `--link=db`. */
  option: string;
}>;

/** Something which the container uses and which exists on these hosts only. */
export type Hold = Readonly<{
  what: 'volume' | 'network';
  /** As it was given. */
  name: string;
  hostIds: readonly string[];
}>;

/** What a container asks of a host: all that the filters and strategies look at. */
export type PlacementRequest = Readonly<{
  name: string;
  image: string;
  /** It is pulled where it is not: hosts that lack it will do. */
  anyImage: boolean;
  labels: Readonly<Record<string, string>>;
  /** Equal for replicas of one service (see `serviceOf`); undefined for a container of its own. */
  service: string | undefined;
  project: string | undefined;
  constraints: readonly Expression[];
  affinities: readonly Expression[];
  whitelists: readonly Expression[];
  availability: readonly Expression[];
  /** Host labels to spread replicas over, the widest first; undefined: the cluster's failure domains. */
  spreadOver: readonly string[] | undefined;
  maxReplicasPerHost: number | undefined;
  strategy: string | undefined;
  /** `off` or `on-node-failure`. */
  reschedule: string | undefined;
  resources: Resources;
  ports: readonly PortNeed[];
  dependencies: readonly Dependency[];
  /** Names of named volumes and of networks, as given; the caller turns those that are tied to a host into `holds`. */
  volumes: readonly string[];
  networks: readonly string[];
  holds: readonly Hold[];
  /** Drivers of those of its networks that span hosts; the caller knows them. */
  drivers: readonly string[];
  /** Equal for requests that any host would answer in the same way; these are placed as one group. */
  signature: string;
}>;

/**
 * Reads a Docker create body, with its expressions still in `Env` or already in labels.
 * @throws BerthError `bad_request` in one line with the value
 */
export function placementRequest(
  name: string,
  spec: DockerSpec,
  options: Readonly<{ strategy?: string; holds?: readonly Hold[]; anyImage?: boolean }> = {},
): PlacementRequest {
  const hostConfig: Readonly<Record<string, unknown>> = spec.HostConfig ?? {};
  const labels = spec.Labels ?? {};
  const expressions = specExpressions(spec);
  const parse = (type: ExpressionType) => expressions[type].map((text) => parseExpression(type, text));
  const placement = composePlacement(placementLabel(labels[PLACEMENT_LABELS.placement]));
  const networkMode = typeof hostConfig.NetworkMode === 'string' ? hostConfig.NetworkMode : '';
  const parts = {
    image: spec.Image,
    anyImage: options.anyImage === true,
    labels,
    ...serviceOf(labels),
    constraints: [...parse('constraint'), ...placement.constraints],
    affinities: parse('affinity'),
    whitelists: parse('whitelist'),
    availability: parse('availability'),
    spreadOver: placement.spreadOver.length > 0 ? placement.spreadOver : undefined,
    maxReplicasPerHost: placement.maxReplicasPerHost,
    strategy: options.strategy || labels[PLACEMENT_LABELS.strategy] || undefined,
    resources: resourcesOf(hostConfig),
    ports: portNeeds(hostConfig.PortBindings, Object.keys(spec.ExposedPorts ?? {}), networkMode === 'host'),
    dependencies: dependenciesOf(hostConfig, networkMode),
    volumes: namedVolumes(hostConfig),
    networks: networkNames(spec, networkMode),
    holds: options.holds ?? [],
    drivers: [] as readonly string[],
  };
  return Object.freeze({
    name,
    ...parts,
    reschedule: expressions.reschedule[0],
    signature: signatureOf(parts),
  });
}

/** The same request, tied to hosts by what it uses. */
export function withHolds(
  request: PlacementRequest,
  holds: readonly Hold[],
  drivers: readonly string[] = [],
): PlacementRequest {
  const held = { ...request, holds, drivers };
  return Object.freeze({ ...held, signature: signatureOf(held) });
}

/**
 * Which service a container is a replica of: the label `berth.service`, or docker-compose's project and service. One-off
 * containers (`docker-compose run`) are none, nor are plain ones: two `docker run redis` need not stay apart.
 */
export function serviceOf(labels: Readonly<Record<string, string>>): {
  service: string | undefined;
  project: string | undefined;
} {
  const project = labels['com.docker.compose.project'] || undefined;
  const own = labels[PLACEMENT_LABELS.service];
  if (own) return { service: own, project };
  const service = labels['com.docker.compose.service'];
  const oneOff = labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
  if (!service || oneOff) return { service: undefined, project };
  return { service: project === undefined ? service : `${project}/${service}`, project };
}

/**
 * Which place of its service docker-compose gives a container: the one that it makes anew takes the same place as the
 * one that it has stopped and will remove. Undefined for containers that compose did not make.
 */
export function composePlace(labels: Readonly<Record<string, string>>): string | undefined {
  const parts = ['project', 'service', 'container-number'].map(
    (part) => labels[`com.docker.compose.${part}`],
  );
  return parts.every(Boolean) ? parts.join('/') : undefined;
}

/** Replicas of `availability:` and preferences without a service: containers of the same image. */
export function replicaKey(request: Pick<PlacementRequest, 'service' | 'image'>): string {
  return request.service ?? imageReplicaKey(request.image);
}

/** Begins the keys of containers that are in no service. */
export const IMAGE_REPLICAS = 'image:';

/** Of containers that are in no service. */
export function imageReplicaKey(image: string): string {
  return IMAGE_REPLICAS + image;
}

function signatureOf(parts: Omit<PlacementRequest, 'name' | 'signature' | 'reschedule'>): string {
  const texts = (list: readonly Expression[]) =>
    list.map((expression) => [expression.text, expression.literal]);
  const { service, project, spreadOver, maxReplicasPerHost, strategy, resources, ports } = parts;
  return JSON.stringify([
    parts.image,
    parts.anyImage,
    service,
    project,
    texts(parts.constraints),
    texts(parts.affinities),
    texts(parts.whitelists),
    texts(parts.availability),
    spreadOver,
    maxReplicasPerHost,
    strategy,
    resources,
    ports,
    // Only with ports does it matter which container this one replaces.
    ports.length === 0 ? undefined : composePlace(parts.labels),
    parts.dependencies,
    parts.holds,
    parts.drivers,
    parts.labels[PLACEMENT_LABELS.placement],
  ]);
}

function placementLabel(value: string | undefined): unknown {
  if (value === undefined) return {};
  try {
    return JSON.parse(value);
  } catch {
    throw new BerthError(
      'bad_request',
      `label ${PLACEMENT_LABELS.placement} is not JSON: "${value.slice(0, 100)}": write {"constraints": ["node.labels.rack==r1"]}`,
    );
  }
}

function dependenciesOf(hostConfig: Readonly<Record<string, unknown>>, networkMode: string): Dependency[] {
  const beforeColon = (text: string) => (text.split(':', 1)[0] ?? '').replace(/^\//, '');
  const list = [
    ...strings(hostConfig, 'VolumesFrom').map((text) => ({
      ref: beforeColon(text),
      option: `--volumes-from=${text}`,
    })),
    ...strings(hostConfig, 'Links').map((text) => ({ ref: beforeColon(text), option: `--link=${text}` })),
  ];
  const modes = { net: networkMode, ipc: hostConfig.IpcMode, pid: hostConfig.PidMode };
  for (const [option, mode] of Object.entries(modes))
    if (typeof mode === 'string' && mode.startsWith('container:'))
      list.push({ ref: mode.slice('container:'.length), option: `--${option}=${mode}` });
  return list;
}

function namedVolumes(hostConfig: Readonly<Record<string, unknown>>): string[] {
  const names = new Set<string>();
  for (const bind of strings(hostConfig, 'Binds')) {
    const source = bind.split(':', 1)[0] ?? '';
    if (bind.includes(':') && source !== '' && !/^[/.~]/.test(source)) names.add(source);
  }
  const mounts = hostConfig.Mounts ?? [];
  if (!Array.isArray(mounts)) throw new BerthError('bad_request', 'HostConfig.Mounts is not a list');
  for (const mount of mounts as readonly unknown[]) {
    const { Type, Source } = (typeof mount === 'object' && mount !== null ? mount : {}) as Record<
      string,
      unknown
    >;
    if (Type === 'volume' && typeof Source === 'string' && Source !== '') names.add(Source);
  }
  return [...names];
}

/** Modes that are no network of the cluster's. */
const ENGINE_MODES = new Set(['', 'default', 'bridge', 'host', 'none', 'nat']);

function networkNames(spec: DockerSpec, networkMode: string): string[] {
  const endpoints = (spec.NetworkingConfig as { EndpointsConfig?: unknown } | null | undefined)
    ?.EndpointsConfig;
  const names = typeof endpoints === 'object' && endpoints !== null ? Object.keys(endpoints) : [];
  return [...new Set([networkMode, ...names])].filter(
    (name) => !ENGINE_MODES.has(name) && !name.startsWith('container:'),
  );
}

function strings(hostConfig: Readonly<Record<string, unknown>>, field: string): readonly string[] {
  const value = hostConfig[field] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw new BerthError('bad_request', `HostConfig.${field} is not a list of strings`);
  return value;
}
