import type { Duplex, TransformCallback } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { hijackPlain, hijackUpgrade } from '../hijack.ts';
import { readJson, sendJson } from '../json.ts';
import { ask, askJson, enginePath } from '../passthrough.ts';
import { flag } from '../query.ts';
import { dropRawBody } from '../raw-body.ts';
import { until } from '../until.ts';
import { containerPath, reachableTarget, rewriteFor } from './find.ts';

/** `GET /containers/x/stats`: a line of JSON a second, with the cluster's ID. */
export async function containerStats(call: DockerCall): Promise<void> {
  const { res, signal } = call;
  const target = reachableTarget(call);
  const rewrite = rewriteFor(target);
  const path = enginePath(call, containerPath(target, '/stats'), call.query);
  const answer = await ask(call, target.hostId, { method: 'GET', path, signal }, rewrite);
  res.writeHead(answer.status, { 'content-type': answer.headers['content-type'] ?? 'application/json' });
  res.flushHeaders();
  await pipeline(answer.body, byLine(rewrite), res, { signal });
}

/** Applies `change` to whole lines: an ID may come in two pieces. */
function byLine(change: (text: string) => string): Transform {
  let rest = '';
  return new Transform({
    transform(part: Buffer, _encoding, done: TransformCallback) {
      const text = rest + part.toString('utf8');
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      done(null, change(text.slice(0, end)));
    },
    flush(done: TransformCallback) {
      done(null, change(rest));
    },
  });
}

const ATTACH_HEADERS = { 'content-type': 'text/plain' };

/** `POST /containers/x/attach` without an upgrade: the output as the answer's body. */
export async function attachPlain(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  const path = enginePath(call, containerPath(target, '/attach'), call.query);
  const request = { method: 'POST', path, headers: ATTACH_HEADERS };
  const input = flag(call.query, 'stdin');
  await hijackPlain(call, target.hostId, request, { input, rewrite: rewriteFor(target) });
}

export async function attachUpgrade(call: DockerCall, socket: Duplex): Promise<void> {
  const target = reachableTarget(call);
  await dropRawBody(call.req, socket);
  const path = enginePath(call, containerPath(target, '/attach'), call.query);
  const request = { method: 'POST', path, headers: ATTACH_HEADERS };
  await hijackUpgrade(call, socket, target.hostId, request, rewriteFor(target));
}

const WEBSOCKET_HEADERS = /^(sec-websocket-(key|version|protocol|extensions)|origin)$/;

/** `GET /containers/x/attach/ws`: the websocket is the engine's, frames and all. */
export async function attachWebSocket(call: DockerCall, socket: Duplex): Promise<void> {
  if (call.req.headers.upgrade?.toLowerCase() !== 'websocket') return refusePlain(call);
  const target = reachableTarget(call);
  const path = enginePath(call, containerPath(target, '/attach/ws'), call.query);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.req.headers)) {
    if (typeof value === 'string' && WEBSOCKET_HEADERS.test(name)) headers[name] = value;
  }
  await hijackUpgrade(call, socket, target.hostId, { method: 'GET', path, headers }, rewriteFor(target));
}

export async function refusePlain(call: DockerCall): Promise<void> {
  throw new BerthError('bad_request', `${call.path} is a websocket: ask with "Upgrade: websocket"`);
}

/** How long the new image's report is waited for (milliseconds). */
const IMAGE_MS = 3000;

/** `POST /commit`: the image is on the container's host, and can be scheduled from when this answers. */
export async function commitContainer(call: DockerCall): Promise<void> {
  const { query, req, res, deps, signal } = call;
  const target = reachableTarget(call, query.get('container') ?? '');
  const json = (await readJson(req)) ?? {};
  const own = new URLSearchParams(query);
  own.set('container', target.engineRef);
  const request = { method: 'POST', path: enginePath(call, '/commit', own), json, signal };
  const answer = await askJson<{ Id?: string }>(call, target.hostId, request, rewriteFor(target));
  const key = `${target.hostId}/${answer.Id}`;
  await until(deps.store, IMAGE_MS, (tx) => tx.get('observedImages', key) !== undefined);
  sendJson(res, 201, answer);
}
