import { digestOf } from '../../../kit/digest.ts';
import type { Container, ObservedContainer } from '../../../model/container.ts';
import { type ReleaseRecord, releaseKey, type ServiceRecord, serviceKey } from '../../../model/deployment.ts';
import { healthOf, isReady } from '../../../model/readiness.ts';
import { containerDigest } from '../../../model/service-parts.ts';
import { seenOf } from '../../../store/seen.ts';
import type { ReadTx } from '../../../store/store.ts';
import { dockerLabels, dockerName, serviceId, taskId } from './names.ts';
import { at, type Json } from './spec/part.ts';
import { toServiceSpec } from './spec/service-spec.ts';

/** A container of a service, or a place of it that is empty, as Docker's clients see it. */
export type Task = Readonly<{
  id: string;
  record: ServiceRecord;
  slot: number;
  /** Empty while it has no host. */
  hostId: string;
  /** Name of the container; empty where there is none. */
  container: string;
  /** It is, or would be, as the service is to be now. */
  upToDate: boolean;
  desired: 'running' | 'complete' | 'shutdown';
  /** What containers of that release are made from. */
  template: unknown;
  labels: Readonly<Record<string, string>>;
  createdAt: number;
  status: Status;
}>;

type Status = Readonly<{
  state: string;
  message: string;
  error: string;
  at: number;
  containerId: string;
  exitCode: number;
}>;

/** Tasks of a service by slot, those that are leaving behind the others of their slot. */
export function tasksOf(tx: ReadTx, record: ServiceRecord): Task[] {
  const key = serviceKey(record.stack, record.name);
  const made = [...tx.by('containers', 'stackService', key)].map((one) => taskOf(tx, record, one));
  const taken = new Set(made.filter(({ desired }) => desired !== 'shutdown').map(({ slot }) => slot));
  return [...made, ...emptyPlaces(tx, record, taken)].sort(
    (a, b) => a.slot - b.slot || Number(a.desired === 'shutdown') - Number(b.desired === 'shutdown'),
  );
}

function taskOf(tx: ReadTx, record: ServiceRecord, container: Container): Task {
  const { id, name, assigned, createdAt, service, desired } = container;
  const { stack, release: wanted } = record;
  const number = service?.release ?? wanted;
  const release = tx.get('releases', releaseKey(stack, record.name, number));
  const leaving = service?.leaving === true || desired.state === 'removed';
  return {
    ...{
      id: taskId(id),
      record,
      slot: service?.index ?? 0,
      hostId: assigned.hostId,
      container: name,
      createdAt,
    },
    upToDate: !leaving && isCurrent(record, number, release),
    desired: leaving ? 'shutdown' : record.service.runs.kind === 'service' ? 'running' : 'complete',
    template: templateOf(record, release?.spec ?? record.service),
    labels: desired.spec.Labels ?? {},
    status: statusOf(container, seenOf(tx, container), record),
  };
}

function isCurrent(record: ServiceRecord, number: number, release: ReleaseRecord | undefined): boolean {
  if (number === record.release) return true;
  return release !== undefined && containerDigest(release.spec) === containerDigest(record.service);
}

function templateOf(record: ServiceRecord, service: ServiceRecord['service']): unknown {
  return at(toServiceSpec(service, { dockerName: dockerName(record) }), 'TaskTemplate');
}

/** Places without a container wait for something, and the service says for what. */
function emptyPlaces(tx: ReadTx, record: ServiceRecord, taken: ReadonlySet<number>): Task[] {
  const { scale } = record.service;
  // What runs at its times has no places that wait.
  if (scale.kind === 'global' || record.service.runs.kind === 'cron') return [];
  const wanted = record.scale ?? scale.replicas;
  const { waiting = '' } = tx.get('serviceStatus', serviceKey(record.stack, record.name)) ?? {};
  const template = templateOf(record, record.service);
  const empty: Task[] = [];
  // What was released beside the old ones has higher places.
  for (let slot = 1; taken.size + empty.length < wanted; slot++) {
    if (taken.has(slot)) continue;
    const id = digestOf(['task', record.stack, record.name, slot]).slice(0, 25);
    const at = tx.get('releases', releaseKey(record.stack, record.name, record.release))?.at ?? 0;
    empty.push({
      ...{
        id,
        record,
        slot,
        hostId: '',
        container: '',
        upToDate: true,
        desired: 'running',
        template,
        labels: {},
      },
      createdAt: at,
      status: {
        state: 'pending',
        message: 'waits for a place',
        error: waiting,
        at,
        containerId: '',
        exitCode: 0,
      },
    });
  }
  return empty;
}

function statusOf(
  { id, service, assigned }: Container,
  seen: ObservedContainer | undefined,
  record: ServiceRecord,
): Status {
  const none = { message: '', error: '', at: assigned.at, containerId: id, exitCode: 0 };
  if (service?.refusal !== undefined) return { ...none, state: 'rejected', error: service.refusal };
  if (seen === undefined) return { ...none, state: 'preparing', message: 'is being made', containerId: '' };
  const { status, exitCode, startedAt, finishedAt, error } = seen.state;
  switch (status) {
    case 'running':
      return { ...none, at: startedAt, ...whileRunning(seen, isReady(seen, { probes: undefined })) };
    case 'paused':
      return { ...none, at: startedAt, state: 'running', message: 'paused' };
    case 'created':
      return { ...none, state: 'starting', message: 'created' };
    case 'restarting':
      return {
        ...none,
        at: finishedAt,
        state: 'starting',
        message: `ended with ${exitCode}, and is started again`,
      };
    default: {
      const well = exitCode === 0 && error === '' && status === 'exited';
      const done = well && record.service.runs.kind !== 'service';
      return {
        ...{ ...none, at: finishedAt, exitCode, message: 'finished' },
        state: done ? 'complete' : service?.leaving === true ? 'shutdown' : well ? 'complete' : 'failed',
        error: well ? '' : error || `task: non-zero exit (${exitCode})`,
      };
    }
  }
}

function whileRunning(seen: ObservedContainer, engineReady: boolean): Pick<Status, 'state' | 'message'> {
  const ready = seen.probes === undefined ? engineReady : seen.probes.ready;
  if (ready) return { state: 'running', message: 'started' };
  const said = seen.probes?.said ?? '';
  return { state: 'starting', message: `${healthOf(seen)}${said === '' ? '' : `: ${said}`}` };
}

/** A task as `GET /tasks` has it. */
export function taskView({
  id,
  record,
  slot,
  hostId,
  desired,
  template,
  labels,
  createdAt,
  status,
}: Task): Json {
  const { at: since, state, message, error, containerId, exitCode } = status;
  const job = record.service.runs.kind === 'job';
  return {
    ID: id,
    Version: { Index: record.generation },
    CreatedAt: new Date(createdAt).toISOString(),
    UpdatedAt: new Date(since).toISOString(),
    Labels: labels,
    Spec: template,
    ServiceID: serviceId(record),
    // Docker counts those of a job from 0; its command line waits for ever for one that it does not find there.
    ...(record.service.scale.kind === 'global' ? {} : { Slot: job ? slot - 1 : slot }),
    ...(hostId === '' ? {} : { NodeID: hostId }),
    Status: {
      Timestamp: new Date(since).toISOString(),
      State: state,
      Message: message,
      ...(error === '' ? {} : { Err: error }),
      ...(containerId === ''
        ? {}
        : { ContainerStatus: { ContainerID: containerId, PID: 0, ExitCode: exitCode } }),
      PortStatus: {},
    },
    DesiredState: desired,
    NetworksAttachments: [],
    ...(job ? { JobIteration: { Index: record.release } } : {}),
  };
}

/** The labels by which tasks are looked for: those of the service, and of its containers. */
export function taskLabels({ record, labels }: Task): Readonly<Record<string, string>> {
  return { ...labels, ...dockerLabels(record.stack, record.service.labels) };
}

/** `ServiceStatus` of a service. */
export function taskCounts(tx: ReadTx, record: ServiceRecord): Json {
  const isOver = ({ state }: Status) => state === 'complete' || state === 'failed' || state === 'rejected';
  // Of what runs at its times the ended runs that are kept are no places to be filled.
  const tasks = tasksOf(tx, record).filter(
    ({ desired, status }) =>
      desired !== 'shutdown' && !(record.service.runs.kind === 'cron' && isOver(status)),
  );
  const count = (state: string) => tasks.filter(({ status }) => status.state === state).length;
  const wanted = tx.get('serviceStatus', serviceKey(record.stack, record.name))?.wanted;
  return {
    RunningTasks: count('running'),
    DesiredTasks: record.service.scale.kind === 'global' ? (wanted ?? tasks.length) : tasks.length,
    CompletedTasks: record.service.runs.kind === 'job' ? count('complete') : 0,
  };
}
