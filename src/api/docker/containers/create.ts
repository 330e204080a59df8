import { BerthError } from '../../../kit/errors.ts';
import { CONTAINER_NAME } from '../../../model/container.ts';
import { withoutExpressions } from '../../../scheduler/spec-expressions.ts';
import { endContainer } from '../../networks/give-back.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall } from '../call.ts';
import { readJson, sendJson } from '../json.ts';
import { until } from '../until.ts';
import { createBody } from './create-body.ts';
import { pinnedAreSeen, releasePins } from './pins.ts';
import { putContainer } from './put-container.ts';

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
  const { spec: body, probes } = createBody(await readJson(call.req));
  const spec = withoutExpressions(body);
  const { container, pins } = await deps.store.update((tx) =>
    putContainer(
      tx,
      { placer: deps.placer, connected: (hostId) => deps.engines.connected(hostId) },
      {
        ...{ name: given, spec, platform: query.get('platform') || undefined },
        ...{ apiVersion: call.apiVersion, by: call.principal.user, at: deps.clock.now() },
        desired: { state: 'created', starts: 0 },
        probes,
      },
    ),
  );
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
