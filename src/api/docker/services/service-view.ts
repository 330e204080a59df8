import type { ReleaseRecord, ServiceRecord } from '../../../model/deployment.ts';
import type { Service } from '../../../model/service.ts';
import { scaled } from '../../../model/service-scale.ts';
import { releaseBefore, releasesOf } from '../../../store/releases.ts';
import type { ReadTx } from '../../../store/store.ts';
import { wayBack } from '../../../store/way-back.ts';
import { dockerLabels, dockerName, serviceId } from './names.ts';
import { withNetworkIds } from './network-targets.ts';
import { at, type Json } from './spec/part.ts';
import { toServiceSpec } from './spec/service-spec.ts';
import { taskCounts } from './task-view.ts';

/** A service as `GET /services` has it; with `status`, how many of its tasks run. */
export function serviceView(tx: ReadTx, record: ServiceRecord, status: boolean): Json {
  const { stack, name, generation, release: number } = record;
  const releases = releasesOf(tx, stack, name);
  const release = releases[0];
  const before = releaseBefore(tx, record, number);
  const Spec = specView(tx, record, scaled(record));
  const update = release && updateStatus(record, release);
  return {
    ID: serviceId(record),
    Version: { Index: generation },
    CreatedAt: time(releases.at(-1)?.at ?? 0),
    UpdatedAt: time(Math.max(release?.at ?? 0, tx.get('stacks', stack)?.at ?? 0)),
    Spec,
    ...(before === undefined ? {} : { PreviousSpec: specView(tx, record, wayBack(tx, record, before)) }),
    Endpoint: {
      Spec: at(Spec, 'EndpointSpec') ?? {},
      ...(at(Spec, 'EndpointSpec.Ports') === undefined ? {} : { Ports: at(Spec, 'EndpointSpec.Ports') }),
    },
    ...(update === undefined ? {} : { UpdateStatus: update }),
    ...(status ? { ServiceStatus: taskCounts(tx, record) } : {}),
    ...(record.service.runs.kind === 'job'
      ? { JobStatus: { JobIteration: { Index: number }, LastExecution: time(release?.at ?? 0) } }
      : {}),
  };
}

function specView(tx: ReadTx, record: ServiceRecord, service: Service): Json {
  const spec = toServiceSpec(service, { dockerName: dockerName(record) });
  return {
    Name: dockerName(record),
    Labels: dockerLabels(record.stack, service.labels),
    ...withNetworkIds(tx, spec),
  };
}

/**
 * How far an update has come; undefined for a service as it was created. One that is done says so until only numbers were
 * changed since: clients take it for the end of what they wait for.
 */
function updateStatus(record: ServiceRecord, release: ReleaseRecord): Json | undefined {
  const { number, state, cause, reason, at: begun } = release;
  if (number === 1) return undefined;
  const back = cause.kind === 'rollback';
  const status = (State: string, Message: string) => ({ State, StartedAt: time(begun), Message });
  switch (state) {
    case 'releasing':
      return back
        ? status('rollback_started', reason || `back to release ${cause.to}`)
        : status('updating', reason || sharesText(release) || 'update in progress');
    case 'waiting':
    case 'confirmed':
      return status('updating', sharesText(release));
    case 'paused':
      return status(back ? 'rollback_paused' : 'paused', reason);
    case 'failed':
      return status('paused', reason);
    case 'done': {
      const untouched =
        record.scale === null && JSON.stringify(record.service.scale) === JSON.stringify(release.spec.scale);
      if (!untouched) return undefined;
      return status(
        back ? 'rollback_completed' : 'completed',
        back ? 'rollback completed' : 'update completed',
      );
    }
    default:
      return undefined;
  }
}

/** What a swarm has no state for: both versions serve. Empty where they do not. */
function sharesText({ shift, state }: ReleaseRecord): string {
  if (shift === undefined) return '';
  const next = state === 'waiting' ? ', waits for "berth release confirm"' : '';
  return `${shift.weight} % of the requests go to the new version${next}`;
}

/** As Go writes times. */
function time(ms: number): string {
  return new Date(ms).toISOString();
}
