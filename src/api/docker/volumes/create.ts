import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { newLongId } from '../../../kit/ids.ts';
import type { Volume } from '../../../model/objects.ts';
import { scopeProblem } from '../../../model/volume-span.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall, EngineCall } from '../call.ts';
import { readBody, sendJson } from '../json.ts';
import { splitNode } from '../networks/find-network.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { observe } from '../system/observe.ts';
import { findVolume } from './find-volume.ts';
import { volumeView } from './volume-view.ts';

const strings = z.record(z.string(), z.string()).nullish();
const createSchema = z.looseObject({
  Name: z.string().optional(),
  Driver: z.string().optional(),
  DriverOpts: strings,
  Labels: strings,
});
export type CreateVolumeBody = z.infer<typeof createSchema>;

/** Docker's rule for names of local volumes (moby: volume/local, volumeNameRegex). */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** As the engine marks a volume that nobody named: `volume prune` takes it. */
const ANONYMOUS = 'com.docker.volume.anonymous';

/** `POST /volumes/create`. */
export async function createVolume(call: DockerCall): Promise<void> {
  const body = await readBody(call.req, createSchema);
  const name = body.Name || newLongId();
  setAuditTarget(call, name);
  sendJson(call.res, 201, await addVolume(call, name, body, call.principal.user));
}

/**
 * Makes a volume. One of the cluster gets a record, and a host with its first container; one that is there
 * already is answered with, as in Docker. `node/name` makes one on that host. Returns it in Docker's words.
 */
export async function addVolume(
  call: EngineCall,
  name: string,
  body: CreateVolumeBody,
  user: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { store, clock } = call.deps;
  const split = store.view((tx) => splitNode(tx, name));
  if (split !== undefined) {
    return createOnHost(call, split, body);
  }
  if (!NAME.test(name)) {
    throw new BerthError(
      'bad_request',
      `create ${name}: "${name}" includes invalid characters for a volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
      { hint: 'to mount a directory of the host use its absolute path' },
    );
  }
  const problem = scopeProblem(body);
  if (problem !== undefined) throw new BerthError('bad_request', `create ${name}: ${problem}`);
  const spec = body.Name ? body : { ...body, Labels: { ...body.Labels, [ANONYMOUS]: '' } };
  return store.update((tx) => {
    const record = tx.get('volumes', name);
    const seen = [...tx.by('observedVolumes', 'name', name)];
    if (record === undefined && seen.length === 1) {
      const found = findVolume(tx, name);
      refuseOtherDriver(name, body, found.seen?.driver ?? '');
      // By the name that was asked for, which is how the client goes on.
      return { ...volumeView(tx, found), Name: name };
    }
    if (record !== undefined) refuseOtherDriver(name, body, record.spec.Driver || 'local');
    else tx.put('volumes', newRecord(name, spec, clock.now(), user));
    return volumeView(tx, findVolume(tx, name));
  });
}

async function createOnHost(
  call: EngineCall,
  { hostId, name }: Readonly<{ hostId: string; name: string }>,
  body: CreateVolumeBody,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await askJson<Record<string, unknown>>(call, hostId, {
    method: 'POST',
    path: enginePath(call, '/volumes/create'),
    json: { ...body, Name: name },
    signal: call.signal,
  });
  await observe(call, [hostId], 'observedVolumes');
  return { ...answer, Name: body.Name };
}

function newRecord(name: string, spec: CreateVolumeBody, createdAt: number, createdBy: string): Volume {
  return { kind: 'volume', name, createdAt, createdBy, spec: { ...spec, Name: name } };
}

function refuseOtherDriver(name: string, body: CreateVolumeBody, driver: string): void {
  const asked = body.Driver || 'local';
  if (asked === driver || !body.Driver) return;
  throw new BerthError(
    'conflict',
    `a volume named ${name} already exists with driver "${driver}", not "${asked}": remove it, or choose another name`,
  );
}
