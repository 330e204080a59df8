import { PassThrough, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError, messageOf } from '../../../kit/errors.ts';
import type { Container } from '../../../model/container.ts';
import { serviceKey } from '../../../model/deployment.ts';
import type { DockerCall } from '../call.ts';
import { containerPath, findContainer, type Target } from '../containers/find.ts';
import { ask, enginePath } from '../passthrough.ts';
import { flag } from '../query.ts';
import { findService, liveServices } from './find-service.ts';
import { serviceId, taskId } from './names.ts';
import { tasksOf } from './task-view.ts';

/** Length of the head of a frame: stream, three zeroes, four bytes of length. */
const HEAD = 8;

/** `GET /services/<id>/logs`: of all its containers, as they come; with `details` each line says whose it is. */
export async function serviceLogs(call: DockerCall): Promise<void> {
  const { store } = call.deps;
  const { id } = call.params;
  const containers = store.view((tx) => {
    const { stack, name } = findService(tx, id ?? '');
    return [...tx.by('containers', 'stackService', serviceKey(stack, name))];
  });
  await sendLogs(call, containers);
}

/** `GET /tasks/<id>/logs`. */
export async function taskLogs(call: DockerCall): Promise<void> {
  const reference = call.params.id ?? '';
  const containers = call.deps.store.view((tx) => {
    const tasks = liveServices(tx).flatMap((record) => tasksOf(tx, record));
    const task = tasks.find((one) => one.id === reference);
    if (task === undefined) throw new BerthError('not_found', `task ${reference} not found`);
    return [...tx.by('containers', 'name', task.container)];
  });
  await sendLogs(call, containers);
}

async function sendLogs(call: DockerCall, containers: readonly Container[]): Promise<void> {
  const { store, engines } = call.deps;
  const query = new URLSearchParams(call.query);
  if (!flag(query, 'stdout') && !flag(query, 'stderr'))
    throw new BerthError('bad_request', 'You must choose at least one stream');
  const details = flag(query, 'details');
  query.delete('details');
  const targets = store.view((tx) => {
    const connected = (hostId: string) => engines.connected(hostId);
    return containers.flatMap((one) => {
      const target = findContainer(tx, one.id, connected);
      // What is on a host that is away, or not made yet, has no log that could be read now.
      return connected(target.hostId) && target.seen !== undefined ? [{ target, container: one }] : [];
    });
  });
  const answers = await Promise.all(
    targets.map(async ({ target, container }) => {
      const path = enginePath(call, containerPath(target, '/logs'), query);
      const answer = await ask(call, target.hostId, { method: 'GET', path, signal: call.signal });
      const raw = container.desired.spec.Tty === true;
      return { body: answer.body, container, target, raw };
    }),
  );
  const { res, deps, signal } = call;
  const type = answers.some(({ raw }) => raw) ? 'raw-stream' : 'multiplexed-stream';
  res.writeHead(200, { 'content-type': `application/vnd.docker.${type}` });
  res.flushHeaders();
  const out = new PassThrough();
  const sent = pipeline(out, res, { signal });
  // A client that goes away is no error of ours.
  sent.catch(() => undefined);
  const timestamps = flag(query, 'timestamps');
  const done = answers.map(async ({ body, container, target, raw }) => {
    const text = details && !raw ? labelOf(container, target) : undefined;
    try {
      for await (const part of body.pipe(frames(text, timestamps, raw)))
        if (!out.write(part)) await drained(out, signal);
    } catch (thrown) {
      // One host that goes away does not take the others' lines with it.
      if (!signal.aborted)
        deps.logger.warn({ host: target.hostName, reason: messageOf(thrown) }, 'a log ended early');
    }
  });
  await Promise.all(done);
  out.end();
  await sent;
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
function labelOf({ id, service }: Container, { hostId }: Target): string {
  const pairs = {
    'com.docker.swarm.node.id': hostId,
    'com.docker.swarm.service.id': serviceId({ stack: service?.stack ?? '', name: service?.name ?? '' }),
    'com.docker.swarm.task.id': taskId(id),
  };
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Whole frames, one line each, so that those of several containers can be mixed; `label` goes in front of the line. */
function frames(label: string | undefined, timestamps: boolean, raw: boolean): Transform {
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(part: Buffer, _encoding, done: TransformCallback) {
      if (raw) return done(null, part);
      rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
      while (rest.length >= HEAD) {
        const end = HEAD + rest.readUInt32BE(4);
        if (rest.length < end) break;
        this.push(labelled(rest.subarray(0, end), label, timestamps));
        rest = rest.subarray(end);
      }
      done();
    },
  });
}

function labelled(frame: Buffer, label: string | undefined, timestamps: boolean): Buffer {
  if (label === undefined) return frame;
  const text = frame.subarray(HEAD);
  const cut = timestamps ? text.indexOf(0x20) + 1 : 0;
  const body = Buffer.concat([text.subarray(0, cut), Buffer.from(`${label} `), text.subarray(cut)]);
  const head = Buffer.from(frame.subarray(0, HEAD));
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}
