import { BerthError } from '../../../../kit/errors.ts';
import { DEFAULT_POLICY, type Service } from '../../../../model/service.ts';
import { CONTAINER_PARTS, IMAGE_PROBE } from './container-parts.ts';
import { FILE_PARTS } from './file-parts.ts';
import { LABEL_PARTS } from './label-parts.ts';
import { NETWORK_PARTS } from './network-parts.ts';
import { type About, at, isAbsent, isSame, isZero, type Json, type Part, withAt } from './part.ts';
import { POLICY_PARTS } from './policy-parts.ts';

const PARTS: readonly Part[] = [
  ...CONTAINER_PARTS,
  ...FILE_PARTS,
  ...LABEL_PARTS,
  ...NETWORK_PARTS,
  ...POLICY_PARTS,
];

/** Fields that are not a part: whoever speaks with clients reads them. */
const ELSEWHERE: readonly string[] = ['Name', 'Labels', 'Networks'];

/** Values which ask for what is done anyway. */
const HARMLESS: readonly (readonly [path: string, value: string])[] = [
  ['TaskTemplate.Runtime', 'container'],
  ['TaskTemplate.ContainerSpec.Isolation', 'default'],
];

const HINTS: Readonly<Record<string, string>> = {
  'TaskTemplate.PluginSpec': 'install the plugin on the hosts themselves',
};

/** A service's ServiceSpec but for name and labels; networks by their names. */
export function toServiceSpec(service: Service, about: About): Json {
  let spec: Json = {};
  for (const { path, read } of PARTS) {
    const value = read(service, about);
    if (value !== undefined) spec = withAt(spec, path, value);
  }
  // There is always one: docker service update --replicas-max-per-node looks into it.
  if (at(spec, PLACEMENT) === undefined) spec = withAt(spec, PLACEMENT, {});
  return withAt(spec, 'TaskTemplate.Runtime', 'container');
}

/**
 * The service that a checked ServiceSpec asks for: as `base`, but for what it says otherwise.
 * @param spec networks by their names
 * @returns with one sentence for each field that is not done as it was asked
 * @throws BerthError `bad_request`; `unsupported` naming a field that Berth does not have
 */
export function fromServiceSpec(
  spec: Json,
  base: Service,
  about: About,
): Readonly<{ service: Service; warnings: readonly string[] }> {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  if (!isAbsent(at(spec, PLATFORMS)))
    warn('TaskTemplate.Placement.Platforms: hosts are chosen by what their engines can run');
  refuseStrangers(spec, '');
  let service = base;
  for (const { path, read, write } of PARTS) {
    const value = at(spec, path);
    const asked = isAbsent(value) ? undefined : value;
    if (!isSame(asked, read(service, about))) service = write(service, asked, about, warn);
  }
  return { service, warnings };
}

const PLACEMENT = 'TaskTemplate.Placement';
const PLATFORMS = `${PLACEMENT}.Platforms`;

function refuseStrangers(value: Json, below: string): void {
  for (const [key, inner] of Object.entries(value)) {
    const path = below === '' ? key : `${below}.${key}`;
    if (isZero(inner) || path === PLATFORMS || ELSEWHERE.includes(path)) continue;
    if (PARTS.some((part) => part.path === path)) continue;
    if (HARMLESS.some(([known, harmless]) => known === path && harmless === inner)) continue;
    if (typeof inner === 'object' && PARTS.some((part) => part.path.startsWith(`${path}.`))) {
      refuseStrangers(inner as Json, path);
      continue;
    }
    const hint = HINTS[path];
    throw new BerthError('unsupported', `${path}: Berth's services do not have that`, {
      hint: hint ?? 'leave it out',
    });
  }
}

/** A service of which nothing was said yet. */
export function blankService(stack: string, name: string, dockerName: string): Service {
  return {
    ...{ kind: 'service', name, runs: { kind: 'service' }, scale: { kind: 'replicated', replicas: 1 } },
    naming: { kind: 'indexed', prefix: `${dockerName}_` },
    identity: { hostnames: false, ips: {} },
    container: {
      Image: '',
      Labels: { 'com.docker.compose.project': stack, 'com.docker.compose.service': name },
    },
    ...{ pull: 'missing', files: [], dependsOn: [], update: DEFAULT_POLICY, rollback: DEFAULT_POLICY },
    restart: { delayMs: 0, windowMs: 0 },
    readiness: IMAGE_PROBE,
    ...{ routes: [], weight: 100, listeners: [], logs: [], labels: {} },
  };
}
