import { parseIp } from '../../model/ip.ts';
import type { Service } from '../../model/service.ts';
import { LabelSet } from '../labels/label-set.ts';
import { logsOf } from '../labels/logs.ts';
import { probeOf } from '../labels/probe.ts';
import { listenersOf, type ReadRoute, routesOf, weightOf } from '../labels/routing.ts';
import { warnOfNoRequests } from '../labels/scaling.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import { buildOf } from './build.ts';
import { containerSpec, hostFields } from './container.ts';
import {
  checkEndpointMode,
  dependenciesOf,
  PLACEMENT_LABEL,
  placementOf,
  restartOf,
  rollbackOf,
  updateOf,
} from './deploy.ts';
import { environmentOf, labelsOf, type Outside } from './environment.ts';
import { filesOf } from './files.ts';
import { mountsOf, type VolumeNames } from './mounts.ts';
import { networksOf, type Siblings } from './networks.ts';
import { portFields, portsOf, splitPorts } from './ports.ts';
import { defined, resourceFields } from './resources.ts';
import { imageName } from './rules.ts';
import { type Scale, scaleOf } from './scale.ts';

const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** A service of which is known how many containers it has: what others ask of it. */
export type ServiceHead = Readonly<{
  name: string;
  reader: Reader;
  labels: LabelSet;
  labelValues: Readonly<Record<string, string>>;
  scale: Scale;
  naming: Service['naming'];
}>;

export function headOf(name: string, reader: Reader, project: string, outside: Outside): ServiceHead {
  const values = labelsOf(reader, outside);
  const labels = new LabelSet(reader, values);
  const labelValues = { ...labels.passedOn, ...values };
  const scale = scaleOf(reader, labels);
  const fixed = reader.get('container_name');
  if (fixed.text !== undefined && scale.most > 1)
    fixed.error('is one name for several containers: remove it, they are called PROJECT_SERVICE_INDEX');
  if (fixed.text !== undefined && !CONTAINER_NAME.test(fixed.text))
    fixed.error(`${quoted(fixed.text)} is no name of a container: letters, digits and _ . -, two at least`);
  const naming: Service['naming'] =
    fixed.text === undefined
      ? { kind: 'indexed', prefix: `${project}_${name}_` }
      : { kind: 'fixed', name: fixed.text };
  return { name, reader, labels, labelValues, scale, naming };
}

/** Name of its first container. */
export function firstContainer({ naming }: ServiceHead): string {
  return naming.kind === 'fixed' ? naming.name : `${naming.prefix}1`;
}

export type StackContext = Readonly<{
  project: string;
  outside: Outside;
  siblings: Siblings;
  volumes: VolumeNames;
  configs: ReadonlySet<string>;
  secrets: ReadonlySet<string>;
  /** Whether a service of the stack has Aliyun's labels. */
  aliyun: boolean;
}>;

/** A service, and the places of what is compared with other services. */
export type ReadService = Readonly<{
  service: Service;
  routes: readonly ReadRoute[];
  dependencies: ReturnType<typeof dependenciesOf>;
  reader: Reader;
}>;

export function serviceOf(head: ServiceHead, context: StackContext): ReadService {
  const { name, reader, labels, scale } = head;
  const { project, outside, siblings } = context;
  const routes = routesOf(labels);
  const networks = networksOf(reader, [name, ...localNames(routes)], scale.most > 1, siblings);
  // A global service has one container on a host: its ports do not collide.
  const several = scale.scale.kind === 'replicated' && scale.most > 1;
  const ports = splitPorts(
    portsOf(reader),
    listenersOf(labels).map(({ listener }) => listener),
    several,
  );
  if (routes.length + ports.listeners.length === 0) warnOfNoRequests(labels);
  const { ExposedPorts, PortBindings } = portFields(ports.host, reader.get('expose'));
  if (networks.mode === 'host' && ports.host.length > 0)
    reader
      .get('ports')
      .warn('change nothing with network_mode: host: the service listens on the host itself');
  checkEndpointMode(reader);
  const restart = restartOf(reader);
  if (scale.runs.kind === 'cron' && /^(?:always|unless-stopped)$/.test(restart.policy?.Name ?? ''))
    reader
      .get(reader.get('restart').isThere ? 'restart' : 'deploy')
      .error(
        'would start what has ended without end, and berth.cron says when it runs: write on-failure or no',
      );
  const dependencies = dependenciesOf(reader, labels, networks.needs);
  const build = buildOf(reader, outside.lookup);
  const placement = placementOf(reader, outside.placementProblem);
  const container = containerSpec(reader, {
    image: imageOf(reader, name, project, outside.builds),
    env: environmentOf(reader, outside),
    labels: {
      ...head.labelValues,
      ...(placement === undefined ? {} : { [PLACEMENT_LABEL]: placement }),
      'com.docker.compose.project': project,
      'com.docker.compose.service': name,
    },
    exposed: ExposedPorts,
    hostConfig: {
      ...hostFields(reader, siblings),
      ...resourceFields(reader, context.aliyun),
      ...mountsOf(reader, context.volumes),
      ...defined({ PortBindings, RestartPolicy: restart.policy }),
      NetworkMode: networks.mode,
    },
    endpoints: networks.endpoints,
  });
  const update = updateOf(reader, labels);
  const healthIsOff = reader.get('healthcheck').get('disable').boolean === true;
  const image = {
    kind: 'probe',
    check: { kind: 'image' },
    intervalMs: 0,
    timeoutMs: 0,
    successes: 1,
    failures: 1,
    startPeriodMs: 0,
  } as const;
  const service: Service = {
    kind: 'service',
    name,
    runs: scale.runs,
    scale: scale.scale,
    naming: head.naming,
    identity: identityOf(labels, reader, scale),
    container,
    platform: reader.get('platform').text,
    pull: pullOf(reader, labels),
    build,
    files: [...filesOf(reader, 'config', context.configs), ...filesOf(reader, 'secret', context.secrets)],
    dependsOn: dependencies.map(({ dependency }) => dependency),
    update,
    rollback: rollbackOf(reader, update),
    restart: { delayMs: restart.delayMs, windowMs: restart.windowMs },
    readiness: probeOf(labels, 'probe') ?? (healthIsOff ? undefined : image),
    liveness: probeOf(labels, 'liveness'),
    routes: routes.map(({ route }) => route),
    weight: weightOf(labels),
    listeners: [...ports.listeners],
    scaling: scale.scaling,
    logs: logsOf(labels),
    labels: reader.get('deploy').get('labels').pairs,
  };
  return { service, routes, dependencies, reader };
}

function imageOf(service: Reader, name: string, project: string, builds: boolean): string {
  const image = imageName(service.get('image'));
  if (image === undefined && service.get('image').isThere) return '';
  const named = image === undefined || image === '' ? `${project}_${name}` : image;
  const build = service.get('build');
  if (!build.isThere && named !== image) service.error('needs the key image or build');
  if (build.isThere && !builds)
    build.warn(`is not done here: berth deploy does it, and docker build -t ${named} through the cluster`);
  return named;
}

const PULL = {
  always: 'always',
  never: 'never',
  missing: 'missing',
  if_not_present: 'missing',
  build: 'build',
} as const;

/** Names that end in `.local` are those of the containers on the networks that they are on: no router is between. */
function localNames(routes: readonly ReadRoute[]): string[] {
  return routes.flatMap(({ route }) => (route.scope === 'cluster' ? route.host.name : []));
}

function pullOf(service: Reader, labels: LabelSet): Service['pull'] {
  const policy = service.get('pull_policy');
  const word = policy.text;
  if (word === 'daily' || word === 'weekly' || word?.startsWith('every_')) {
    policy.warn(`${word}: images are pulled by each release instead`);
    return 'always';
  }
  const known = policy.oneOf(['always', 'never', 'missing', 'if_not_present', 'build']);
  if (known !== undefined) return PULL[known];
  return labels.get('latest_image').boolean === true ? 'always' : 'missing';
}

function identityOf(labels: LabelSet, service: Reader, { scale, most }: Scale): Service['identity'] {
  const hostnames = labels.get('stable_names').boolean ?? false;
  if (hostnames && service.get('hostname').isThere)
    labels.get('stable_names').error('stands beside hostname: only one of them is possible');
  const ips: [string, string[]][] = [];
  for (const [network, reader] of labels.below('ip.')) {
    const addresses = (reader.text ?? '').split(',').map((one) => one.trim());
    const wrong = addresses.find((one) => parseIp(one) === undefined);
    if (wrong !== undefined) reader.error(`has ${quoted(wrong)}, which is no address`);
    if (new Set(addresses).size < addresses.length) reader.error('has an address twice');
    if (scale.kind === 'global') reader.error('goes with a number of containers, and the service is global');
    else if (addresses.length < most)
      reader.error(
        `has ${addresses.length} addresses, and the service may have ${most} containers: write one for each`,
      );
    const own = service.get('networks');
    if (!(own.isThere ? own.entries.some(([key]) => key === network) : network === 'default'))
      reader.error(`the service is not on a network ${quoted(network)}`);
    ips.push([network, addresses]);
  }
  return { hostnames, ips: Object.fromEntries(ips) };
}
