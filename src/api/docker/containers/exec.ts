import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import type { Engines } from '../../../link/ports.ts';
import type { DockerCall } from '../call.ts';
import { fanOut, hostsOf } from '../fanout.ts';
import { hijackPlain, hijackUpgrade } from '../hijack.ts';
import { checked, readBody, readJson, sendJson } from '../json.ts';
import { askJson, enginePath, passThrough } from '../passthrough.ts';
import { readRawJson } from '../raw-body.ts';
import { containerPath, reachableTarget, rewriteFor } from './find.ts';

/** Exec IDs whose host is remembered; of an older one every host is asked. */
const REMEMBERED = 50_000;

const hostsByExec = new WeakMap<Engines, Map<string, string>>();

const createSchema = z.looseObject({
  Cmd: z.array(z.string()).nullish(),
  Env: z.array(z.string()).nullish(),
  Tty: z.boolean().nullish(),
  Detach: z.boolean().nullish(),
});
const startSchema = z.looseObject({ Detach: z.boolean().nullish(), Tty: z.boolean().nullish() });

/** `POST /containers/x/exec` */
export async function createExec(call: DockerCall): Promise<void> {
  const json = await readBody(call.req, createSchema);
  const target = reachableTarget(call);
  const path = enginePath(call, containerPath(target, '/exec'));
  const request = { method: 'POST', path, json, signal: call.signal };
  const answer = await askJson<{ Id: string }>(call, target.hostId, request, rewriteFor(target));
  remember(call, answer.Id, target.hostId);
  sendJson(call.res, 201, answer);
}

/** `POST /exec/x/start` without an upgrade: detached, or the output as the answer's body. */
export async function startExecPlain(call: DockerCall): Promise<void> {
  const options = checked(startSchema, (await readJson(call.req)) ?? {});
  await start(call, options);
}

export async function startExecUpgrade(call: DockerCall, socket: Duplex): Promise<void> {
  const options = checked(startSchema, (await readRawJson(call.req, socket)) ?? {});
  const hostId = await hostOfExec(call);
  await hijackUpgrade(call, socket, hostId, startRequest(call, options));
}

async function start(call: DockerCall, options: z.infer<typeof startSchema>): Promise<void> {
  const hostId = await hostOfExec(call);
  const { method, path, headers, body } = startRequest(call, options);
  if (options.Detach === true) await passThrough(call, hostId, path, { body });
  else await hijackPlain(call, hostId, { method, path, headers, body }, { input: false });
}

function startRequest(call: DockerCall, options: unknown) {
  const body = JSON.stringify(options);
  const path = enginePath(call, `/exec/${encodeURIComponent(call.params.id ?? '')}/start`);
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return { method: 'POST', path, headers, body };
}

/** `POST /exec/x/resize` */
export async function resizeExec(call: DockerCall): Promise<void> {
  const hostId = await hostOfExec(call);
  await passThrough(call, hostId, enginePath(call, execPath(call, '/resize'), call.query));
}

/** `GET /exec/x/json`, with the container's cluster ID. */
export async function inspectExec(call: DockerCall): Promise<void> {
  const hostId = await hostOfExec(call);
  const path = enginePath(call, execPath(call, '/json'));
  const answer = await askJson<Record<string, unknown>>(call, hostId, {
    method: 'GET',
    path,
    signal: call.signal,
  });
  const seen = call.deps.store.view((tx) =>
    tx.get('observedContainers', `${hostId}/${String(answer.ContainerID)}`),
  );
  sendJson(call.res, 200, { ...answer, ContainerID: seen?.clusterId ?? answer.ContainerID });
}

function execPath(call: DockerCall, rest: string): string {
  return `/exec/${encodeURIComponent(call.params.id ?? '')}${rest}`;
}

function remember({ deps }: DockerCall, execId: string, hostId: string): void {
  let known = hostsByExec.get(deps.engines);
  if (known === undefined) {
    known = new Map();
    hostsByExec.set(deps.engines, known);
  }
  known.set(execId, hostId);
  const [oldest] = known.keys();
  if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
}

/**
 * The host whose engine has the exec; after a restart of the manager all are asked.
 * @throws BerthError `not_found` in Docker's words
 */
async function hostOfExec(call: DockerCall): Promise<string> {
  const execId = call.params.id ?? '';
  const known = hostsByExec.get(call.deps.engines)?.get(execId);
  if (known !== undefined) return known;
  if (!/^[0-9a-f]{64}$/.test(execId)) throw noSuchExec(execId);
  const path = enginePath(call, `/exec/${execId}/json`);
  const { answers, failures } = await fanOut(call, hostsOf(call, 'connected'), async (host, signal) => {
    await askJson(call, host.id, { method: 'GET', path, signal });
    return host.id;
  });
  const [found] = answers;
  if (found !== undefined) {
    remember(call, execId, found.value);
    return found.value;
  }
  const silent = failures.find(({ error }) => !(error instanceof BerthError && error.code === 'engine'));
  if (silent !== undefined) {
    throw new BerthError('host_down', `exec ${execId.slice(0, 12)} is on none of the hosts that answer`, {
      hint: `host ${silent.host.name} did not: try again when it is back`,
    });
  }
  throw noSuchExec(execId);
}

function noSuchExec(execId: string): BerthError {
  return new BerthError('not_found', `No such exec instance: ${execId}`);
}
