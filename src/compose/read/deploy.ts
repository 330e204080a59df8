import { MOST_REPLICAS } from '../../model/scaling.ts';
import { DEFAULT_POLICY, type ServiceDependency, type UpdatePolicy } from '../../model/service.ts';
import type { LabelSet } from '../labels/label-set.ts';
import { shiftOf } from '../labels/release.ts';
import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';
import type { Outside } from './environment.ts';

/** The scheduler's label (docs/design/scheduler.md). */
export const PLACEMENT_LABEL = 'berth.placement';

export function updateOf(service: Reader, labels: LabelSet): UpdatePolicy {
  const config = service.get('deploy').get('update_config');
  const policy = policyOf(config, ['continue', 'pause', 'rollback']);
  const release = labels.get('release').oneOf(['recreate', 'rolling', 'blue-green', 'canary']);
  const rolling = labels.get('rolling_updates').boolean;
  const parallelism = labels.get('rolling_updates.parallelism');
  const number = /^\d{1,5}$/.test(parallelism.text ?? '') ? Number(parallelism.text) : 0;
  if (parallelism.isThere && number < 1)
    parallelism.warn(`is ${quoted(parallelism.text)}, which counts as 1`);
  const kind = release ?? (rolling === false ? 'recreate' : policy.kind);
  const shift = shiftOf(labels, kind);
  // Who is judged by itself goes back by itself, where nothing else is said.
  const isSaid = config.get('failure_action').isThere;
  return {
    ...policy,
    kind,
    order: orderOf(config, shift),
    parallelism: parallelism.isThere ? Math.max(1, number) : policy.parallelism,
    onFailure: shift?.analysis !== undefined && !isSaid ? 'rollback' : policy.onFailure,
    ...(shift === undefined ? {} : { shift }),
  };
}

/** @param update of the same service */
export function rollbackOf(service: Reader, { shift }: UpdatePolicy): UpdatePolicy {
  const config = service.get('deploy').get('rollback_config');
  return { ...policyOf(config, ['continue', 'pause']), order: orderOf(config, shift) };
}

/** Who wants both versions up at a release expects no gap at a restart or on the way back either, which are rolling. */
function orderOf(config: Reader, shift: UpdatePolicy['shift']): UpdatePolicy['order'] {
  const unsaid = shift === undefined ? DEFAULT_POLICY.order : 'start-first';
  return config.get('order').oneOf(['stop-first', 'start-first']) ?? unsaid;
}

function policyOf<F extends UpdatePolicy['onFailure']>(
  config: Reader,
  failureActions: readonly F[],
): Omit<UpdatePolicy, 'order'> {
  return {
    kind: DEFAULT_POLICY.kind,
    parallelism: config.get('parallelism').whole(0, MOST_REPLICAS) ?? DEFAULT_POLICY.parallelism,
    delayMs: config.get('delay').duration ?? DEFAULT_POLICY.delayMs,
    monitorMs: config.get('monitor').duration ?? DEFAULT_POLICY.monitorMs,
    maxFailureRatio:
      config.get('max_failure_ratio').number({ min: 0, max: 1 }) ?? DEFAULT_POLICY.maxFailureRatio,
    onFailure: config.get('failure_action').oneOf(failureActions) ?? DEFAULT_POLICY.onFailure,
  };
}

type RestartFields = Readonly<{
  /** `HostConfig.RestartPolicy`; undefined where nothing is said. */
  policy: Readonly<{ Name: string; MaximumRetryCount: number }> | undefined;
  delayMs: number;
  windowMs: number;
}>;

const CONDITIONS = { none: 'no', 'on-failure': 'on-failure', any: 'always' } as const;

/** `deploy.restart_policy` goes before `restart`. */
export function restartOf(service: Reader): RestartFields {
  const deploy = service.get('deploy').get('restart_policy');
  const times = { delayMs: deploy.get('delay').duration ?? 0, windowMs: deploy.get('window').duration ?? 0 };
  for (const [key, ms] of [
    ['delay', times.delayMs],
    ['window', times.windowMs],
  ] as const)
    if (ms > 0)
      deploy
        .get(key)
        .warn(
          'is kept, but hosts start containers again with growing pauses of their own, 100 ms to a minute',
        );
  if (deploy.isThere) {
    const condition = deploy.get('condition').oneOf(['none', 'on-failure', 'any']) ?? 'any';
    const attempts = deploy.get('max_attempts').whole(0, 1_000_000) ?? 0;
    if (attempts > 0 && condition === 'any')
      deploy
        .get('max_attempts')
        .warn('counts with condition: on-failure alone: the engine starts it again without end');
    const name = CONDITIONS[condition];
    if (service.get('restart').isThere && service.get('restart').text?.split(':')[0] !== name)
      service.get('restart').warn('deploy.restart_policy goes before it');
    return { policy: restartPolicy(name, name === 'on-failure' ? attempts : 0), ...times };
  }
  const restart = service.get('restart');
  const { text } = restart;
  if (text === undefined) return { policy: undefined, ...times };
  const [, name, count = '0'] = /^(no|always|unless-stopped|on-failure)(?::(\d{1,6}))?$/.exec(text) ?? [];
  if (name === undefined || (count !== '0' && name !== 'on-failure')) {
    restart.error(`${quoted(text)} is none: write no, always, unless-stopped, on-failure or on-failure:3`);
    return { policy: undefined, ...times };
  }
  return { policy: restartPolicy(name, Number(count)), ...times };
}

function restartPolicy(Name: string, MaximumRetryCount: number): RestartFields['policy'] {
  return { Name, MaximumRetryCount };
}

const CONDITION_WORDS = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const;

/** What a service waits for: `depends_on`, `links`, `aliyun.depends`, and services whose namespaces or volumes it has. */
export function dependenciesOf(
  service: Reader,
  labels: LabelSet,
  needs: readonly string[],
): Readonly<{ dependency: ServiceDependency; reader: Reader }>[] {
  const found = new Map<string, { dependency: ServiceDependency; reader: Reader }>();
  const add = (name: string, reader: Reader, condition: ServiceDependency['condition']) => {
    if (!found.has(name))
      found.set(name, { dependency: { service: name, condition, restart: false, required: true }, reader });
  };
  for (const [name, reader] of service.get('depends_on').entries) {
    const condition = reader
      .get('condition')
      .oneOf(['service_started', 'service_healthy', 'service_completed_successfully']);
    found.set(name, {
      dependency: {
        service: name,
        condition: CONDITION_WORDS[condition ?? 'service_started'],
        restart: reader.get('restart').boolean ?? false,
        required: reader.get('required').boolean ?? true,
      },
      reader,
    });
  }
  const depends = labels.get('depends');
  for (const name of (depends.text ?? '').split(',').map((one) => one.trim()))
    if (name !== '') add(name, depends, 'healthy');
  for (const link of service.get('links').items) add(link.text?.split(':')[0] ?? '', link, 'started');
  for (const volume of service.get('volumes_from').items)
    if (!volume.text?.startsWith('container:')) add(volume.text?.split(':')[0] ?? '', volume, 'started');
  for (const key of ['pid', 'ipc']) {
    const name = /^service:(.+)$/.exec(service.get(key).text ?? '')?.[1];
    if (name !== undefined) add(name, service.get(key), 'started');
  }
  for (const name of needs) add(name, service.get('network_mode'), 'started');
  return [...found.values()];
}

/** `vip` is what a swarm does where nothing is said: only who asks for it is told. */
export function checkEndpointMode(service: Reader): void {
  const mode = service.get('deploy').get('endpoint_mode');
  if (mode.oneOf(['dnsrr', 'vip']) === 'vip')
    mode.warn(
      'names have the addresses of the containers here, as with dnsrr: use a listener or a route for one address',
    );
}

/** `deploy.placement` as the label in which the scheduler reads it; undefined where there is none. */
export function placementOf(
  service: Reader,
  placementProblem: Outside['placementProblem'],
): string | undefined {
  const problemOf = (one: object) =>
    placementProblem?.({ Labels: { [PLACEMENT_LABEL]: JSON.stringify(one) } });
  const placement = service.get('deploy').get('placement');
  const constraints = placement.get('constraints');
  for (const item of constraints.items) {
    const { text = '' } = item;
    if (!/^\s*[\w.-]+\s*(?:==|!=)\s*\S/.test(text)) {
      item.error(`${quoted(text)} is no constraint: write node.labels.rack==r1 or !=`);
      continue;
    }
    const problem = problemOf({ constraints: [text] });
    if (problem !== undefined) item.error(problem);
  }
  const preferences = placement.get('preferences').items.flatMap((item) => {
    const spread = item.get('spread').text;
    if (spread === undefined) return item.error('needs the key spread, such as node.labels.rack') ?? [];
    const problem = problemOf({ preferences: [{ spread }] });
    return problem === undefined ? [{ spread }] : (item.get('spread').error(problem) ?? []);
  });
  const most = placement.get('max_replicas_per_node').whole(0, MOST_REPLICAS);
  const made = {
    ...(constraints.items.length === 0 ? {} : { constraints: constraints.texts }),
    ...(preferences.length === 0 ? {} : { preferences }),
    ...(most === undefined ? {} : { max_replicas_per_node: most }),
  };
  return Object.keys(made).length === 0 ? undefined : JSON.stringify(made);
}
