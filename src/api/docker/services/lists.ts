import { BerthError } from '../../../kit/errors.ts';
import type { ReadTx } from '../../../store/store.ts';
import type { DockerCall } from '../call.ts';
import { sendShown } from '../json.ts';
import { type Filters, filtersOf, flag, labelsMatch } from '../query.ts';
import { booleanFilter, exactTest } from '../system/match.ts';
import { findService, liveServices } from './find-service.ts';
import { dockerLabels, dockerName, serviceId } from './names.ts';
import { findDockerNode } from './nodes.ts';
import { serviceView } from './service-view.ts';
import { type Task, taskLabels, tasksOf, taskView } from './task-view.ts';

/** `GET /services`. */
export async function listServices(call: DockerCall): Promise<void> {
  const filters = filtersOf(call.query, ['id', 'name', 'label', 'mode', 'runtime']);
  const ids = filters.get('id') ?? [];
  const names = filters.get('name') ?? [];
  const mode = exactTest(filters.get('mode'));
  const runtime = exactTest(filters.get('runtime'));
  const labels = filters.get('label') ?? [];
  const status = flag(call.query, 'status');
  const found = call.deps.store.view((tx) =>
    liveServices(tx)
      .filter((record) => {
        const { runs, scale } = record.service;
        const kind = `${scale.kind}${runs.kind === 'service' ? '' : '-job'}`;
        return (
          begins(ids, serviceId(record)) &&
          begins(names, dockerName(record)) &&
          mode(kind) &&
          runtime('container') &&
          labelsMatch(dockerLabels(record.stack, record.service.labels), labels)
        );
      })
      .map((record) => serviceView(tx, record, status)),
  );
  sendShown(call, found);
}

/** `GET /services/<id>`. */
export async function inspectService(call: DockerCall): Promise<void> {
  const { deps, params } = call;
  sendShown(
    call,
    deps.store.view((tx) => serviceView(tx, findService(tx, params.id ?? ''), false)),
  );
}

const TASK_FILTERS = ['id', 'name', 'label', 'node', 'service', 'desired-state', '_up-to-date', 'runtime'];

/** `GET /tasks`. */
export async function listTasks(call: DockerCall): Promise<void> {
  const filters = filtersOf(call.query, TASK_FILTERS);
  const found = call.deps.store.view((tx) => tasksOfFilters(tx, filters).map(taskView));
  sendShown(call, found);
}

/** `GET /tasks/<id>`. */
export async function inspectTask(call: DockerCall): Promise<void> {
  const reference = call.params.id ?? '';
  const tasks = call.deps.store.view((tx) => liveServices(tx).flatMap((record) => tasksOf(tx, record)));
  const found = tasks.filter(({ id }) => id.startsWith(reference));
  const task = found.find(({ id }) => id === reference) ?? found[0];
  if (task === undefined) throw new BerthError('not_found', `task ${reference} not found`);
  if (found.length > 1 && task.id !== reference)
    throw new BerthError('bad_request', `task ${reference} is ambiguous (${found.length} matches found)`);
  sendShown(call, taskView(task));
}

/** A service or host that is asked for and not there has no tasks. */
function tasksOfFilters(tx: ReadTx, filters: Filters): Task[] {
  const services = filters.get('service')?.map((reference) => maybe(() => findService(tx, reference)));
  const hosts = filters.get('node')?.map((reference) => maybe(() => findDockerNode(tx, reference))?.id);
  const desired = filters.get('desired-state')?.map((state) => (state === 'accepted' ? 'running' : state));
  const unknown = desired?.find((state) => !['running', 'shutdown', 'complete', 'remove'].includes(state));
  if (unknown !== undefined)
    throw new BerthError('bad_request', `invalid filter 'desired-state=${unknown.slice(0, 80)}'`);
  const current = booleanFilter('_up-to-date', filters.get('_up-to-date'));
  const runtime = exactTest(filters.get('runtime'));
  const records = services?.filter((record) => record !== undefined) ?? liveServices(tx);
  return records
    .flatMap((record) => tasksOf(tx, record))
    .filter(
      (task) =>
        begins(filters.get('id') ?? [], task.id) &&
        begins(filters.get('name') ?? [], `${dockerName(task.record)}.${task.slot}`) &&
        (hosts === undefined || hosts.includes(task.hostId)) &&
        (desired === undefined || desired.includes(task.desired)) &&
        (current === undefined || current === task.upToDate) &&
        runtime('container') &&
        labelsMatch(taskLabels(task), filters.get('label') ?? []),
    );
}

/** Docker's filters of swarm objects compare beginnings. */
function begins(values: readonly string[], text: string): boolean {
  return values.length === 0 || values.some((value) => text.startsWith(value));
}

function maybe<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (thrown) {
    if (thrown instanceof BerthError) return undefined;
    throw thrown;
  }
}
