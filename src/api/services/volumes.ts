import type { EngineCall } from '../docker/call.ts';
import type { DockerDeps } from '../docker/deps.ts';
import { servedVersions } from '../docker/version.ts';
import { addVolume } from '../docker/volumes/create.ts';
import { dropVolume } from '../docker/volumes/drop-volume.ts';
import type { NewVolume } from '../v1/deps.ts';

/** A host's engine that says nothing is given up, milliseconds. */
const ACT_MS = 60_000;

/** Deletes a volume with all that is in it. @throws BerthError as `dropVolume` */
export function removeVolume(deps: DockerDeps, name: string): Promise<void> {
  return dropVolume(callOf(deps), name);
}

/** Makes a volume; of the cluster, or `host/name` on that host. @throws BerthError as `addVolume` */
export async function createVolume(
  deps: DockerDeps,
  { name, driver, options, labels }: NewVolume,
  user: string,
): Promise<void> {
  const body = {
    Name: name,
    ...(driver === undefined ? {} : { Driver: driver }),
    ...(options === undefined ? {} : { DriverOpts: options }),
    ...(labels === undefined ? {} : { Labels: labels }),
  };
  await addVolume(callOf(deps), name, body, user);
}

function callOf(deps: DockerDeps): EngineCall {
  return { deps, apiVersion: servedVersions(deps.store).api, signal: AbortSignal.timeout(ACT_MS) };
}
