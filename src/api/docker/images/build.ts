import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { buildArgExpressions } from '../../../scheduler/spec-expressions.ts';
import type { DockerCall } from '../call.ts';
import { hijackUpgrade } from '../hijack.ts';
import { checked, readJson, sendNothing } from '../json.ts';
import { ask, engineHeaders, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { buildHostsOf } from './build-hosts.ts';
import { mergeProgress } from './merge-progress.ts';

const buildArgsSchema = z.record(z.string(), z.string().nullable());

/**
 * `POST /build`: on one host, chosen as for a container; `constraint:` and the other expressions may come as build
 * arguments, and are taken out. The context is passed on as a stream, and the engine's words come back as they are.
 */
export async function buildImage(call: DockerCall): Promise<void> {
  const { query } = call;
  const { labels, args } = buildArguments(query.get('buildargs'));
  const hosts = buildHostsOf(call);
  const buildKit = query.get('version') === '2';
  if (buildKit && Object.keys(labels).length > 0) {
    throw new BerthError(
      'bad_request',
      'expressions in build arguments are not for BuildKit, which has its host before it says them',
      {
        hint: 'build with DOCKER_BUILDKIT=0',
      },
    );
  }
  const pin = buildKit ? hosts.pin(call) : { hostId: hosts.place(call, labels), done: () => undefined };
  const { hostId } = pin;
  const ended = hosts.started(query.get('buildid'), hostId);
  const engineQuery = new URLSearchParams(query);
  if (query.has('buildargs')) engineQuery.set('buildargs', JSON.stringify(args));
  const name = call.deps.store.view((tx) => tx.get('hosts', hostId)?.name ?? hostId);
  try {
    await mergeProgress(call, [{ id: hostId, name }], () =>
      ask(call, hostId, {
        method: 'POST',
        path: enginePath(call, '/build', engineQuery),
        headers: engineHeaders(call),
        body: call.req,
        signal: call.signal,
      }),
    );
  } finally {
    ended();
    pin.done();
    // Before the client hears of the end: it may run the image at once.
    await observe(call, [hostId], 'observedImages');
  }
  call.res.end();
}

/** @throws BerthError `bad_request` */
function buildArguments(text: string | null): ReturnType<typeof buildArgExpressions> {
  if (text === null || text === '') return { labels: {}, args: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BerthError('bad_request', `invalid buildargs "${text.slice(0, 80)}": not valid JSON`);
  }
  return buildArgExpressions(checked(buildArgsSchema, value ?? {}));
}

/** `POST /build/cancel?id=`. */
export async function cancelBuild(call: DockerCall): Promise<void> {
  await readJson(call.req);
  const id = call.query.get('id');
  if (!id) throw new BerthError('bad_request', 'id is empty: name the build to cancel');
  const hostId = buildHostsOf(call).hostOf(id);
  const path = enginePath(call, '/build/cancel', call.query);
  const answer = await ask(call, hostId, { method: 'POST', path, signal: call.signal });
  answer.body.resume();
  sendNothing(call.res, 204);
}

/** `POST /session` and `POST /grpc`: BuildKit's raw connections, to the host that builds for this user. */
export async function buildKitConnection(call: DockerCall, socket: Duplex): Promise<void> {
  const pin = buildHostsOf(call).pin(call);
  try {
    await hijackUpgrade(call, socket, pin.hostId, {
      method: 'POST',
      path: enginePath(call, call.path, call.query),
      headers: sessionHeaders(call),
    });
  } finally {
    pin.done();
    await observe(call, [pin.hostId], 'observedImages');
  }
}

/** The same without an upgrade: there is nothing that could be answered. */
export async function buildKitPlain(call: DockerCall): Promise<void> {
  throw new BerthError(
    'bad_request',
    `${call.path} needs a connection that is upgraded: send "Upgrade: h2c"`,
  );
}

/** BuildKit tells its session's ID, name and methods in headers of its own. */
function sessionHeaders(call: DockerCall): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.req.headers)) {
    if (name.startsWith('x-docker-') && value !== undefined)
      headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
}
