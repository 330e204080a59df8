import { z } from 'zod';
import { BerthError } from '../../../kit/errors.ts';
import { newLongId } from '../../../kit/ids.ts';
import type { Volume } from '../../../model/objects.ts';
import { scopeProblem } from '../../../model/volume-span.ts';
import { setAuditTarget } from '../audit.ts';
import type { DockerCall } from '../call.ts';
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
type Body = z.infer<typeof createSchema>;

/** Docker's rule for names of local volumes (moby: volume/local, volumeNameRegex). */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** As the engine marks a volume that nobody named: `volume prune` takes it. */
const ANONYMOUS = 'com.docker.volume.anonymous';

/**
 * `POST /volumes/create`. A volume of the cluster gets a record, and a host with its first container; one that is there
 * already is answered with, as in Docker. `node/name` makes one on that host.
 */
export async function createVolume(call: DockerCall): Promise<void> {
  const body = await readBody(call.req, createSchema);
  const { store, clock } = call.deps;
  const name = body.Name || newLongId();
  setAuditTarget(call, name);
  const split = store.view((tx) => splitNode(tx, name));
  if (split !== undefined) {
    await createOnHost(call, split, body);
    return;
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
  const view = await store.update((tx) => {
    const record = tx.get('volumes', name);
    const seen = [...tx.by('observedVolumes', 'name', name)];
    if (record === undefined && seen.length === 1) {
      const found = findVolume(tx, name);
      refuseOtherDriver(name, body, found.seen?.driver ?? '');
      // By the name that was asked for, which is how the client goes on.
      return { ...volumeView(tx, found), Name: name };
    }
    if (record !== undefined) refuseOtherDriver(name, body, record.spec.Driver || 'local');
    else tx.put('volumes', newRecord(name, spec, clock.now(), call.principal.user));
    return volumeView(tx, findVolume(tx, name));
  });
  sendJson(call.res, 201, view);
}

async function createOnHost(
  call: DockerCall,
  { hostId, name }: Readonly<{ hostId: string; name: string }>,
  body: Body,
): Promise<void> {
  const answer = await askJson<Record<string, unknown>>(call, hostId, {
    method: 'POST',
    path: enginePath(call, '/volumes/create'),
    json: { ...body, Name: name },
    signal: call.signal,
  });
  await observe(call, [hostId], 'observedVolumes');
  sendJson(call.res, 201, { ...answer, Name: body.Name });
}

function newRecord(name: string, spec: Body, createdAt: number, createdBy: string): Volume {
  return { kind: 'volume', name, createdAt, createdBy, spec: { ...spec, Name: name } };
}

function refuseOtherDriver(name: string, body: Body, driver: string): void {
  const asked = body.Driver || 'local';
  if (asked === driver || !body.Driver) return;
  throw new BerthError(
    'conflict',
    `a volume named ${name} already exists with driver "${driver}", not "${asked}": remove it, or choose another name`,
  );
}
