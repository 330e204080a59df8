import { BerthError } from '../../../../kit/errors.ts';
import { MOST_SHARES_AS_CORES } from '../../../../model/cpu-shares.ts';
import { DEFAULT_POLICY, type Service, type UpdatePolicy } from '../../../../model/service.ts';
import { at, isZero, type Json, type Part, withContainer } from './part.ts';

const MILLISECOND = 1_000_000;

type Policy = Readonly<{
  Parallelism?: number;
  Delay?: number;
  FailureAction?: string;
  Monitor?: number;
  MaxFailureRatio?: number;
  Order?: UpdatePolicy['order'] | '';
}>;

function policy(path: string, key: 'update' | 'rollback', failureActions: readonly string[]): Part {
  return {
    path,
    read: (service) => {
      const { parallelism, delayMs, monitorMs, maxFailureRatio, order, onFailure } = service[key];
      return {
        Parallelism: parallelism,
        ...(delayMs === 0 ? {} : { Delay: delayMs * MILLISECOND }),
        FailureAction: onFailure,
        Monitor: monitorMs * MILLISECOND,
        MaxFailureRatio: maxFailureRatio,
        Order: order,
      };
    },
    write: (service, value) => {
      const given = (value ?? {}) as Policy;
      const action = given.FailureAction || DEFAULT_POLICY.onFailure;
      if (!failureActions.includes(action))
        throw new BerthError(
          'bad_request',
          `invalid ${path}.FailureAction "${action.slice(0, 40)}": write ${failureActions.join(', ')}`,
        );
      const { kind, shift } = service[key];
      const made: UpdatePolicy = {
        kind,
        ...(shift === undefined ? {} : { shift }),
        parallelism: given.Parallelism ?? (value ? 0 : DEFAULT_POLICY.parallelism),
        delayMs: (given.Delay ?? 0) / MILLISECOND,
        monitorMs: given.Monitor ? given.Monitor / MILLISECOND : DEFAULT_POLICY.monitorMs,
        maxFailureRatio: given.MaxFailureRatio ?? DEFAULT_POLICY.maxFailureRatio,
        order: given.Order || DEFAULT_POLICY.order,
        onFailure: action as UpdatePolicy['onFailure'],
      };
      return { ...service, [key]: made };
    },
  };
}

const CONDITIONS = { any: 'always', 'on-failure': 'on-failure', none: 'no' } as const;
const NAMES: Readonly<Record<string, string>> = {
  always: 'any',
  'unless-stopped': 'any',
  'on-failure': 'on-failure',
  no: 'none',
};

type Restart = Readonly<{ Condition?: string; Delay?: number; MaxAttempts?: number; Window?: number }>;

/** Without one containers run on: `any`, which Docker's clients take it for as well. */
const restart: Part = {
  path: 'TaskTemplate.RestartPolicy',
  read: ({ container, restart: { delayMs, windowMs } }) => {
    const Name = at(container, 'HostConfig.RestartPolicy.Name');
    const attempts = at(container, 'HostConfig.RestartPolicy.MaximumRetryCount');
    const Condition = typeof Name === 'string' ? NAMES[Name] : undefined;
    const made = {
      ...(Condition === undefined ? {} : { Condition }),
      ...(delayMs === 0 ? {} : { Delay: delayMs * MILLISECOND }),
      ...(typeof attempts === 'number' && attempts > 0 ? { MaxAttempts: attempts } : {}),
      ...(windowMs === 0 ? {} : { Window: windowMs * MILLISECOND }),
    };
    return Object.keys(made).length === 0 ? undefined : made;
  },
  write: (service, value, _, warn) => {
    const { Condition, Delay = 0, MaxAttempts = 0, Window = 0 } = (value ?? {}) as Restart;
    if (Delay > 0 || Window > 0)
      warn(
        'RestartPolicy.Delay and Window are kept, but hosts start containers again with growing pauses of their own',
      );
    const counts = Condition === 'on-failure';
    if (MaxAttempts > 0 && !counts)
      warn('RestartPolicy.MaxAttempts counts with the condition on-failure alone, and is left out');
    const name = CONDITIONS[(Condition || 'any') as keyof typeof CONDITIONS];
    const made =
      value === undefined || (!Condition && MaxAttempts === 0)
        ? undefined
        : { Name: name, MaximumRetryCount: counts ? MaxAttempts : 0 };
    return {
      ...withContainer(service, 'HostConfig.RestartPolicy', made),
      restart: { delayMs: Delay / MILLISECOND, windowMs: Window / MILLISECOND },
    };
  },
};

type Mode = Readonly<{
  Replicated?: { Replicas?: number } | null;
  Global?: Json | null;
  ReplicatedJob?: { MaxConcurrent?: number; TotalCompletions?: number } | null;
  GlobalJob?: Json | null;
}>;

const mode: Part = {
  path: 'Mode',
  read: ({ runs, scale }) => {
    if (scale.kind === 'global') return runs.kind === 'service' ? { Global: {} } : { GlobalJob: {} };
    const { replicas } = scale;
    return runs.kind === 'service'
      ? { Replicated: { Replicas: replicas } }
      : { ReplicatedJob: { MaxConcurrent: replicas, TotalCompletions: replicas } };
  },
  write: (service, value, _, warn) => {
    const given = (value ?? {}) as Mode;
    const kinds = Object.entries(given).flatMap(([kind, one]) => (one ? [kind] : []));
    if (kinds.length > 1)
      throw new BerthError('bad_request', `invalid Mode: ${kinds.join(' and ')}, write one of them`);
    if (given.GlobalJob)
      throw new BerthError('unsupported', 'Mode.GlobalJob: jobs on each host are not done', {
        hint: 'use a replicated job',
      });
    if (given.Global) return { ...service, runs: { kind: 'service' }, scale: { kind: 'global' } };
    if (!given.ReplicatedJob) {
      const replicas = given.Replicated?.Replicas ?? 1;
      return { ...service, runs: { kind: 'service' }, scale: { kind: 'replicated', replicas } };
    }
    const { MaxConcurrent, TotalCompletions } = given.ReplicatedJob;
    const replicas = TotalCompletions ?? MaxConcurrent ?? 1;
    if ((MaxConcurrent ?? replicas) < replicas)
      warn(`Mode.ReplicatedJob.MaxConcurrent: all ${replicas} containers of the job run at once`);
    return { ...service, runs: { kind: 'job' }, scale: { kind: 'replicated', replicas } };
  },
};

/** The scheduler reads cores that are set aside from `CpuShares`; of a limit on CPU all is set aside. */
const reserved: Part = {
  path: 'TaskTemplate.Resources.Reservations.NanoCPUs',
  read: ({ container }) => {
    const shares = at(container, 'HostConfig.CpuShares');
    const cores = typeof shares === 'number' && shares <= MOST_SHARES_AS_CORES ? shares : 0;
    return cores === 0 || isLimited(container) ? undefined : Math.round(cores * 1e9);
  },
  write: (service, value, _, warn) => {
    const cores = isZero(value) ? 0 : (value as number) / 1e9;
    if (cores > MOST_SHARES_AS_CORES)
      throw new BerthError(
        'bad_request',
        `TaskTemplate.Resources.Reservations.NanoCPUs: ${cores} cores are more than ${MOST_SHARES_AS_CORES}`,
      );
    if (cores > 0 && isLimited(service.container)) {
      warn(
        'Resources.Reservations.NanoCPUs: what is set aside is the limit: hosts are not filled beyond the limits',
      );
      return service;
    }
    return withContainer(service, 'HostConfig.CpuShares', cores === 0 ? undefined : cores);
  },
};

function isLimited(container: Service['container']): boolean {
  return !isZero(at(container, 'HostConfig.NanoCpus'));
}

/** Numbers and policies, and what is set aside (behind the limits, which it depends on). */
export const POLICY_PARTS: readonly Part[] = [
  mode,
  policy('UpdateConfig', 'update', ['continue', 'pause', 'rollback']),
  policy('RollbackConfig', 'rollback', ['continue', 'pause']),
  restart,
  reserved,
];
