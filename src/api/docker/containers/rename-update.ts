import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { CONTAINER_NAME } from '../../../model/container.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { readBody, sendJson, sendNothing } from '../json.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { until } from '../until.ts';
import { writeDesired } from './desired.ts';
import { containerPath, noSuchContainer, reachableTarget, rewriteFor, type Target } from './find.ts';
import { refuseTakenName } from './put-container.ts';
import { pass } from './run-state.ts';

const RENAME_REPORT_MS = 2000;

/** `POST /containers/x/rename`: in the cluster first, where the name must be free, then on the engine. */
export async function renameContainer(call: DockerCall): Promise<void> {
  await renameTarget(call, reachableTarget(call), call.query.get('name') ?? '');
  sendNothing(call.res, 204);
}

/** @throws BerthError `bad_request` for what is no name, `conflict` for one that is taken; `engine`, `host_down` */
export async function renameTarget(call: EngineCall, target: Target, wanted: string): Promise<void> {
  const { deps } = call;
  const name = wanted.replace(/^\//, '');
  if (name === '') throw new BerthError('bad_request', 'Neither old nor new names may be empty');
  if (!CONTAINER_NAME.test(name)) {
    throw new BerthError(
      'bad_request',
      `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  if (name === target.name) {
    throw new BerthError('conflict', 'Renaming a container with the same name as its current name');
  }
  await setName(call, target, name);
  try {
    const path = enginePath(call, containerPath(target, '/rename'), new URLSearchParams({ name }));
    await askJson(call, target.hostId, { method: 'POST', path }, rewriteFor(target));
  } catch (thrown) {
    // The host's agent brings names in line as well, and may have been faster.
    if ((await engineName(call, target)) !== name) {
      await setName(call, target, target.name, true);
      throw thrown;
    }
  }
  const key = `${target.hostId}/${target.seen?.engineId}`;
  await until(
    deps.store,
    RENAME_REPORT_MS,
    (tx) => (tx.get('observedContainers', key)?.name ?? name) === name,
  );
}

async function setName({ deps }: EngineCall, target: Target, name: string, back = false): Promise<void> {
  await deps.store.update((tx) => {
    if (!back) refuseTakenName(tx, name, (hostId) => deps.engines.connected(hostId));
    if (target.record === undefined) return;
    const record = tx.get('containers', target.id);
    if (record === undefined) throw noSuchContainer(target.name);
    tx.put('containers', { ...record, name });
  });
}

async function engineName(call: EngineCall, target: Target): Promise<string | undefined> {
  // By ID: the name is what is in question.
  const ref = target.seen?.engineId;
  if (ref === undefined) return undefined;
  const path = enginePath(call, `/containers/${ref}/json`);
  const answer = await askJson<{ Name?: string }>(call, target.hostId, { method: 'GET', path }).catch(
    () => undefined,
  );
  return answer?.Name?.replace(/^\//, '');
}

const updateSchema = z.looseObject({
  Memory: z.number().nullish(),
  NanoCpus: z.number().nullish(),
  RestartPolicy: z.looseObject({ Name: z.string().nullish() }).nullish(),
});

/** `POST /containers/x/update`: on the engine, then in the record, so that a container made anew has it as well. */
export async function updateContainer(call: DockerCall): Promise<void> {
  const target = reachableTarget(call);
  if (target.record === undefined) return pass(call, '/update', target);
  const change = await readBody(call.req, updateSchema);
  const path = enginePath(call, containerPath(target, '/update'));
  const request = { method: 'POST', path, json: change, signal: call.signal };
  const answer = await askJson<unknown>(call, target.hostId, request, rewriteFor(target));
  // The CLI sends every field, those that were not named as 0 or "": these change nothing.
  const named = Object.entries(change).filter(([, value]) => !isUnset(value));
  await writeDesired(call, target.id, (now) => ({
    spec: { ...now.spec, HostConfig: { ...now.spec.HostConfig, ...Object.fromEntries(named) } },
  }));
  sendJson(call.res, 200, answer);
}

function isUnset(value: unknown): boolean {
  if (value === null || value === 0 || value === '' || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && 'Name' in value && value.Name === '';
}
