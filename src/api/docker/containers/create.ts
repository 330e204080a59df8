import { BerthError } from '../../../kit/errors.ts';
import { newLongId } from '../../../kit/ids.ts';
import { CONTAINER_NAME, type Container, type DockerSpec } from '../../../model/container.ts';
import { withoutExpressions } from '../../../scheduler/spec-expressions.ts';
import type { ReadTx, WriteTx } from '../../../store/store.ts';
import { endContainer } from '../../networks/give-back.ts';
import { takeAddresses } from '../../networks/spanning.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall } from '../call.ts';
import { readJson, sendJson } from '../json.ts';
import { until } from '../until.ts';
import { createBody } from './create-body.ts';
import { isGivenUp } from './find.ts';
import { type Pins, pinnedAreSeen, pinObjects, releasePins } from './pins.ts';
import { randomName } from './random-name.ts';
import { resolveReferences } from './spec-refs.ts';

/** How long the report of what was made with the container is waited for (milliseconds). */
const REPORT_MS = 1500;

/** `POST /containers/create`: places the container, keeps it, and answers once its host has made it. */
export async function createContainer(call: DockerCall): Promise<void> {
  const { deps, query, res } = call;
  const given = query.get('name')?.replace(/^\//, '') ?? '';
  if (given !== '' && !CONTAINER_NAME.test(given)) {
    throw new BerthError(
      'bad_request',
      `Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  const spec = withoutExpressions(createBody(await readJson(call.req)));
  const { container, pins } = await deps.store.update((tx) => put(tx, call, given, spec));
  setAuditTarget(call, container.name);
  try {
    const { warnings } = await deps.assignments.settled(container.id, 1);
    const { assigned, desired } = container;
    await until(deps.store, REPORT_MS, (tx) => pinnedAreSeen(tx, desired.spec, assigned.hostId));
    sendJson(res, 201, { Id: container.id, Warnings: warnings ?? [] });
  } catch (thrown) {
    // Only an engine that answered says what is there; a host that was lost may have made everything.
    const refused = thrown instanceof BerthError && thrown.code === 'engine';
    const { assigned, desired } = container;
    if (refused && pins.networks.length + pins.volumes.length > 0)
      await until(deps.store, REPORT_MS, (tx) => pinnedAreSeen(tx, desired.spec, assigned.hostId));
    // Nobody was told of it: it must not appear later, when its host is back.
    await deps.store.update((tx) => {
      if (tx.get('containers', container.id)?.desired.generation === 1)
        endContainer(tx, container.id, deps.clock.now());
      if (refused) releasePins(tx, pins);
    });
    throw thrown;
  }
}

/** One transaction: of two clients who want the same name, or the last room, one is refused. */
function put(
  tx: WriteTx,
  call: DockerCall,
  given: string,
  asked: DockerSpec,
): Readonly<{ container: Container; pins: Pins }> {
  const { deps, apiVersion, principal, query } = call;
  const connected = (hostId: string) => deps.engines.connected(hostId);
  const name = given || randomName((one) => holderOf(tx, one, connected) !== undefined);
  refuseTakenName(tx, name, connected);
  const { spec, hosts } = resolveReferences(tx, asked, connected);
  const wanted = hosts.map((host) => `constraint:node==${host}`);
  const { hostId } = deps.placer.place(tx, {
    name,
    spec: wanted.length === 0 ? spec : { ...spec, Env: [...(spec.Env ?? []), ...wanted] },
  });
  const now = deps.clock.now();
  const pins = pinObjects(tx, spec, hostId, principal.user, now);
  const platform = query.get('platform') || undefined;
  const container: Container = {
    kind: 'container',
    id: newLongId(),
    ...{ name, createdAt: now, createdBy: principal.user, apiVersion },
    desired: { generation: 1, state: 'created', spec, platform, starts: 0 },
    assigned: { hostId, at: now },
  };
  takeAddresses(tx, container, now);
  tx.put('containers', container);
  return { container, pins };
}

/** @throws BerthError `conflict` in Docker's words (moby: daemon/names.go) */
export function refuseTakenName(tx: ReadTx, name: string, connected: (hostId: string) => boolean): void {
  const holder = holderOf(tx, name, connected);
  if (holder === undefined) return;
  throw new BerthError(
    'conflict',
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

/** ID of the container that has the name: the cluster's own ones, and those that Berth only shows. */
function holderOf(tx: ReadTx, name: string, connected: (hostId: string) => boolean): string | undefined {
  for (const record of tx.by('containers', 'name', name)) if (!isGivenUp(record, connected)) return record.id;
  for (const seen of tx.by('observedContainers', 'name', name)) {
    if (seen.clusterId === undefined) return seen.engineId;
  }
  return undefined;
}
