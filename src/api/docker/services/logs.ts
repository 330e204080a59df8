import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError } from '../../../kit/errors.ts';
import type { LineSource } from '../../services/container-log.ts';
import { frameOf, type LoggedLine } from '../../services/log-frames.ts';
import { type LogQuery, StackLogs } from '../../services/stack-logs.ts';
import type { DockerCall } from '../call.ts';
import { flag, integer } from '../query.ts';
import { findService, liveServices } from './find-service.ts';
import { serviceId, taskId } from './names.ts';
import { tasksOf } from './task-view.ts';

type Logged = Pick<LogQuery, 'stack' | 'container'> & Readonly<{ service: string; raw: boolean }>;

/** `GET /services/<id>/logs`: of all its containers, by time; with `details` each line says whose it is. */
export async function serviceLogs(call: DockerCall): Promise<void> {
  const logged = call.deps.store.view((tx): Logged => {
    const { stack, name, service } = findService(tx, call.params.id ?? '');
    return { stack, service: name, raw: service.container.Tty === true };
  });
  await sendLogs(call, logged);
}

/** `GET /tasks/<id>/logs`. */
export async function taskLogs(call: DockerCall): Promise<void> {
  const reference = call.params.id ?? '';
  const logged = call.deps.store.view((tx): Logged => {
    for (const record of liveServices(tx)) {
      const task = tasksOf(tx, record).find((one) => one.id === reference);
      if (task === undefined) continue;
      const [made] = tx.by('containers', 'name', task.container);
      const { stack, name: service } = record;
      return { stack, service, container: made?.id ?? '', raw: made?.desired.spec.Tty === true };
    }
    throw new BerthError('not_found', `task ${reference} not found`);
  });
  await sendLogs(call, logged);
}

async function sendLogs(call: DockerCall, { raw, ...logged }: Logged): Promise<void> {
  const { res, deps, signal, query } = call;
  const asked = { ...logged, ...askedIn(query) };
  const details = flag(query, 'details') && !raw;
  const timestamps = flag(query, 'timestamps');
  res.writeHead(200, {
    'content-type': `application/vnd.docker.${raw ? 'raw' : 'multiplexed'}-stream`,
  });
  res.flushHeaders();
  const out = new PassThrough();
  const sent = pipeline(out, res, { signal });
  // A client that goes away is no error of ours.
  sent.catch(() => undefined);
  for await (const item of new StackLogs(deps).lines(asked, signal)) {
    // One host that is away does not take the others' lines with it, and Docker's clients have no word for it.
    if (item.kind === 'note') deps.logger.warn({ ...logged, reason: item.text }, 'a log is not whole');
    else {
      const head = [...(timestamps ? [item.at] : []), ...(details ? [labelOf(item.source, logged)] : [])];
      const message = messageOf(item, head, raw ? '\r\n' : '\n');
      if (!out.write(raw ? message : frameOf(item.stream, message))) await drained(out, signal);
    }
  }
  out.end();
  await sent;
}

/** @throws BerthError `bad_request` in Docker's words where no stream is asked for; naming parameter and value */
function askedIn(query: URLSearchParams): Partial<LogQuery> {
  const [stdout, stderr] = [flag(query, 'stdout'), flag(query, 'stderr')];
  if (!stdout && !stderr) throw new BerthError('bad_request', 'You must choose at least one stream');
  const tail = query.get('tail') === 'all' ? undefined : integer(query, 'tail');
  return {
    follow: flag(query, 'follow'),
    // As engines do: what is below 0 is all.
    ...(tail === undefined || tail < 0 ? {} : { tail }),
    ...momentIn(query, 'since'),
    ...momentIn(query, 'until'),
    ...(stdout && stderr ? {} : { stream: stdout ? 'stdout' : 'stderr' }),
  };
}

function momentIn(query: URLSearchParams, name: 'since' | 'until'): Partial<LogQuery> {
  const text = query.get(name) ?? '';
  if (text === '' || text === '0') return {};
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return { [name]: text };
  throw new BerthError(
    'bad_request',
    `invalid ${name} "${text.slice(0, 80)}": seconds since 1970 are needed`,
  );
}

function messageOf({ bytes }: LoggedLine, head: readonly string[], end: string): Buffer {
  return Buffer.concat([Buffer.from(head.map((word) => `${word} `).join('')), bytes, Buffer.from(end)]);
}

function drained(out: PassThrough, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const go = () => {
      out.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    out.once('drain', go);
    signal.addEventListener('abort', go, { once: true });
  });
}

/** In the words that Docker's CLI looks for (moby: daemon/cluster/services.go, ServiceLogs). */
function labelOf({ id, hostId }: LineSource, { stack, service }: Pick<Logged, 'stack' | 'service'>): string {
  const pairs = {
    'com.docker.swarm.node.id': hostId,
    'com.docker.swarm.service.id': serviceId({ stack, name: service }),
    'com.docker.swarm.task.id': taskId(id),
  };
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
