import { BerthError } from '../../kit/errors.ts';
import { type ReleaseRecord, releaseKey, type ServiceRecord } from '../../model/deployment.ts';
import { beginRelease, releaseBefore, releasesOf } from '../../store/releases.ts';
import type { WriteTx } from '../../store/store.ts';
import { checkRoutes } from '../routing/check-routes.ts';
import { checkScale } from '../services/check-scale.ts';
import { checkStack } from '../services/check-stack.ts';
import { deploy, diffOf } from '../services/deploy.ts';
import type { Call, Handlers } from './handler.ts';
import { findService, findStack, membersOf, releaseView, serviceView, stackView } from './service-view.ts';

type Names =
  | `stack.${'list' | 'get' | 'deploy' | 'remove' | 'ps' | 'logs'}`
  | `service.${'get' | 'ps' | 'scale' | 'restart'}`
  | `release.${'history' | 'rollback' | 'pause' | 'resume'}`;

export const serviceHandlers: Handlers<Names> = {
  'stack.list': ({ deps }) =>
    deps.store.view((tx) => ({
      stacks: [...tx.all('stacks')]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((record) => stackView(tx, record)),
    })),
  'stack.get': ({ deps, params }) =>
    deps.store.view((tx) => {
      const record = findStack(tx, params.stack);
      return { ...stackView(tx, record), spec: record.stack };
    }),
  'stack.deploy': async ({ deps, params, body: { spec, dryRun }, principal, about }) => {
    about(dryRun ? `${params.stack} (dry run)` : params.stack);
    if (spec.name !== params.stack)
      throw new BerthError('bad_request', `the stack calls itself ${spec.name}, not ${params.stack}`);
    const { vault } = deps.vault;
    const warnings = [...checkStack(spec), ...deps.store.view((tx) => checkRoutes(tx, spec))];
    const { diff, releases } = dryRun
      ? { diff: deps.store.view((tx) => diffOf(tx, vault, spec)), releases: [] }
      : await deps.store.update((tx) =>
          deploy(tx, vault, spec, { by: principal.user, at: deps.clock.now() }),
        );
    const kept = diff.changed
      .filter(({ item }) => item.kind === 'network' || item.kind === 'volume')
      .map(({ item }) => `${item.kind} ${item.key} is there already, and stays as it is`);
    return {
      diff: {
        created: [...diff.created],
        changed: diff.changed.map(({ item, fields }) => ({
          item,
          fields: fields.map((one) => ({ ...one })),
        })),
        removed: [...diff.removed],
      },
      warnings: [...warnings, ...kept],
      releases: [...releases],
    };
  },
  'stack.remove': async ({ deps, params }) => {
    await deps.store.update((tx) => {
      const record = findStack(tx, params.stack);
      if (record.removing !== true) tx.put('stacks', { ...record, removing: true });
    });
    return {};
  },
  'stack.ps': ({ deps, params }) =>
    deps.store.view((tx) => {
      findStack(tx, params.stack);
      return { containers: [...membersOf(tx, params.stack)] };
    }),
  'stack.logs': ({ deps, params: { stack }, query }) => {
    deps.store.view((tx) => {
      if (query.service === undefined) findStack(tx, stack);
      else findService(tx, stack, query.service);
    });
    return (signal) => deps.logs.read({ stack, ...query }, signal);
  },
  'service.get': ({ deps, params }) =>
    deps.store.view((tx) => {
      const record = findService(tx, params.stack, params.service);
      return { ...serviceView(tx, record), spec: record.service };
    }),
  'service.ps': ({ deps, params }) =>
    deps.store.view((tx) => {
      findService(tx, params.stack, params.service);
      return { containers: [...membersOf(tx, params.stack, params.service)] };
    }),
  'service.scale': (call) =>
    change(call, (tx, record) => {
      const { scale, name } = record.service;
      const { replicas } = call.body;
      if (scale.kind === 'global')
        throw new BerthError('conflict', `service ${name} is on each host: it has no number of containers`);
      if (record.service.runs.kind === 'cron')
        throw new BerthError(
          'conflict',
          `service ${name} runs at its times: it has no number of containers`,
          {
            hint: `"berth job run ${record.stack}/${name}" runs it now`,
          },
        );
      checkScale(record.service, replicas);
      tx.put('services', { ...record, scale: replicas, generation: record.generation + 1 });
    }),
  'service.restart': (call) =>
    change(call, (tx, record) => {
      begin(tx, call, record, { kind: 'restart' });
    }),
  'release.history': ({ deps, params: { stack, service } }) =>
    deps.store.view((tx) => {
      findService(tx, stack, service);
      return { releases: releasesOf(tx, stack, service).map(releaseView) };
    }),
  'release.rollback': (call) =>
    change(call, (tx, record) => {
      const { stack, name, release } = record;
      const { to } = call.body;
      const target =
        to === undefined
          ? releaseBefore(tx, record, release)
          : tx.get('releases', releaseKey(stack, name, to));
      if (target === undefined)
        throw new BerthError(
          'not_found',
          to === undefined
            ? `service ${name} has no release before ${release} that was done`
            : `service ${name} has no release ${to} any more`,
          { hint: `"berth release history ${stack}/${name}" lists them` },
        );
      if (target.number === release)
        throw new BerthError('conflict', `service ${name} has release ${release} already`);
      begin(tx, call, record, { kind: 'rollback', to: target.number, automatic: false }, target.spec);
    }),
  'release.pause': (call) =>
    change(call, (tx, record) => {
      const release = current(tx, record, 'releasing');
      tx.put('releases', { ...release, state: 'paused', reason: `by ${call.principal.user}` });
    }),
  'release.resume': (call) =>
    change(call, (tx, record) => {
      const release = current(tx, record, 'paused');
      tx.put('releases', { ...release, state: 'releasing', reason: '', failed: [] });
    }),
};

type ServiceCall =
  | Call<'service.scale'>
  | Call<'service.restart'>
  | Call<'release.rollback'>
  | Call<'release.pause'>
  | Call<'release.resume'>;

/** One transaction; answers with the service as it is then. */
async function change(
  { deps, params, about }: ServiceCall,
  write: (tx: WriteTx, record: ServiceRecord) => void,
): Promise<ReturnType<typeof serviceView>> {
  about(`${params.stack}/${params.service}`);
  return deps.store.update((tx) => {
    const record = findService(tx, params.stack, params.service);
    if (record.removing === true || tx.get('stacks', params.stack)?.removing === true)
      throw new BerthError('conflict', `service ${params.service} is being taken away`);
    write(tx, record);
    return serviceView(tx, findService(tx, params.stack, params.service));
  });
}

function begin(
  tx: WriteTx,
  { deps, principal }: ServiceCall,
  record: ServiceRecord,
  cause: ReleaseRecord['cause'],
  spec = record.service,
): void {
  beginRelease(tx, record, spec, { cause, by: principal.user, at: deps.clock.now() });
}

/** @throws BerthError `conflict` where the release is in another state */
function current(tx: WriteTx, record: ServiceRecord, state: ReleaseRecord['state']): ReleaseRecord {
  const { stack, name, release: number } = record;
  const release = tx.get('releases', releaseKey(stack, name, number));
  if (release?.state === state) return release;
  throw new BerthError(
    'conflict',
    `release ${number} of service ${name} is ${release?.state ?? 'gone'}, not ${state}`,
  );
}
