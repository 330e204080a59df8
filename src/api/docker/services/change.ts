import { BerthError } from '../../../kit/errors.ts';
import { releaseKey, type ServiceRecord, serviceKey } from '../../../model/deployment.ts';
import { registryOf } from '../../../model/registry-login.ts';
import type { Service } from '../../../model/service.ts';
import { scaled } from '../../../model/service-scale.ts';
import type { Stack } from '../../../model/stack.ts';
import { beginRelease, releaseBefore } from '../../../store/releases.ts';
import type { ReadTx, WriteTx } from '../../../store/store.ts';
import { wayBack } from '../../../store/way-back.ts';
import { checkRoutes } from '../../routing/check-routes.ts';
import { checkScale } from '../../services/check-scale.ts';
import { checkStack } from '../../services/check-stack.ts';
import { isLeaving, LEAVE_MS } from '../../services/leaving.ts';
import { dropService, putService } from '../../services/put-service.ts';
import { authOf, putLogin } from '../../services/registry-logins.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall } from '../call.ts';
import { checked, readJson, sendJson, sendNothing } from '../json.ts';
import { integer } from '../query.ts';
import { until } from '../until.ts';
import { findService, servicesNamed } from './find-service.ts';
import { berthNames, dockerName, LABEL_NAMESPACE, serviceId } from './names.ts';
import { withNetworkNames } from './network-targets.ts';
import { outOfSequence } from './nodes.ts';
import type { Json } from './spec/part.ts';
import { blankService, fromServiceSpec } from './spec/service-spec.ts';
import { withServing } from './spec/serving-labels.ts';
import { type ServiceSpec, serviceSpecSchema } from './spec/spec-schema.ts';

/** `POST /services/create`: in the stack that the label `com.docker.stack.namespace` names, or in one of their own. */
export async function createService(call: DockerCall): Promise<void> {
  const { deps, res, req, principal } = call;
  const spec = checked(serviceSpecSchema, (await readJson(req)) ?? {});
  setAuditTarget(call, spec.Name);
  const names = berthNames(spec.Name, spec.Labels ?? {});
  await until(deps.store, LEAVE_MS, (tx) => {
    const leaves = servicesNamed(tx, spec.Name).some((one) => isLeaving(tx, one));
    return !leaves && tx.get('stacks', names.stack)?.removing !== true;
  });
  const made = await deps.store.update((tx) => {
    if (servicesNamed(tx, spec.Name).length > 0)
      throw new BerthError(
        'conflict',
        `name conflicts with an existing object: service ${spec.Name} already exists`,
      );
    const base = blankService(names.stack, names.name, spec.Name);
    const { service, warnings } = asked(tx, spec, base, names.stack);
    const record = putService(tx, names.stack, service, { by: principal.user, at: deps.clock.now() });
    keepLogin(tx, call, record);
    return { ID: serviceId(record), Warnings: warnings };
  });
  sendJson(res, 201, made.Warnings.length === 0 ? { ID: made.ID } : made);
}

/** `POST /services/<id>/update`, and with `rollback=previous` the way back to the release before. */
export async function updateService(call: DockerCall): Promise<void> {
  const { deps, res, req, query, params, principal } = call;
  const body = (await readJson(req)) ?? {};
  const version = integer(query, 'version');
  const rollback = query.get('rollback') ?? '';
  const reference = params.id ?? '';
  setAuditTarget(call, dockerName(deps.store.view((tx) => findService(tx, reference))));
  if (rollback !== '' && rollback !== 'previous')
    throw new BerthError('bad_request', `invalid rollback "${rollback.slice(0, 80)}": write previous`);
  const spec = checked(serviceSpecSchema, body);
  const author = { by: principal.user, at: deps.clock.now() };
  const Warnings = await deps.store.update((tx) => {
    const record = findService(tx, reference);
    const name = dockerName(record);
    if (version !== record.generation) throw outOfSequence(`service ${name}`);
    if (rollback === 'previous') {
      const before = releaseBefore(tx, record, record.release);
      if (before === undefined)
        throw new BerthError('bad_request', `service ${name} does not have a previous spec`);
      const cause = { kind: 'rollback', to: before.number, automatic: false } as const;
      beginRelease(tx, record, wayBack(tx, record, before), { cause, ...author });
      return [];
    }
    refuseOtherName(spec, record);
    const { service, warnings } = asked(tx, spec, scaled(record), record.stack);
    if (service.runs.kind !== record.service.runs.kind || service.scale.kind !== record.service.scale.kind)
      throw new BerthError('unsupported', `service ${name}: service mode change is not allowed`);
    keepScale(tx, record);
    keepLogin(tx, call, putService(tx, record.stack, service, author));
    return warnings;
  });
  sendJson(res, 200, { Warnings: Warnings.length === 0 ? null : Warnings });
}

/** The number that there was before the last update: by it `updateStatus` tells that only the number was changed since. */
function keepScale(tx: WriteTx, record: ServiceRecord): void {
  const release = tx.get('releases', releaseKey(record.stack, record.name, record.release));
  if (release === undefined) return;
  tx.put('releases', { ...release, spec: { ...release.spec, scale: scaled(record).scale } });
}

/** `--with-registry-auth`: the client's own log-in of the image's registry, for this service alone. */
function keepLogin(
  tx: WriteTx,
  { req, deps, principal }: DockerCall,
  { stack, name, service }: ServiceRecord,
): void {
  const auth = authOf(req.headers['x-registry-auth']);
  if (auth === undefined) return;
  const author = { by: principal.user, at: deps.clock.now() };
  const registry = registryOf(service.container.Image);
  putLogin(tx, deps.vault, { registry, service: serviceKey(stack, name), auth, ...author });
}

function refuseOtherName(spec: ServiceSpec, record: ServiceRecord): void {
  const { stack, name } = berthNames(spec.Name, spec.Labels ?? {});
  if (stack === record.stack && name === record.name) return;
  throw new BerthError(
    'unsupported',
    `renaming services is not supported: ${dockerName(record)} to ${spec.Name}`,
    {
      hint: 'leave its name and its label com.docker.stack.namespace as they are',
    },
  );
}

/** The service that the spec asks for, with all that is not done as it was asked. */
function asked(
  tx: ReadTx,
  given: ServiceSpec,
  base: Service,
  stack: string,
): Readonly<{ service: Service; warnings: readonly string[] }> {
  const spec = withNetworkNames(tx, given as Json);
  const { service, warnings } = fromServiceSpec(spec, base, { dockerName: given.Name });
  const { [LABEL_NAMESPACE]: _, ...labels } = given.Labels ?? {};
  const { service: whole, warnings: ofLabels } = withServing({ ...service, labels }, base);
  refuseMissing(tx, service);
  if (whole.scale.kind === 'replicated') checkScale(whole, whole.scale.replicas);
  const others = tx.get('stacks', stack)?.stack.services.filter(({ name }) => name !== whole.name) ?? [];
  // Of the others only the names count: what they have was looked at when they came.
  const alone: Stack = {
    ...{ kind: 'stack', name: stack, services: [whole], externals: [] },
    ...{ networks: [], volumes: [], configs: [], secrets: [] },
  };
  checkStack(alone);
  const notDone = [...checkRoutes(tx, { name: stack, services: [whole] }, others)];
  const taken = others.find(({ naming }) => JSON.stringify(naming) === JSON.stringify(whole.naming));
  if (taken !== undefined)
    throw new BerthError(
      'conflict',
      `services ${taken.name} and ${whole.name} call their containers the same`,
    );
  return { service: whole, warnings: [...warnings, ...ofLabels, ...notDone] };
}

/** Docker's clients have looked their IDs up before. */
function refuseMissing(tx: ReadTx, { files }: Service): void {
  for (const { kind, file } of files) {
    const known = file && tx.get('keptFiles', file.id);
    if (known?.noun === kind && known.name === file?.name) continue;
    throw new BerthError('bad_request', `${kind} ${file?.name ?? ''} not found`, {
      hint: `"berth ${kind} ls" lists them`,
    });
  }
}

/** `DELETE /services/<id>`. */
export async function removeService(call: DockerCall): Promise<void> {
  const { deps, params, res, principal } = call;
  await deps.store.update((tx) => {
    const record = findService(tx, params.id ?? '');
    setAuditTarget(call, dockerName(record));
    dropService(tx, record, { by: principal.user, at: deps.clock.now() });
  });
  sendNothing(res, 200);
}
